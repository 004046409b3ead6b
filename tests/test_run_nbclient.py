"""nbclient's own notebooks through `foldbook run`, compared as its tests compare them."""

from pathlib import Path

import pytest
from outputs import cells_of, is_note, normal, pictures_of
from running_program import foldbook_run

FILES = Path(__file__).resolve().parents[1].parent / "shared" / "corpus" / "notebooks" / "nbclient"
NOTEBOOKS: dict[str, tuple[str, ...]] = {
    "Other Comms": (),
    "Clear Output": (),
    "Empty Cell": (),
    "Factorials": (),
    "HelloWorld": (),
    "Inline Image": (),
    "Interrupt": ("--timeout", "3", "--allow-errors"),
    "Skip Exceptions with Cell Tags": (),
    "Skip Exceptions": ("--allow-errors",),
    "Skip Execution with Cell Tag": (),
    "SVG": (),
    "Unicode": (),
    "UnicodePy3": (),
    "update-display-id": (),
    "Check History in Memory": (),
}
"""As in its ``tests/test_client.py``: name, and options of ours that mean the same. Without
JupyterWidgets, as comms lead nowhere here (`foldbook.native.kernel.NO_WIDGETS`)."""

OF_THE_KERNEL = {
    "update-display-id": "speaks with ipykernel's own sockets",
    "Check History in Memory": "asks for the history of an ipykernel",
}
"""What does not run but in ipykernel, and why."""

BY_BOTH = ("Clear Output", "HelloWorld", "Inline Image", "Interrupt", "Other Comms")
CASES = [
    *(pytest.param(name, "python") for name in NOTEBOOKS if name not in OF_THE_KERNEL),
    *(pytest.param(name, "kernel") for name in (*OF_THE_KERNEL, *BY_BOTH)),
]


def folder_for(source: Path, tmp_path: Path) -> Path:
    """A working directory with the picture that one of them shows."""
    folder = tmp_path / "work"
    folder.mkdir()
    for picture in pictures_of(source.read_bytes())[:1]:
        (folder / "python.png").write_bytes(picture)
    return folder


@pytest.mark.parametrize(("name", "by"), CASES)
def test_outputs_are_those_that_nbclient_expects(name: str, by: str, tmp_path: Path) -> None:
    source = FILES / f"{name}.ipynb"
    if not source.exists():
        pytest.skip("needs nbclient's notebooks in ../shared/corpus/notebooks/nbclient")
    out = tmp_path / "out.ipynb"
    kernel = ("--kernel", "python3") if by == "kernel" else ()
    folder = folder_for(source, tmp_path)
    done = foldbook_run(tmp_path, source, "-o", out, *NOTEBOOKS[name], *kernel, cwd=folder)
    assert done.returncode == 0, done.stderr
    expected, came = cells_of(source.read_bytes()), cells_of(out.read_bytes())
    assert len(came) == len(expected)
    for number, (wanted, found) in enumerate(zip(expected, came, strict=True), 1):
        outputs = [normal(each) for each in found.get("outputs", []) if not is_note(each)]
        assert outputs == [normal(each) for each in wanted.get("outputs", [])], f"cell {number}"
        assert found.get("execution_count") == wanted.get("execution_count"), f"cell {number}"
