"""The house rules that a machine can check: imports run one way, pure rooms are pure."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HOUSE = ROOT / "py" / "foldbook"
RELAY = ROOT / "sync_relay"

FLOORS: tuple[tuple[str, ...], ...] = (
    ("errors",),
    ("mime", "text", "rope", "order", "row", "channel", "executor"),
    ("blobs", "bridge", "difference", "pieces"),
    ("notebook",),
    ("events",),
    ("reducer",),
    ("commands", "snapshot", "pruning"),
    ("undo", "examine"),
    ("log",),
    ("store", "wire"),
    ("access", "calls", "lines", "presence", "people", "reach", "ring", "saver", "seal"),
    ("segments",),
    ("link", "questions", "ledger", "logfile"),
    ("effects",),
    ("room", "sync", "sealer"),
    ("seats", "replica", "sealed", "upstream"),
    ("authority", "ties"),
    ("peer",),
    ("answers", "claims", "gate", "keeping", "sharing", "shell", "outlet", "workdir"),
    ("agent", "guests", "joining", "sealed_blobs"),
    ("offers",),
    ("view", "ipynb"),
    ("margin", "percent", "webpage"),
    ("rescue",),
    ("relaying", "publishing"),
    ("api",),
    ("browser", "native"),
)
"""From the ground up: a room may import what stands on lower floors, and itself."""

PURE = {
    *("errors", "mime", "text", "rope", "order", "row", "blobs", "bridge"),
    *("difference", "pieces"),
    *("notebook", "events", "reducer", "examine", "snapshot", "pruning", "commands", "undo", "log"),
    *("wire", "access", "calls", "presence", "people", "reach", "ring", "ledger", "link"),
    *("effects",),
    *("seal", "room", "sync", "replica", "view", "segments", "logfile", "percent"),
}
"""No IO, async, clock, randomness, globals."""

IMPURE = {
    *("asyncio", "builtins", "contextvars", "datetime", "glob", "importlib", "io", "js"),
    *("logging", "micropip", "os", "pathlib", "pyodide", "queue", "random", "secrets", "shutil"),
    *("signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading"),
    *("time", "urllib", "uuid", "warnings"),
}
PLATFORM = {
    "browser": {"js", "pyodide", "pyodide_js", "pyscript", "micropip", "_pyodide", "urllib"},
    "native": {
        *("cryptography", "http", "jupyter_client", "multiprocessing", "platformdirs", "select"),
        "socket",
        *("sqlite3", "ssl", "starlette", "subprocess", "urllib", "uvicorn", "websockets"),
    },
}
"""What only these rooms may import."""

LINES = 450
RELAY_MAY_IMPORT = {"effects", "errors", "row", "wire", "access", "calls", "ledger", "ring", "room"}


RELAY_FLOORS = (
    ("config", "store"),
    ("shelf", "sqlite", "line", "commits", "headers", "asked"),
    ("live",),
    ("hub",),
    ("app",),
    ("main",),
)
"""The same for the files of the relay."""


def python_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py")) if folder.is_dir() else []


FILES = python_files(HOUSE)
ALL_FILES = [*FILES, *python_files(RELAY)]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room(path: Path) -> str:
    """The room that a file of the package stands in."""
    first = path.relative_to(HOUSE).parts[0]
    return first.removesuffix(".py")


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that a file imports, wherever it does."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}:{node.lineno}: imports by full name only"
            module = node.module or ""
            if module == "foldbook":
                yield from ((node.lineno, f"foldbook.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, module


def rooms_imported(path: Path) -> Iterator[tuple[int, str]]:
    for line, module in imports(path):
        first, _, rest = module.partition(".")
        if first == "foldbook" and rest:
            yield line, rest.partition(".")[0]


def floor(wanted: str) -> int:
    for height, rooms in enumerate(FLOORS):
        if wanted in rooms:
            return height
    pytest.fail(f"the room {wanted} has no floor yet: give it one in FLOORS")


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_run_one_way(path: Path) -> None:
    if path == HOUSE / "__init__.py":
        assert not list(rooms_imported(path)), "the door imports nothing"
        return
    own = room(path)
    for line, other in rooms_imported(path):
        if own != other:
            assert floor(other) < floor(own), f"{name(path)}:{line}: {own} imports {other}"


def test_the_relay_knows_rows_and_rooms_and_no_events() -> None:
    for path in python_files(RELAY):
        for line, other in rooms_imported(path):
            assert other in RELAY_MAY_IMPORT, f"{name(path)}:{line}: imports {other}"


@pytest.mark.parametrize("path", python_files(RELAY), ids=name)
def test_the_relay_s_files_import_one_way(path: Path) -> None:
    height = {file: height for height, files in enumerate(RELAY_FLOORS) for file in files}
    for line, module in imports(path):
        if module.startswith("sync_relay."):
            other = module.removeprefix("sync_relay.")
            assert height[other] < height[path.stem], f"{name(path)}:{line}: imports {other}"


@pytest.mark.parametrize("path", [path for path in FILES if room(path) in PURE], ids=name)
def test_pure_rooms_are_pure(path: Path) -> None:
    for line, module in imports(path):
        assert module.partition(".")[0] not in IMPURE, f"{name(path)}:{line}: imports {module}"
    for node in ast.walk(tree(path)):
        where = f"{name(path)}:{getattr(node, 'lineno', 0)}"
        forbidden = (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await, ast.Global)
        assert not isinstance(node, forbidden), f"{where}: {type(node).__name__}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called = node.func.id
            assert called not in {"open", "print", "input", "exec", "eval"}, f"{where}: {called}()"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_only_two_rooms_know_a_platform(path: Path) -> None:
    for line, module in imports(path):
        for owner, theirs in PLATFORM.items():
            if room(path) != owner:
                first = module.partition(".")[0]
                also = PLATFORM.get(room(path), set())
                assert first not in theirs - also, f"{name(path)}:{line}: imports {module}"
    if room(path) not in PLATFORM:
        text = path.read_text(encoding="utf-8")
        assert "sys.platform" not in text, f"{name(path)} asks where it runs"


@pytest.mark.parametrize("path", ALL_FILES, ids=name)
def test_no_import_hides_in_a_function(path: Path) -> None:
    for outer in ast.walk(tree(path)):
        if isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.If)):
            for node in ast.walk(outer):
                hidden = isinstance(node, (ast.Import, ast.ImportFrom))
                assert not hidden, f"{name(path)}:{getattr(node, 'lineno', 0)}: hidden import"


@pytest.mark.parametrize("path", ALL_FILES, ids=name)
def test_files_are_short(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LINES, f"{name(path)} has {lines} lines"


def classes(path: Path) -> list[ast.ClassDef]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef)]


CLASSES = [each for path in ALL_FILES for each in classes(path)]
OURS = {each.name for each in CLASSES} | {"BaseModel", "Enum", "StrEnum", "Exception", "Protocol"}


def told_elsewhere(cls: ast.ClassDef, method: str) -> bool:
    """Whether the words for a method stand elsewhere: in a base class, or at the getter."""
    documented = {each.name for each in functions(cls) if ast.get_docstring(each)}
    if method in documented:
        return True
    bases = {ast.unparse(base).partition("[")[0] for base in cls.bases}
    return bool(bases - OURS) or (bool(bases) and method in DOCUMENTED)


def functions(
    node: ast.Module | ast.ClassDef,
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (each for each in node.body if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)))


DOCUMENTED = {each.name for cls in CLASSES for each in functions(cls) if ast.get_docstring(each)}


def without_words(path: Path) -> Iterator[str]:
    module = tree(path)
    if not ast.get_docstring(module):
        yield "the module"
    for function in functions(module):
        if not function.name.startswith("_") and not ast.get_docstring(function):
            yield function.name
    for cls in (each for each in module.body if isinstance(each, ast.ClassDef)):
        if cls.name.startswith("_"):
            continue
        if not ast.get_docstring(cls):
            yield cls.name
        for method in functions(cls):
            if method.name.startswith("_") or ast.get_docstring(method):
                continue
            if not told_elsewhere(cls, method.name):
                yield f"{cls.name}.{method.name}"


@pytest.mark.parametrize("path", ALL_FILES, ids=name)
def test_what_is_public_has_words(path: Path) -> None:
    assert not list(without_words(path)), f"{name(path)}: docstrings expected"


def test_the_package_stands_in_no_package() -> None:
    assert not (ROOT / "py" / "__init__.py").exists()


def test_every_floor_is_named_once() -> None:
    rooms = [each for rooms in FLOORS for each in rooms]
    assert len(rooms) == len(set(rooms))
    assert set(rooms) >= PURE
    assert not set(rooms) & set(sys.stdlib_module_names)
