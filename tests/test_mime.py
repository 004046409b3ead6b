"""Mime bundles: what is JSON, what is a blob, how large a value is."""

from foldbook.mime import BINARY_TYPES, PREFERENCE, blob_reference, is_blob, is_json, size_of


def test_json_types_are_known_by_their_name() -> None:
    assert is_json("application/json")
    assert is_json("application/vnd.vegalite.v5+json")
    assert not is_json("text/plain")


def test_a_blob_stands_for_its_bytes() -> None:
    reference = blob_reference("ab" * 32, 5_000_000)
    assert is_blob(reference)
    assert not is_blob({"$blob": 1})
    assert not is_blob("ab" * 32)


def test_sizes_are_of_bytes_not_of_characters() -> None:
    assert size_of("é€😀") == 9
    assert size_of({"a": "é"}) == len(b'{"a":"') + 2 + len(b'"}')


def test_the_richest_comes_first_and_plain_text_last() -> None:
    assert PREFERENCE[-1] == "text/plain"
    assert PREFERENCE.index("text/html") < PREFERENCE.index("image/png")
    assert {"image/png", "image/jpeg"} <= BINARY_TYPES
