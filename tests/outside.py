"""The real network and ciphers of native processes, for tests."""

from foldbook.native.cipher import NativeCipher, public_key
from foldbook.native.network import NativeNetwork
from foldbook.upstream import Outside


async def _open_cipher(payload_key: bytes, verify: bytes, seed: bytes | None) -> NativeCipher:
    return NativeCipher(payload_key, verify, seed)


async def _public_key(seed: bytes) -> bytes:
    return public_key(seed)


OUTSIDE = Outside(NativeNetwork(), _open_cipher, _public_key)
