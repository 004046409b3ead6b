"""What `%pip` is understood to say, what is recorded of it, and what people are told."""

import pytest
from foldbook.browser.pip import explained, lasting, read_options


def test_words_of_pip_become_options_of_micropip() -> None:
    words = ["-q", "--pre", "cowsay==6.1", "--index-url=https://i.example", "-U", "x[y]>=2"]
    assert read_options(words) == (
        ["cowsay==6.1", "x[y]>=2"],
        {"pre": True, "index_urls": ["https://i.example"], "reinstall": True},
    )
    with pytest.raises(ValueError, match="does not know the option --target"):
        read_options(["--target", "x"])
    with pytest.raises(ValueError, match="-i needs a value"):
        read_options(["-i"])


def test_what_is_recorded_can_be_had_again() -> None:
    versions = {"cowsay": "6.1", "dask": "2026.1", "scipy": "1.18.0"}
    asked = ["cowsay", "dask[array]>=2", "scipy", "https://e.example/tides-1.2-py3-none-any.whl"]
    local = ["emfs:/tmp/own.whl", "./own.whl", "not-there"]
    assert lasting([*asked, *local, "cowsay"], versions.get, lambda name: name == "scipy") == (
        "cowsay==6.1",
        "dask[array]==2026.1",
        "scipy",
        "https://e.example/tides-1.2-py3-none-any.whl",
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "Can't find a pure Python 3 wheel for 'xgboost==2.0'.\nSee: https://x",
            r"xgboost==2.0 has no wheel for Python in the browser.*%pip install xgboost==2.0\.",
        ),
        ("Can't fetch metadata for 'nosuch'. Please", "knows nothing of the name nosuch"),
        ("Can't fetch wheel from 'https://e.example/a.whl'. One", r"a\.whl cannot be read.*CORS"),
        ("Failed to fetch", "Is there a network"),
        ("Requested 'x', but", "Requested 'x', but"),
    ],
)
def test_what_micropip_says_is_said_for_people(said: str, told: str) -> None:
    with pytest.raises(ValueError, match=f"(?s){told}"):
        raise ValueError(explained(ValueError(said)))
