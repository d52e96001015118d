"""The Ed25519 key that signs checkpoints."""

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from infra.embedded.files import write_file

KEY_FILE = "audit-key.pem"
_PUBLIC_BYTES = 32


class KeyProblem(Exception):
    """There is no usable key; the text says what to do."""


def private_key(path: Path, *, make: bool) -> Ed25519PrivateKey:
    """Read the private key from a PEM file (PKCS #8), which only its owner may read.

    Args:
        path: The file.
        make: Whether to make a key, once, where there is none.

    Raises:
        KeyProblem: the file is missing, open to others, or holds another kind of key.
    """
    if make and not path.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        try:
            write_file(path, pem.decode())
        except OSError as error:
            raise KeyProblem(
                f"{path} cannot be written: {error.strerror}; AUDIT_KEY_FILE names another place"
            ) from None
    try:
        if path.stat().st_mode & 0o077:
            raise KeyProblem(f"{path} can be read by others: chmod 600 it, and think about making a new key")
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise KeyProblem(f"{path}: {error.strerror}") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyProblem(f"{path} holds no private key in PEM without a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyProblem(f"{path} holds a key of another kind than Ed25519")
    return key


def public_key(given: str) -> Ed25519PublicKey:
    """Read a public key that was given as 64 hexadecimal digits, or as a PEM file's path.

    Raises:
        KeyProblem: it is neither.
    """
    try:
        raw = bytes.fromhex(given)
    except ValueError:
        raw = b""
    if len(raw) == _PUBLIC_BYTES:
        return Ed25519PublicKey.from_public_bytes(raw)
    try:
        key = load_pem_public_key(Path(given).read_bytes())
    except OSError as error:
        raise KeyProblem(f"{given} is no key (64 hexadecimal digits) and no file: {error.strerror}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise KeyProblem(f"{given} holds no public key in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyProblem(f"{given} holds a key of another kind than Ed25519")
    return key


def shown(key: Ed25519PublicKey) -> str:
    """Write a public key as 64 hexadecimal digits."""
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
