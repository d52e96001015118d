r"""Signed checkpoints: what the log was at a moment, so that a later log can be held against it.

A checkpoint is one line of JSON, written in one way only, with these members in order: `format`, `number`
(from 1), `epoch` of the log, `position` of its head, `recorded_at` of that event (microseconds since 1970),
`streams` (how many have events up to there), `root` (the Merkle root over their heads, see `merkle`),
`previous` (SHA-256 of the previous checkpoint's whole line without its line break; 64 zeros for the first),
`key` (the public key, for finding it; it is never trusted for being here), `signature`: Ed25519 (RFC 8032)
over the line up to and without `,"signature"`. Bytes are hexadecimal.
"""

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, ValidationError

from infra.audit.keys import shown

FORMAT = "decklog-checkpoint-1"
NONE_BEFORE = "0" * 64


@dataclass(frozen=True, slots=True)
class Statement:
    """What a checkpoint says of the log."""

    epoch: UUID
    position: int
    micros: int
    streams: int
    root: bytes


class Checkpoint(BaseModel):
    """One signed checkpoint; see the module."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    format: str
    number: int
    epoch: str
    position: int
    recorded_at: int
    streams: int
    root: str
    previous: str
    key: str
    signature: str

    @property
    def signed(self) -> bytes:
        """The bytes under the signature."""
        return orjson.dumps(self.model_dump(exclude={"signature"}))[:-1]

    @property
    def line(self) -> str:
        """The checkpoint as it is kept, without a line break."""
        return orjson.dumps(self.model_dump()).decode()

    def is_signed_with(self, key: Ed25519PublicKey) -> bool:
        """Tell whether the signature is this key's, and written in the one way."""
        try:
            signature = bytes.fromhex(self.signature)
            key.verify(signature, self.signed)
        except (InvalidSignature, ValueError):
            return False
        return signature.hex() == self.signature


def read(line: str) -> Checkpoint | None:
    """Read a checkpoint; None where a line is not exactly as one is written."""
    try:
        checkpoint = Checkpoint.model_validate_json(line)
        written = checkpoint.line
    except (ValidationError, orjson.JSONEncodeError):
        return None
    return checkpoint if written == line and checkpoint.format == FORMAT else None


def link(line: str | None) -> str:
    """Return what the checkpoint after this line has to have as `previous`."""
    return NONE_BEFORE if line is None else sha256(line.encode()).hexdigest()


def sign(key: Ed25519PrivateKey, number: int, previous: str | None, said: Statement) -> Checkpoint:
    """Make a checkpoint that follows a line (None for the first)."""
    unsigned = Checkpoint(
        format=FORMAT,
        number=number,
        epoch=str(said.epoch),
        position=said.position,
        recorded_at=said.micros,
        streams=said.streams,
        root=said.root.hex(),
        previous=link(previous),
        key=shown(key.public_key()),
        signature="",
    )
    return unsigned.model_copy(update={"signature": key.sign(unsigned.signed).hex()})
