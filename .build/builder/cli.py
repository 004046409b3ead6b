"""The commands of `build.py`."""

import argparse
from collections.abc import Sequence

from builder import assemble, check, serve, suite
from builder.console import say
from builder.errors import BuildError, CommandFailed


def main(arguments: Sequence[str]) -> int:
    """Run one command; gives the exit code of the process."""
    options, rest = _parser().parse_known_args(arguments)
    if rest and options.command != "test":
        _parser().error(f"unknown: {' '.join(rest)}")
    try:
        return _run(options, rest)
    except CommandFailed as failure:
        say(f"\n{failure}")
        return failure.code
    except BuildError as failure:
        say(f"\n{failure}")
        return 1
    except KeyboardInterrupt:
        say("\nended")
        return 130


def _run(options: argparse.Namespace, rest: list[str]) -> int:
    match options.command:
        case "serve":
            dist = assemble.build(full=options.full)
            serve.serve(dist, options.port, isolated=not options.no_isolation)
            return 0
        case "build":
            assemble.build(full=options.full)
            return 0
        case "test":
            return suite.test(rest)
        case "bench":
            return suite.bench(options.names)
        case "check":
            return 0 if check.check() else 1
        case unknown:
            raise AssertionError(unknown)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="build.py", description="Build, serve, test Foldbook.")
    commands = parser.add_subparsers(dest="command", required=True)
    full = argparse.ArgumentParser(add_help=False)
    full.add_argument("--full", action="store_true", help="also scipy, scikit-learn and sympy")
    served = commands.add_parser("serve", parents=[full], help="build dist/ and serve it here")
    served.add_argument("--port", type=int, help="this port and no other (default: 8700 or next)")
    served.add_argument(
        "--no-isolation", action="store_true", help="without COOP and COEP, as plain hosts serve"
    )
    commands.add_parser("build", parents=[full], help="build dist/")
    tested = commands.add_parser("test", help="checks and tests; takes pytest's arguments")
    tested.usage = "build.py test [pytest arguments]"
    benched = commands.add_parser("bench", help="run benchmarks")
    benched.add_argument("names", nargs="*", help="which ones (default: all)")
    commands.add_parser("check", help="format, lint and types")
    return parser
