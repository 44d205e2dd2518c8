"""Encrypts what must wait on disk and must not be tested there: drafts, who used which rare word, forms of requests.

A keyed hash alone is not enough for these. Who can write conversations can write a guess, look which hash is new, and search
it among the others; under a random nonce the same word is never the same bytes. AES-GCM of the package cryptography; the
key is made from the index's secret, which is kept in another folder.
"""

import hashlib
import os

from index.core.errors import IndexFault

_NONCE = 12


class Cipher:
    """Seals and opens bytes for one purpose (at most 16 bytes long): what is sealed for another does not open."""

    def __init__(self, key: bytes, purpose: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._aead = AESGCM(hashlib.blake2b(key, digest_size=32, person=purpose).digest())

    def seal(self, clear: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + bytes(self._aead.encrypt(nonce, clear, None))

    def open(self, sealed: bytes) -> bytes:
        """Raises IndexFault for bytes that this key did not seal, or that were changed since."""
        from cryptography.exceptions import InvalidTag

        try:
            return bytes(self._aead.decrypt(sealed[:_NONCE], sealed[_NONCE:], None))
        except InvalidTag as error:
            raise IndexFault(
                "The index cannot be read with this key: it is another index's, or the file was changed.",
                "Restore the key in SHOAL_HOME/keys, or the index, from a backup.",
            ) from error
