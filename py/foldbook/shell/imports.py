"""Which modules a cell is going to import, as far as its text tells. Pure."""

import ast
import warnings

_PYTHON_CELL_MAGICS = frozenset({"time", "timeit", "capture", "prun", "memit", "mprun"})
_PLOT_MAGICS = frozenset({"matplotlib", "pylab"})


def imported_modules(source: str) -> list[str]:
    """Full names of modules that transformed source imports, in order, without repeats.

    ``source`` is Python: a cell after IPython's transformation, in which magics are calls.
    Source that does not parse imports nothing.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the cell's own compilation warns, and says where
            tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        for name in _names(node):
            found.setdefault(name)
    return list(found)


def _names(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=str(module), names=names, level=0):
            return [module, *(f"{module}.{alias.name}" for alias in names if alias.name != "*")]
        case ast.Call(
            func=ast.Attribute(attr="run_line_magic"),
            args=[ast.Constant(str(magic)), ast.Constant(str(text)), *_],
        ):
            plots = magic in _PLOT_MAGICS or (magic == "config" and "InlineBackend" in text)
            return ["matplotlib"] if plots else []
        case ast.Call(
            func=ast.Attribute(attr="run_cell_magic"),
            args=[ast.Constant(str(magic)), _, ast.Constant(str(body))],
        ):
            return imported_modules(body) if magic in _PYTHON_CELL_MAGICS else []
        case _:
            return []
