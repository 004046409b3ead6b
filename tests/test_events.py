"""Every event: a sample of it, its bytes and back, its name, its words; and unsound payloads."""

import json
from pathlib import Path
from typing import Any

import pytest
from foldbook import events
from foldbook.errors import BadEvent
from foldbook.events import ALL, Unknown, decode, encode
from foldbook.events.base import Event
from foldbook.row import Kind
from hypothesis import given
from hypothesis import strategies as st
from sample_rows import SAMPLES

EACH = [(name, sample) for name, some in SAMPLES.items() for sample in some]


def descendants(cls: type) -> set[type]:
    return {each for child in cls.__subclasses__() for each in (child, *descendants(child))}


def test_the_catalogue_is_complete() -> None:
    ours = {each for each in descendants(Event) if each.__module__.startswith("foldbook.")}
    assert set(ALL.values()) == ours
    families = {cls.__module__.rpartition(".")[2] for cls in ALL.values()}
    files = {path.stem for path in Path(events.__file__).parent.glob("*.py")}
    assert families == files - {"__init__", "base"}


def test_there_is_a_sample_of_every_event() -> None:
    assert list(SAMPLES) == list(ALL)
    assert all(SAMPLES.values())


@pytest.mark.parametrize("name", ALL)
def test_an_event_says_what_it_is(name: str) -> None:
    cls = ALL[name]
    assert name == cls.__name__[0].lower() + cls.__name__[1:] == cls.wire_name()
    assert (cls.__doc__ or "").strip().endswith((".", ".)"))
    assert cls.__doc__ != Event.__doc__
    assert cls.kind in Kind
    assert "apply" in vars(cls)


@pytest.mark.parametrize(("name", "sample"), EACH)
def test_a_sample_comes_back_from_its_bytes(name: str, sample: dict[str, Any]) -> None:
    payload = json.dumps({"type": name, **sample}).encode()
    event = decode(payload)
    assert type(event) is ALL[name]
    again = decode(encode(event))
    assert again == event
    assert json.loads(encode(event)) == {"type": name, **sample}


@pytest.mark.parametrize(("name", "sample"), EACH)
def test_an_event_takes_no_field_that_it_does_not_know(name: str, sample: dict[str, Any]) -> None:
    with pytest.raises(BadEvent, match=name):
        decode(json.dumps({"type": name, **sample, "stranger": 1}).encode())


@pytest.mark.parametrize("name", [name for name, cls in ALL.items() if cls.model_fields])
def test_required_fields_are_required(name: str) -> None:
    required = [field for field, info in ALL[name].model_fields.items() if info.is_required()]
    for field in required:
        sample = {key: value for key, value in SAMPLES[name][0].items() if key != field}
        with pytest.raises(BadEvent, match=field):
            decode(json.dumps({"type": name, **sample}).encode())


def test_an_event_is_frozen() -> None:
    event = decode(b'{"type": "notebookRenamed", "name": "a"}')
    with pytest.raises(ValueError, match="frozen"):
        event.name = "b"  # type: ignore[misc, union-attr]


def test_strangers_are_known_as_such() -> None:
    assert decode(b'{"type": "moonLanded", "crew": 3}') == Unknown("moonLanded", 1)
    assert decode(b'{"type": "cellDeleted", "v": 7, "x": 1}') == Unknown("cellDeleted", 7)
    assert decode(b'{"type": "cellDeleted", "v": "new"}') == Unknown("cellDeleted", 0)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"nonsense",
        b"[]",
        b"null",
        b"{}",
        b'{"type": 5}',
        b'{"type": null}',
        b"\xff\xfe",
        b'{"type": "cellDeleted"',
        b'{"type": "cellDeleted"}',
        b'{"type": "cellDeleted", "cell_id": 5}',
        b'{"type": "cellDeleted", "cell_id": ""}',
        b'{"type": "cellDeleted", "cell_id": "a b"}',
        b'{"type": "cellSourceEdited", "cell_id": "a", "changes": [-1], "length_before": 0}',
        b'{"type": "cellSourceEdited", "cell_id": "a", "changes": [[1]], "length_before": 1}',
        b'{"type": "cellMoved", "cell_id": "a", "position": "a-b"}',
        b'{"type": "fileAdded", "path": "../x", "digest": "00", "size": 1}',
        b"[" * 100_000,
        b'{"type": "cellDeleted", "cell_id": ' + b"[" * 100_000,
    ],
)
def test_what_is_unsound_is_refused_with_a_reason(payload: bytes) -> None:
    with pytest.raises(BadEvent) as refused:
        decode(payload)
    assert len(str(refused.value)) > 10


@given(st.binary(max_size=60))
def test_any_bytes_are_an_event_or_a_stranger_or_refused(payload: bytes) -> None:
    try:
        found = decode(payload)
    except BadEvent:
        return
    assert isinstance(found, (Event, Unknown))
