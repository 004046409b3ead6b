"""What the page shows of text that a program wrote: its own terminal, in Node."""

import subprocess

from builder import node, paths

_SCREEN = """
const { Terminal, plainText } = await import(process.argv[1]);
process.stdin.setEncoding("utf8");
const terminal = new Terminal();
for await (const chunk of process.stdin) terminal.write(chunk);
process.stdout.write(plainText(terminal.lines.slice(0, terminal.count)));
"""


def screen(text: str) -> str:
    """The lines that stand there in the end."""
    node.ensure()
    module = (paths.SITE / "ansi.js").as_uri()
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", _SCREEN, "--", module],
        env=node.environment(),
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
