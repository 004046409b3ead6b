"""What a native process gives to the rooms that do not know where they run."""

import random
import secrets
import time

from foldbook.native.cipher import NativeCipher, public_key
from foldbook.native.network import NativeNetwork
from foldbook.ties import Surroundings
from foldbook.upstream import Outside


def outside() -> Outside:
    """Network and ciphers."""
    return Outside(NativeNetwork(), _open_cipher, _public_key)


def surroundings() -> Surroundings:
    """Clock and chance."""
    return Surroundings(
        lambda: int(time.time() * 1000), lambda: secrets.token_bytes(32), random.random
    )


async def _open_cipher(payload_key: bytes, verify: bytes, seed: bytes | None) -> NativeCipher:
    return NativeCipher(payload_key, verify, seed)


async def _public_key(seed: bytes) -> bytes:
    return public_key(seed)
