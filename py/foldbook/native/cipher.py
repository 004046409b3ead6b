"""The cipher of native processes: AES-256-GCM and Ed25519 by `cryptography`."""

from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from foldbook.errors import Mine


class NativeCipher:
    """A `foldbook.sealer.Cipher`.

    payload_key: `foldbook.seal.Keys.payload`. verify: the room's public key, 32 bytes. seed: the
    32 bytes behind it, for whoever may sign. Raises `Mine` where the two do not belong together.
    """

    def __init__(self, payload_key: bytes, verify: bytes, seed: bytes | None = None) -> None:
        self._aes = AESGCM(payload_key)
        self._public = Ed25519PublicKey.from_public_bytes(verify)
        self._private = None if seed is None else Ed25519PrivateKey.from_private_bytes(seed)
        if seed is not None and public_key(seed) != verify:
            raise Mine("the seed of this room's public key expected, the seed of another came")

    async def seal_many(self, items: Sequence[tuple[bytes, bytes, bytes]]) -> list[bytes]:
        """See `foldbook.sealer.Cipher`."""
        return [self._aes.encrypt(nonce, plain, data) for nonce, data, plain in items]

    async def open_many(self, items: Sequence[tuple[bytes, bytes, bytes]]) -> list[bytes | None]:
        """See `foldbook.sealer.Cipher`."""
        return [self._open(*item) for item in items]

    async def sign_many(self, messages: Sequence[bytes]) -> list[bytes]:
        """See `foldbook.sealer.Cipher`."""
        if self._private is None:
            raise Mine("a cipher with a seed expected: this one can verify, but not sign")
        return [self._private.sign(message) for message in messages]

    async def verify_many(self, items: Sequence[tuple[bytes, bytes]]) -> list[bool]:
        """See `foldbook.sealer.Cipher`."""
        return [self._is_right(*item) for item in items]

    def _open(self, nonce: bytes, data: bytes, ciphertext: bytes) -> bytes | None:
        try:
            return self._aes.decrypt(nonce, ciphertext, data)
        except InvalidTag:
            return None

    def _is_right(self, signature: bytes, message: bytes) -> bool:
        try:
            self._public.verify(signature, message)
        except InvalidSignature:
            return False
        return True


def public_key(seed: bytes) -> bytes:
    """The Ed25519 public key, 32 bytes, of a seed of 32 bytes."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
