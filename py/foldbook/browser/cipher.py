"""The cipher of the browser: AES-256-GCM and Ed25519 by WebCrypto, through ``site/cipher.js``."""

from collections.abc import Sequence
from typing import Any, Final

from pyodide.ffi import JsException, to_js

from foldbook.errors import FoldbookError, Mine

_KINDS: Final = {"insecure", "unsupported", "misfit"}


class CipherMissing(FoldbookError):
    """This page cannot encrypt; the message is for people, ``kind`` as in ``site/cipher.js``."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class BrowserCipher:
    """A `foldbook.sealer.Cipher`. Made by `open`."""

    def __init__(self, cipher: Any, *, can_sign: bool) -> None:
        self._js = cipher
        self._can_sign = can_sign

    @classmethod
    async def open(
        cls, module: Any, payload_key: bytes, verify: bytes, seed: bytes | None = None
    ) -> "BrowserCipher":
        """Import the keys. Raises `CipherMissing`.

        module: ``cipher.js``. payload_key: `foldbook.seal.Keys.payload`. verify: the room's
        public key, 32 bytes. seed: the 32 bytes behind it, for whoever may sign.
        """
        keys = [to_js(payload_key), to_js(verify)]
        if seed is not None:
            keys.append(to_js(seed))
        try:
            cipher = await module.openCipher(*keys)
        except JsException as why:
            raise _translate(why) from None
        return cls(cipher, can_sign=seed is not None)

    async def seal_many(self, items: Sequence[tuple[bytes, bytes, bytes]]) -> list[bytes]:
        """See `foldbook.sealer.Cipher`."""
        return _list(await self._js.sealMany(to_js(items)))

    async def open_many(self, items: Sequence[tuple[bytes, bytes, bytes]]) -> list[bytes | None]:
        """See `foldbook.sealer.Cipher`."""
        found = await self._js.openMany(to_js(items))
        return [None if each is None else each.to_bytes() for each in found]

    async def sign_many(self, messages: Sequence[bytes]) -> list[bytes]:
        """See `foldbook.sealer.Cipher`."""
        if not self._can_sign:
            raise Mine("a cipher with a seed expected: this one can verify, but not sign")
        return _list(await self._js.signMany(to_js(messages)))

    async def verify_many(self, items: Sequence[tuple[bytes, bytes]]) -> list[bool]:
        """See `foldbook.sealer.Cipher`."""
        return list(await self._js.verifyMany(to_js(items)))


async def public_key(module: Any, seed: bytes) -> bytes:
    """The Ed25519 public key, 32 bytes, of a seed of 32 bytes. Raises `CipherMissing`.

    module: ``cipher.js``.
    """
    try:
        found: bytes = (await module.publicKey(to_js(seed))).to_bytes()
    except JsException as why:
        raise _translate(why) from None
    return found


def _list(found: Any) -> list[bytes]:
    return [each.to_bytes() for each in found]


def _translate(why: JsException) -> Exception:
    kind = getattr(why, "kind", "")
    return CipherMissing(kind, why.message) if kind in _KINDS else why
