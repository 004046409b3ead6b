"""Jupyter kernels: what only they have, and kernels of other languages."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from foldbook.errors import CannotStart
from foldbook.native.jupyter import JupyterKernel, known_kernels

from tests.executors import NEVER_ENDS, Listener, Running, install_bash, tell

pytestmark = pytest.mark.usefixtures("own_home")


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for kernelspecs of this test."""
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    return tmp_path / "jupyter" / "kernels"


def install(kernels: Path, name: str, *argv: str, **more: Any) -> None:
    (kernels / name).mkdir(parents=True)
    spec = {"argv": argv, "display_name": name, "language": "python", **more}
    (kernels / name / "kernel.json").write_text(json.dumps(spec))


IPYKERNEL = (sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}")


def test_bash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_bash(tmp_path / "prefix", monkeypatch)
    kernel = JupyterKernel("bash", tmp_path / "work")

    async def story() -> None:
        notes = Listener()
        assert (await kernel.start(notes))["name"] == "bash"
        there = Running(kernel, notes)
        try:
            assert await there.text("echo hello; pwd") == f"hello\n{tmp_path / 'work'}\n"
            text = await there.text("for i in $(seq 900); do echo $i; done")  # ZeroMQ keeps 1000
            # bash_kernel leaves a stray one where its pseudo terminal cuts.
            assert text.replace("\r", "") == "".join(f"{i}\n" for i in range(1, 901))
            assert len(notes.all) < 200
            assert (await there.run("false")).status == "error"
            assert notes.only("error")[3] == "1"
            assert "echo" in (await kernel.complete("ech", 3)).matches
            # The very program says it that is interrupted, no shell that is about to start it.
            run = there.begin("sh -c 'echo begun; exec sleep 600'")
            await notes.comes(lambda: notes.text() == "begun\n")
            kernel.interrupt()
            assert (await run).status != "ok"
            assert await there.text("echo on") == "on\n"
        finally:
            await kernel.stop()

    asyncio.run(story())


def test_a_kernel_that_is_not_known_is_answered_with_those_that_are(
    tmp_path: Path, kernels: Path
) -> None:
    install(kernels, "mine", *IPYKERNEL)
    assert {"mine", "python3"} <= set(known_kernels())
    with pytest.raises(CannotStart, match=r"no kernel 'theirs'.*Known: .*mine, .*python3"):
        asyncio.run(JupyterKernel("theirs", tmp_path).start(Listener()))


def test_a_kernel_that_dies_at_its_start_is_told_with_its_last_words(
    tmp_path: Path, kernels: Path
) -> None:
    install(kernels, "dies", sys.executable, "-c", "import sys; sys.exit('no such library')")
    with pytest.raises(CannotStart, match=r"ended with exit code 1.\nno such library"):
        asyncio.run(JupyterKernel("dies", tmp_path).start(Listener()))


@pytest.mark.parametrize("argv", [("/nothing/here",), ("/etc/passwd",)])
def test_a_program_that_cannot_be_started_is_told(
    tmp_path: Path, kernels: Path, argv: tuple[str, ...]
) -> None:
    install(kernels, "none", *argv)
    with pytest.raises(CannotStart, match=f"kernel none cannot be started: .*{argv[0]}"):
        asyncio.run(JupyterKernel("none", tmp_path).start(Listener()))


def test_a_kernelspec_that_cannot_be_read_is_told(tmp_path: Path, kernels: Path) -> None:
    install(kernels, "odd", *IPYKERNEL)
    (kernels / "odd" / "kernel.json").write_text("{")
    with pytest.raises(CannotStart, match="kernelspec 'odd' cannot be read"):
        asyncio.run(JupyterKernel("odd", tmp_path).start(Listener()))


def test_interrupts_go_as_messages_where_the_kernelspec_says_so(
    tmp_path: Path, kernels: Path
) -> None:
    install(kernels, "asks", *IPYKERNEL, interrupt_mode="message")
    kernel = JupyterKernel("asks", tmp_path)

    async def story(there: Running) -> None:
        run = there.begin(f"print('begun'); {NEVER_ENDS}")
        await there.notes.comes(lambda: there.notes.text() == "begun\n")
        assert kernel.interrupt()
        assert (await run).status == "error"
        assert there.notes.only("error")[2] == "KeyboardInterrupt"

    tell(kernel, story)


def test_widgets_are_told_of_once(tmp_path: Path) -> None:
    source = "import comm; comm.create_comm(target_name='x'); print('goes on')"

    async def story(there: Running) -> None:
        assert await there.text(source) == "goes on\n"
        assert "widget" in there.notes.text("stderr")
        assert await there.text(source) == "goes on\n"
        assert there.notes.text("stderr") == ""

    tell(JupyterKernel("python3", tmp_path), story)


def test_what_a_pager_or_a_new_cell_would_show_is_shown(tmp_path: Path) -> None:
    async def story(there: Running) -> None:
        await there.run("print?")
        assert "Prints the values" in there.notes.only("display")[2]["text/plain"]
        await there.run("get_ipython().set_next_input('x = 1')")
        assert there.notes.only("display")[2] == {"text/plain": "x = 1"}

    tell(JupyterKernel("python3", tmp_path), story)


SILENT = """
import sys
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

class Silent(Kernel):
    implementation = implementation_version = "silent"
    banner = ""
    language_info = {"name": "silent", "mimetype": "text/plain", "file_extension": ".txt"}

    def do_execute(self, code, silent, *_, **__):
        if code == "fail":
            return {"status": "error", "ename": "Odd", "evalue": "it is", "traceback": ["Odd"]}
        if code == "never idle":
            self.send_response = self._publish_status = self._publish_status_and_flush = (
                lambda *_, **__: None
            )
        return {"status": "ok", "execution_count": 5, "payload": [], "user_expressions": {}}

IPKernelApp.launch_instance(kernel_class=Silent)
"""


def test_kernels_that_say_little(
    tmp_path: Path, kernels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "silent.py").write_text(SILENT)
    program = str(tmp_path / "silent.py")
    install(kernels, "silent", sys.executable, program, "-f", "{connection_file}")
    monkeypatch.setattr("foldbook.native.kernel.IDLE_SECONDS", 0.5)

    async def story(there: Running) -> None:
        assert (await there.run("fail")).status == "error"
        assert there.notes.only("error")[2:] == ("Odd", "it is", ["Odd"])
        assert await there.text("never idle", "stderr") == (
            "[Foldbook: the kernel silent did not say that this was all.]\n"
        )

    tell(JupyterKernel("silent", tmp_path / "work"), story)
