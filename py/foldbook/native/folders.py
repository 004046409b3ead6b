"""Where a native process keeps notebooks, and the secret of whoever it works for.

    <data>/person                        32 bytes in hex: who this is, of all that it does
    <data>/notebooks/<room>/             what people and programs hold (`foldbook.native.notebooks`)
    <data>/runtimes/<name>/<room>/       what runtimes hold: several may serve one notebook

``<data>`` is the platform's folder for an application's data (``$XDG_DATA_HOME/foldbook``), or
what the environment names in ``FOLDBOOK_DATA``. Secrets and keys stand in all of it: folders are
for their user only, and so are files.
"""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from platformdirs import user_data_path

from foldbook.errors import FoldbookError, StoreDamaged
from foldbook.link import ShareLink

DATA: Final = "FOLDBOOK_DATA"
"""The name of the environment's variable."""

_SECRET: Final = 32


class FolderFailed(FoldbookError):
    """A folder or file of one's own cannot be made or read; the message names it."""


def data_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of all; it need not be there."""
    named = environment.get(DATA, "").strip()
    return Path(named).expanduser() if named else user_data_path("foldbook", appauthor=False)


def notebook_folder(data: Path, link: ShareLink) -> Path:
    """That of a notebook that somebody opens."""
    return data / "notebooks" / _room(link)


def runtime_folder(data: Path, link: ShareLink, name: str) -> Path:
    """That of a runtime of this name."""
    return data / "runtimes" / _file_name(name, name) / _room(link)


def make_private(folder: Path) -> Path:
    """Have a folder, for its user only. Raises `FolderFailed`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as why:
        raise FolderFailed(f"{folder} cannot be made: {why.strerror}") from why
    return folder


def person_secret(data: Path) -> bytes:
    """The secret behind everything that is done from this folder; made where there is none.

    Raises `FolderFailed`, and `StoreDamaged` for one that is no secret: a new one would be somebody
    else.
    """
    path = make_private(data) / "person"
    try:
        _make_secret(path)
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as why:
        raise FolderFailed(f"{path} cannot be read: {why}") from why
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != _SECRET:
        raise StoreDamaged(
            f"{path}: {_SECRET} bytes in hex expected, {len(text)} characters found", str(path)
        )
    return secret


def runtime_secret(person: bytes, name: str) -> bytes:
    """The secret of a runtime of this name: it is somebody of its own, whenever it runs."""
    return _derived(person, f"foldbook.runtime.1 {name}")


def program_secret(person: bytes, name: str) -> bytes:
    """The same for a person's program."""
    return _derived(person, f"foldbook.program.1 {name}")


def _derived(person: bytes, purpose: str) -> bytes:
    return hmac.digest(person, purpose.encode(), "sha256")


def _make_secret(path: Path) -> None:
    """Have the file, whole, whoever else makes it at the same time."""
    if path.exists():
        return
    own = path.with_name(f".person-{os.getpid()}-{secrets.token_hex(4)}")
    with os.fdopen(os.open(own, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(secrets.token_hex(_SECRET))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(own, path)
    except FileExistsError:  # another process was faster: its secret counts
        pass
    finally:
        own.unlink()


def _room(link: ShareLink) -> str:
    return _file_name(link.room, f"{link.relay} {link.room}")


def _file_name(shown: str, whole: str) -> str:
    """A name that is one on every file system, and another one for everything else."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", shown)[:40].strip("-").lower()
    return f"{readable or 'x'}-{hashlib.sha256(whole.encode()).hexdigest()[:12]}"
