"""What the relay is told by its environment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sync_relay.config import MIB, BadConfig, from_environment

ROOT = Path(__file__).resolve().parents[1]


def read(**said: str) -> object:
    return from_environment({f"FOLDBOOK_RELAY_{name}": value for name, value in said.items()})


def test_without_a_word_it_listens_on_loopback() -> None:
    config = from_environment({"PATH": "/bin"})
    assert (config.host, config.port, config.token) == ("127.0.0.1", 8787, "")
    assert config.origins == frozenset()


def test_every_setting_is_taken() -> None:
    config = from_environment(
        {
            "FOLDBOOK_RELAY_DATA": "/somewhere", "FOLDBOOK_RELAY_HOST": "0.0.0.0",
            "FOLDBOOK_RELAY_TOKEN": "x" * 20, "FOLDBOOK_RELAY_PORT": "80",
            "FOLDBOOK_RELAY_ORIGINS": "https://a.example, http://b.example:8700",
            "FOLDBOOK_RELAY_CONNECTIONS": "5", "FOLDBOOK_RELAY_BLOB_MIB": "6",
            "FOLDBOOK_RELAY_ROOM_MIB": "7", "FOLDBOOK_RELAY_RATE_KIB": "16",
        }
    )  # fmt: skip
    assert (config.data, config.host, config.port) == (Path("/somewhere"), "0.0.0.0", 80)
    assert config.origins == {"https://a.example", "http://b.example:8700"}
    limits = config.limits
    assert (limits.connections, limits.blob, limits.room) == (5, 6 * MIB, 7 * MIB)
    assert limits.rate == 16 * 1024


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"PORT": "http"}, "_PORT: a whole number from 0 to 65535 expected, 'http' came"),
        ({"PORT": "-1"}, "_PORT: a whole number"),
        ({"CONNECTIONS": "0"}, "_CONNECTIONS: a whole number from 1"),
        ({"ORIGINS": "example.org"}, "_ORIGINS: origins such as"),
        ({"ORIGINS": "https://a.example/path"}, "_ORIGINS: origins such as"),
        ({"HOST": "0.0.0.0"}, "_TOKEN: at least 16 characters expected"),
        ({"HOST": "0.0.0.0", "TOKEN": "short"}, "_TOKEN: at least 16 characters expected"),
        ({"PROT": "80"}, "_PROT: there is no such setting"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(said: dict[str, str], problem: str) -> None:
    with pytest.raises(BadConfig, match=problem):
        read(**said)


def test_the_program_does_not_listen_on_the_network_without_a_token(tmp_path: Path) -> None:
    env = os.environ | {
        "FOLDBOOK_RELAY_HOST": "0.0.0.0",
        "FOLDBOOK_RELAY_DATA": str(tmp_path / "data"),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "py"), str(ROOT)]),
    }
    command = [sys.executable, "-m", "sync_relay.main"]
    ended = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "FOLDBOOK_RELAY_TOKEN" in ended.stderr
    assert not (tmp_path / "data").exists()
