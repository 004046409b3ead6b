"""Everything of a view but its cells and their order."""

from collections.abc import Callable, Iterable
from typing import Any

from foldbook.notebook import Execution, Notebook
from foldbook.view import runtimes, shapes
from foldbook.view.shapes import Around, Shape


class Frame:
    """Makes the frame of a view; what it was made from is remembered, and not made again."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[tuple[object, ...], Any]] = {}

    def of(self, notebook: Notebook, around: Around, unfinished: list[Execution]) -> Shape:
        """The frame as JSON."""
        people = (*notebook.actors.values(), *notebook.runtimes.values(), around.me, around.guests)
        whole = (notebook.id, notebook.name, notebook.metadata)
        strip = around.strip
        owners = self._keep("owners", notebook.actors, lambda: runtimes.owners_of(notebook))
        return {
            "seq": notebook.head,
            "pending": around.pending,
            "readonly": dict(around.readonly) if around.readonly else None,
            "notebook": self._keep("notebook", whole, lambda: shapes.of_notebook(notebook)),
            "actors": self._keep(
                "actors", people, lambda: shapes.of_actors(notebook, around.me, around.guests)
            ),
            "runtime": runtimes.of_runtime(notebook, unfinished, around, owners),
            "runtimes": runtimes.of_runtimes(notebook, unfinished, around, owners),
            "files": self._keep(
                "files", notebook.files.values(), lambda: shapes.of_files(notebook)
            ),
            "log": {
                "events": notebook.head,
                "size": strip.size if strip else 1,
                "strip": strip.ticks() if strip else [],
            },
            "rights": shapes.of_rights(around.role),
            "undo": {"undo": around.undo, "redo": around.redo},
        }

    def _keep(self, name: str, sources: Iterable[object], make: Callable[[], Any]) -> Any:
        found = tuple(sources)
        known, made = self._made.get(name, ((), None))
        same = len(known) == len(found) and all(a is b for a, b in zip(known, found, strict=True))
        if made is None or not same:
            made = make()
            self._made[name] = (found, made)
        return made
