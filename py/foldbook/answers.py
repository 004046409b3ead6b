"""What a runtime is asked beside the log: completions, documentation, what is in memory."""

from collections.abc import Mapping
from typing import Any, Final

from foldbook.executor import Executor

REPLY_INPUT: Final = "reply_input"
"""The call that brings a password: {input_id, value}."""


async def answer(executor: Executor, method: str, params: Mapping[str, Any]) -> Any:
    """Answer a call from what the executor knows. Raises `ValueError` for one that is not known."""
    match method:
        case "complete":
            found = await executor.complete(*_place(params))
            return {
                "matches": found.matches,
                "start": found.start,
                "end": found.end,
                "types": found.types,
            }
        case "inspect":
            detail = params.get("detail", 0)
            return dict(await executor.inspect(*_place(params), detail=int(bool(detail))))
        case "variables":
            return dict(await executor.variables())
        case "variable":
            return dict(await executor.variable(str(params.get("name"))))
        case _:
            known = f"complete, inspect, variables, variable or {REPLY_INPUT}"
            raise ValueError(f"{known} expected, {method!r} came")


def _place(params: Mapping[str, Any]) -> tuple[str, int]:
    source, position = params.get("source"), params.get("position")
    if not isinstance(source, str) or not isinstance(position, int):
        raise ValueError(f"a source and a position expected, {sorted(params)} came")  # noqa: TRY004
    return source, max(0, min(position, len(source)))
