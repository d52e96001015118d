"""How personal values and the keys of persons are encrypted: AES-256-GCM, each time with a fresh 96-bit nonce.

A key seals at most some 2^32 values before nonces could meet by chance (NIST SP 800-38D, 8.3); a person who
edits once a second for a century stays below it.
"""

import binascii
import os
from collections.abc import Mapping
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE = 12
KEY = 32
_PURPOSE = b"decklog person keys 1"


class Unreadable(ValueError):
    """It does not open: it was changed or moved, or the key is another."""


def _encrypt(cipher: AESGCM, plain: bytes, bound_to: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + cipher.encrypt(nonce, plain, bound_to)


def _decrypt(cipher: AESGCM, sealed: bytes, bound_to: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], bound_to)
    except (InvalidTag, ValueError):
        raise Unreadable("it does not open") from None


class PersonKey:
    """One generation of a person's key."""

    def __init__(self, person: str, generation: int, key: bytes) -> None:
        self.generation = generation
        self._bound = f"{person}\0{generation}\0".encode()
        self._cipher = AESGCM(key)

    def seal(self, value: Any, place: str) -> dict[str, Any]:
        """Encrypt a JSON value for one place in the log."""
        sealed = _encrypt(self._cipher, orjson.dumps(value), self._bound + place.encode())
        return {"sealed": binascii.b2a_base64(sealed, newline=False).decode(), "key": self.generation}

    def open(self, sealed: Mapping[str, Any], place: str) -> Any:
        """Decrypt a value that was sealed for this place.

        Raises:
            Unreadable: it was changed, or sealed for another place, person or generation.
        """
        try:
            text = binascii.a2b_base64(sealed["sealed"])
        except (ValueError, TypeError):
            raise Unreadable("it is not base64") from None
        return orjson.loads(_decrypt(self._cipher, text, self._bound + place.encode()))


class KeyWrap:
    """Encrypts persons' keys under the deployment's secret, so that a dump of the database reveals none."""

    def __init__(self, secret: str) -> None:
        derived = HKDF(algorithm=SHA256(), length=KEY, salt=None, info=_PURPOSE).derive(secret.encode())
        self._cipher = AESGCM(derived)

    def make(self, person: str, generation: int) -> bytes:
        """Make a new key, wrapped."""
        return _encrypt(self._cipher, os.urandom(KEY), _owner(person, generation))

    def unwrap(self, person: str, generation: int, wrapped: bytes) -> PersonKey:
        """Open a person's key.

        Raises:
            Unreadable: it is another's, or it was wrapped under another secret.
        """
        return PersonKey(person, generation, _decrypt(self._cipher, wrapped, _owner(person, generation)))


def _owner(person: str, generation: int) -> bytes:
    return f"{person}\0{generation}".encode()
