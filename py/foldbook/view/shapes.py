"""The JSON of each thing that a screen shows; the shapes stand in the package's docstring."""

import hashlib
import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from foldbook.notebook import (
    WAITING,
    Cell,
    Execution,
    Mark,
    Notebook,
    Output,
)
from foldbook.pruning import stand_in
from foldbook.row import RIGHTS, Kind, Role
from foldbook.view.strip import Strip

Shape = dict[str, Any]

HUES: Final = ("pine", "rust", "rose", "lagoon", "olive", "bronze", "plum", "slate")
POSITIONS: Final = 9
"""Places in the queue that are told; so one that ends changes few others."""

LATEST: Final = 253_402_300_799_999
"""The end of the year 9999, in ms since 1970: calendars go no further, clocks of relays may."""

_MINUTE: Final = 60_000
_JOIN: Final = "\u200d"  # between the parts of one emoji, or letters that join
_NAMELESS: Final = "You"  # what a page calls somebody who has given no name


@dataclass(frozen=True, slots=True)
class Starting:
    """The page's own runtime, while the log does not know it yet."""

    session: str
    name: str
    since: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Around:
    """What a view shows beside the notebook: me, the state of saving, of undo, of the runtime;
    what may be done here; who is here and has not introduced themselves in the log, as
    actor -> (name, hue).

    here: the session of this page's runtime. apart: there is no way to the others now, so it is
    not known how their runtimes are. away: the runtimes that cannot be reached, with the time since
    when (ms since 1970), None where that is not known.
    """

    me: str = ""
    pending: int = 0
    readonly: Mapping[str, Any] | None = None
    undo: str | None = None
    redo: str | None = None
    starting: Starting | None = None
    strip: Strip | None = None
    role: Role = Role.OWN
    guests: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    here: str | None = None
    apart: bool = False
    away: Mapping[str, int | None] = field(default_factory=dict)


class Place(NamedTuple):
    """Where an unfinished execution stands in its runtime's queue."""

    position: int | None = None
    after: str | None = None


NOWHERE: Final = Place()


class Shown(NamedTuple):
    """All that a cell's JSON is made of. ``execution`` is None where none is shown."""

    cell: Cell
    execution: Execution | None
    place: Place


def shown(notebook: Notebook, cell: Cell, places: Mapping[str, Place]) -> Shown:
    """What is shown of a cell now."""
    execution = notebook.execution_of(cell) if cell.type == "code" else None
    place = places.get(execution.id, NOWHERE) if execution else NOWHERE
    return Shown(cell, execution, place)


def of_cell(each: Shown) -> Shape:
    """A cell, all of it."""
    execution = of_execution(each)
    if execution is not None and each.execution is not None:
        execution["outputs"] = [of_output(output) for output in each.execution.outputs]
    return cell_head(each.cell) | {"source": each.cell.source, "execution": execution}


def cell_head(cell: Cell) -> Shape:
    """A cell without its source and execution."""
    edited = of_mark(cell.edited)
    edited["ts"] -= edited["ts"] % _MINUTE
    return {
        "id": cell.id,
        "type": cell.type,
        "edited": edited,
        "created": of_mark(cell.created),
        "metadata": finite(cell.metadata),
        "attachments": finite(cell.attachments),
    }


def of_execution(each: Shown) -> Shape | None:
    """The cell's execution without its outputs."""
    execution = each.execution
    if execution is None:
        return None
    prompt = execution.prompt
    asks = prompt is not None and not prompt.answered
    return {
        "id": execution.id,
        "status": execution.status.value,
        "count": execution.execution_count,
        "runtime": execution.owner or execution.runtime,
        "requested": of_mark(execution.requested),
        "started": _when(execution.started),
        "completed": _when(execution.completed),
        "reason": execution.reason,
        "imported": execution.imported,
        "stale": _is_stale(execution, each.cell.source),
        "position": each.place.position,
        "after": each.place.after,
        "prompt": {"id": prompt.id, "prompt": prompt.prompt, "password": prompt.password}
        if prompt and asks
        else None,
    }


def _is_stale(execution: Execution, source: str) -> bool:
    if execution.source_blob:
        return hashlib.sha256(source.encode()).hexdigest() != execution.source_blob
    if execution.imported and not execution.source:
        return False  # the file's source was too long to be kept twice
    return execution.source != source


def of_output(output: Output) -> Shape:
    """An output."""
    output = stand_in(output)
    match output.type:
        case "stream":
            return {"type": "stream", "name": output.name, "text": output.text}
        case "error":
            return {
                "type": "error",
                "ename": output.ename,
                "evalue": output.evalue,
                "traceback": list(output.traceback),
            }
        case "display_data":
            return _display(output)
        case "execute_result":
            return _display(output) | {"count": output.execution_count}


def _display(output: Output) -> Shape:
    return {
        "type": output.type,
        "data": finite(output.data),
        "metadata": finite(output.metadata),
    }


def of_mark(mark: Mark) -> Shape:
    """Who and when."""
    return {"actor": mark.actor, "ts": _when(mark)}


def _when(mark: Mark | None) -> int | None:
    return None if mark is None else min(mark.ts, LATEST)


def of_files(notebook: Notebook) -> list[Shape]:
    """The files of the notebook, by path."""
    files = sorted(notebook.files.values(), key=lambda file: file.path)
    return [
        {"path": file.path, "size": file.size, "mime": file.mime, "digest": file.digest}
        for file in files
    ]


def of_notebook(notebook: Notebook) -> Shape:
    """The notebook as a whole."""
    return {
        "id": notebook.id,
        "name": notebook.name,
        "metadata": finite(notebook.metadata),
    }


def of_rights(role: Role) -> Shape:
    """What a role may do, for a page."""
    rights = RIGHTS[role]
    return {
        "role": role.value,
        "comment": Kind.NOTE in rights,
        "edit": Kind.EDIT in rights,
        "run": Kind.RUN in rights,
    }


def of_actors(
    notebook: Notebook, me: str, guests: Mapping[str, tuple[str, str]]
) -> dict[str, Shape]:
    """Everybody who introduced themselves, the runtimes, who else is here, and me. Hues: the one
    that somebody wants, or that the id's hash says, or the next that is free. Others who have one
    name, or mine, are told apart by their ids: names are what people say, ids are not."""
    known = {each.id: (each.name, str(each.kind), each.hue) for each in notebook.actors.values()}
    for runtime in notebook.runtimes.values():
        known.setdefault(runtime.actor, (runtime.name, "runtime", ""))
    for actor, (name, hue) in guests.items():
        known.setdefault(actor, (name, "person", hue))
    if me:
        known.setdefault(me, ("", "person", ""))
    named = Counter(_alike(name) for name, _, _ in known.values())
    taken = {hue for _, _, hue in known.values() if hue in HUES}
    actors: dict[str, Shape] = {}
    for actor, (given, kind, wanted) in known.items():
        name = "" if given == _NAMELESS and actor != me else _plain(given)
        is_alike = name and actor != me and kind != "runtime" and named[_alike(given)] > 1
        hue = wanted if wanted in HUES else _hue(actor, taken)
        taken.add(hue)
        actors[actor] = {
            "name": f"{name} ({actor[:4]})" if is_alike else name,
            "kind": kind,
            "me": actor == me,
            "hue": hue,
            "initials": initials(name),
        }
    return actors


def _plain(name: str) -> str:
    """Without what is not to be seen, or turns what stands around it."""
    if name.isprintable():
        return name.strip()
    hidden = ("Cc", "Cf")
    kept = (each for each in name if each == _JOIN or unicodedata.category(each) not in hidden)
    return "".join(kept).strip()


def _alike(name: str) -> str:
    """The same for names that look the same, roughly."""
    return " ".join(unicodedata.normalize("NFKC", _plain(name)).casefold().split())


def _hue(actor: str, taken: set[str]) -> str:
    first = hashlib.sha256(actor.encode()).digest()[0] % len(HUES)
    turned = HUES[first:] + HUES[:first]
    return next((hue for hue in turned if hue not in taken), turned[0])


def initials(name: str) -> str:
    """Of the first and the last word of a name."""
    words = name.split()
    ends = words[:1] + words[1:][-1:]
    return "".join(word[0].upper() for word in ends)


def queue(unfinished: Iterable[Execution], selected: str | None) -> dict[str, Place]:
    """Where each unfinished execution stands in the queue of its runtime."""
    places: dict[str, Place] = {}
    lines: dict[str | None, tuple[int, str | None]] = {}  # runtime -> waiting so far, last cell
    for each in unfinished:
        runtime = each.owner or each.runtime or selected
        waiting, last = lines.get(runtime, (0, None))
        if each.status in WAITING:
            waiting += 1
            places[each.id] = Place(waiting if waiting <= POSITIONS else None, last)
        lines[runtime] = (waiting, each.cell_id)
    return places


def finite(value: Any) -> Any:
    """The value with null for numbers that JSON has not; the same object where there are none."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        made = {key: finite(each) for key, each in value.items()}
        return value if all(made[key] is each for key, each in value.items()) else made
    if isinstance(value, (list, tuple)):
        items = [finite(each) for each in value]
        same = all(new is old for new, old in zip(items, value, strict=True))
        return value if same and isinstance(value, list) else items
    return value
