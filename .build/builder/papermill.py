"""papermill and nbclient, which a benchmark measures beside ours; `dist/` has neither.

They stand in an environment of their own, `.cache/papermill/`, filled from `.locks/papermill.txt`,
with the same ipykernel as that of `.venv`.
"""

from pathlib import Path

from builder import files, paths, venv

_ENVIRONMENT = paths.WORK / "papermill"


def papermill_python() -> Path:
    """The interpreter that has them; the same Python as that of `.venv`, which must be there."""
    with files.exclusive(paths.WORK / "papermill.lock"):
        venv.ensure_apart(_ENVIRONMENT, paths.LOCKS / "papermill.txt")
    return paths.venv_program("python", _ENVIRONMENT)
