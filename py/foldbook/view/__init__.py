"""What a screen shows: a notebook as one JSON value, and patches that follow its changes. Pure.

The full view (`full_view`, `Screen.open`)::

    {"seq": head, "pending": rows that wait,
     "readonly": null | {"reason": str, "aside": rows kept aside, "outdated": a newer Foldbook
     can write},
     "notebook": {"id", "name", "metadata"},
     "order": [cell id, ...],                             living cells, in order
     "cells": {id: cell}, "actors": {id: actor},
     "runtime": null | runtime,                           the selected one, or the last there was
     "runtimes": [runtime, ...],                          those that have not ended
     "files": [{"path", "size", "mime", "digest"}],        by path
     "log": {"events": head, "size": rows in a tick, "strip": [[tick, actor id, rows], ...]},
     "rights": {"role", "comment": bool, "edit": bool, "run": bool},
     "undo": {"undo": null | label, "redo": null | label}}

    cell      {"id", "type", "source", "edited": mark, "created": mark, "metadata",
               "attachments", "execution": null | execution}
    mark      {"actor", "ts"}, ts in ms since 1970; in "edited" it is cut to whole minutes
    execution {"id", "status": queued|assigned|running|ok|error|aborted|cancelled|lost,
               "count": null | int, "runtime": null | session, "requested": mark,
               "started": null | ts, "completed": null | ts, "reason": str,
               "imported": it came with a file, "stale": the source has changed since,
               "position": place in the queue, 1 to 9, or null, "after": cell id ahead in the
               queue or null, "prompt": null | {"id", "prompt", "password"}, "outputs": [output]}
    output    {"type": "stream", "name", "text"}
              {"type": "display_data", "data", "metadata"}
              {"type": "execute_result", "data", "metadata", "count": null | int}
              {"type": "error", "ename", "evalue", "traceback": [line, ...]}
    data      {mime: text | JSON value | {"$blob": sha256, "size": bytes, "form"?}}; see
              `foldbook.blobs`. A number that JSON has not (NaN) is null.
    actor     {"name", "kind": person|agent|runtime, "me": bool, "hue", "initials"}
    runtime   {"session", "name", "kind": browser|python|jupyter, "status":
               starting|ready|busy|unreachable|unknown|stopped|lost, unknown where this page has
               no way to it, "gone": null | ts, since when it is unreachable, "asked":
               ""|stop|restart, "selected": bool, "here": it is this page's own, "actor",
               "owner": null | the actor whose page it is of, "running": null | execution id,
               "count": null | int (of the selected one only), "queue": runs that wait,
               "since": ts, "language", "reason"}; null where there never was one

A cell that is not code shows no execution. A patch is ``{"v", "ack", "ops"}``; ops are applied in
order, a path leads from the view's root, its last part is a key or an index::

    ["set", path, value]       put a value at a key or in the place of a list's item
    ["del", path]              remove a key, or a list's item (those after it move down)
    ["insert", path, value]    put an item before that index (those from it on move up)
    ["push", path, value]      add an item at the end of the list at the path
    ["append", path, text]     add text at the end of the text at the path
    ["text", cell id, change]  the source changed: `foldbook.text` sections, JSON
    ["source", cell id, text]  the source is this: what the view had not sent in time is lost

Versions: ``v`` is 1 for the first full view and counts on by one with each patch. A view sends
each edit with ``base``, the newest v it has applied; ``ack`` is the newest k of the view's
commands that this patch includes. ``text`` is made on the source as the worker knew it, with all
of the view's edits up to ``ack`` in it: the view maps it over its later ones (its own are the
later ones in the log: they go left).
"""

from foldbook.view.screen import Patch, Screen, full_view
from foldbook.view.shapes import Around, Starting
from foldbook.view.strip import Strip

__all__ = ["Around", "Patch", "Screen", "Starting", "Strip", "full_view"]
