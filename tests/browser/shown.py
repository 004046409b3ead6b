"""A notebook's view that has every kind of cell, output and state in it."""

import time
from typing import Any

from tests.browser.stand_in import ME, TOMAS, cell, view

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
    "AAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="20"><path d="M0 0h80v20z"/></svg>'
TABLE = (
    '<table border="1" class="dataframe"><thead><tr style="text-align: right;"><th></th>'
    "<th>moon</th><th>km</th></tr></thead><tbody>"
    + "".join(f"<tr><th>{i}</th><td>Io</td><td>{i * 7}</td></tr>" for i in range(20))
    + "</tbody></table>"
)
PROSE = """# Tides

Text with **weight**, `code`, a [link](https://example.org) and $E = mc^2$.[^1]

## Lists

- [x] done
- [ ] not done

| moon | km |
| --- | ---: |
| Io | 421 |

```python
def double(x):  # twice
    return x * 2
```

$$\\int_0^1 x\\,dx$$

> A quotation.

[^1]: A note.
"""
CODE = '@deco\ndef tide(x: int) -> str:\n    # a comment\n    return f"{x} is {3.14}"'
ANSI = "".join(f"\x1b[{n}mcolour {n}\x1b[0m " for n in (*range(30, 38), *range(90, 98), 1, 2, 4))
GROUNDS = "".join(f"\x1b[{n}mground {n}\x1b[0m " for n in range(40, 48))
TRACEBACK = [
    "\x1b[31m---------------------------------------------------------------------------\x1b[39m",
    "\x1b[31mZeroDivisionError\x1b[39m                         Traceback (most recent call last)",
    "\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[4]\x1b[39m\x1b[32m, line 1\x1b[39m\n"
    "\x1b[32m----> \x1b[39m\x1b[32m1\x1b[39m \x1b[32m1\x1b[39m/\x1b[32m0\x1b[39m\n",
    "\x1b[31mZeroDivisionError\x1b[39m: division by zero",
]


def displayed(**data: Any) -> dict[str, Any]:
    """An output of these types; `_` in their names stands for `/`, `__` for `+`."""
    named = {key.replace("__", "+").replace("_", "/", 1): each for key, each in data.items()}
    return {"type": "display_data", "data": named, "metadata": {}}


def everything() -> dict[str, Any]:
    """The view, with every kind of cell, output and state."""
    ok = _run(
        "ok",
        count=3,
        outputs=[
            {"type": "stream", "name": "stdout", "text": f"plain\n{ANSI}\n{GROUNDS}\n"},
            {"type": "stream", "name": "stderr", "text": "a warning\n"},
            {"type": "stream", "name": "stdout", "text": "".join(f"{n}\n" for n in range(60))},
            {"type": "execute_result", "data": {"text/plain": "42"}, "metadata": {}},
        ],
    )
    rich = _run(
        "ok",
        count=4,
        outputs=[
            displayed(text_html=TABLE),
            displayed(text_html="<p>Framed <a href='https://example.org'>link</a></p>"),
            displayed(**{"image/png": PIXEL, "text_plain": "A pixel"}),
            displayed(image_svg__xml=SVG),
            displayed(text_markdown="Some **prose**\n\n- of a list"),
            displayed(text_latex="$$\\sum_i x_i$$"),
            displayed(application_json={"a": [1, "two", None], "b": {}}),
            displayed(application_javascript="element.textContent = 'Framed script'"),
            displayed(**{"application/x-unknown": "?"}),
        ],
    )
    error = {
        "type": "error",
        "ename": "ZeroDivisionError",
        "evalue": "division by zero",
        "traceback": TRACEBACK,
    }
    failed = _run("error", count=5, outputs=[error])
    prompt = {"id": "p1", "prompt": "Password: ", "password": True}
    cells = [
        cell("text", PROSE, "markdown"),
        cell("blank", "", "markdown"),
        cell("raw", "A raw cell.", "raw"),
        cell("idle", CODE),
        cell("ok", "print('plain')") | {"execution": ok},
        cell("rich", "show()") | {"execution": rich},
        cell("failed", "1/0") | {"execution": failed},
        cell("stale", "x") | {"execution": {**ok, "id": "e-stale", "stale": True}},
        cell("asks", "getpass()") | {"execution": _run("running", id="e-asks", prompt=prompt)},
        cell("run", "wait()") | {"execution": _run("running", id="e-run")},
        cell("queued", "y") | {"execution": _run("queued", after="run")},
        cell("lost", "z") | {"execution": _run("lost", id="e-lost")},
    ]
    runtime = _runtime()
    return view(
        *cells,
        runtime=runtime,
        runtimes=[runtime],
        files=[
            {"path": "data/tides.csv", "digest": "0" * 64, "size": 4096, "mime": "text/csv"},
            {"path": "notes.txt", "digest": "1" * 64, "size": 12, "mime": "text/plain"},
        ],
        undo={"undo": "Delete cell", "redo": None},
    )


def _run(status: str, **how: Any) -> dict[str, Any]:
    now = int(time.time() * 1000)
    return {
        "id": f"e-{status}-{how.get('count')}",
        "status": status,
        "count": None,
        "runtime": "loom",
        "requested": {"actor": TOMAS, "ts": now},
        "started": now,
        "completed": None if status in ("running", "queued") else now + 420,
        "reason": "",
        "stale": False,
        "position": None,
        "after": None,
        "prompt": None,
        "outputs": [],
        **how,
    }


def _runtime() -> dict[str, Any]:
    return {
        "session": "loom",
        "name": "Python in this browser",
        "kind": "browser",
        "status": "busy",
        "gone": None,
        "asked": "",
        "selected": True,
        "here": True,
        "actor": None,
        "owner": ME,
        "running": "e-run",
        "count": 5,
        "queue": 1,
        "since": int(time.time() * 1000),
        "language": {"name": "python", "version": "3.14.0"},
        "reason": "",
    }
