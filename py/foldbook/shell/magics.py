"""What a cell may say that IPython alone would not do here: installing packages, above all."""

import ast
import re
from collections.abc import Callable
from typing import Any, Final

from IPython.core.error import UsageError

from foldbook.mime import INSTALLED
from foldbook.shell.hooks import Hooks, Install, Wait

_PIP_LINE: Final = re.compile(
    r"get_ipython\(\)\.(?:run_line_magic\('pip', |system\()"
    r"(?P<text>'.*'|\".*\")\)\s*$"
)
_PIP_COMMAND: Final = re.compile(r"(?:python3? -m |uv )?pip3? +(?P<arguments>.*)$")
INSTALL_METHOD: Final = "install_packages"


def rewrite_lines(lines: list[str], hooks: Hooks) -> list[str]:
    """Top-level ``%pip install`` and ``!pip install`` wait for the platform's installer.

    As an await they need no blocking, so they work where a call cannot block.
    """
    if hooks.install is None:
        return lines
    return [_rewrite(line) for line in lines]


def _rewrite(line: str) -> str:
    found = _PIP_LINE.match(line)
    if found is None:
        return line
    text = ast.literal_eval(found["text"])
    if "system(" in line[: found.start("text")]:
        command = _PIP_COMMAND.match(text.strip())
        if command is None:
            return line
        text = command["arguments"]
    return f"await get_ipython().{INSTALL_METHOD}({text!r})\n"


def adapt_magics(session: Any, hooks: Hooks) -> None:
    """Give a session the magics of this platform."""
    if not hooks.programs:
        _refuse_scripts(session)
    if hooks.install is not None:
        _add_pip(session, hooks.install, hooks.wait)


def no_program(wanted: str) -> UsageError:
    """What is raised where a program is to be started and there is none."""
    return UsageError(f"There are no other programs in a browser, so {wanted} cannot run.")


def _refuse_scripts(session: Any) -> None:
    """``%%bash``, ``%%script`` and their like say why they do nothing: IPython would fail at the
    thread it starts for them."""
    registry = session.magics_manager.registry
    names = ["script", *registry["ScriptMagics"].script_magics]

    def refusing(name: str) -> Callable[[str, str], None]:
        def refuse(line: str, cell: str) -> None:
            raise no_program(f"%%{name} {line}".rstrip())

        refuse.__doc__ = f"%%{name} starts a program, and there is none in a browser."
        return refuse

    for name in names:
        session.register_magic_function(refusing(name), "cell", name)


def _add_pip(session: Any, install: Install, wait: Wait | None) -> None:
    async def install_packages(arguments: str) -> None:
        try:
            done = await install(arguments, session.emitter.progress)
        except Exception as why:  # an installer's frames tell a person nothing
            raise UsageError(f"%pip {arguments}: {why}") from None
        if done.requirements:
            told = {"text/plain": done.words, INSTALLED: {"requirements": list(done.requirements)}}
            session.emitter.display(told, {}, None, update=False)
        else:
            print(done.words)

    def pip(line: str) -> None:
        """Install packages: %pip install NAME ..."""
        if wait is None:
            raise RuntimeError("%pip works only at the top level of a cell in this browser.")
        wait(install_packages(line))

    setattr(session, INSTALL_METHOD, install_packages)
    session.register_magic_function(pip, "line", "pip")
