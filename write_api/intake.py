"""From a request's bytes to commands: parsed, validated, named."""

import json
from collections.abc import Mapping
from hashlib import sha256
from uuid import UUID, uuid4, uuid5

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from commands.messages import ALL_COMMANDS, Command
from infra.http.errors import Invalid, NotFound
from infra.http.validation import invalid

BATCH_LIMIT = 500
BATCH_BODY = 4_194_304
KEY_LIMIT = 255
# The namespace of idempotency keys that are no UUIDs.
KEYS = UUID("0d5f7e0a-8c0e-4f43-9a3c-5f1f2b8f6a10")

COMMANDS: Mapping[str, type[Command]] = {c.NAME: c for c in ALL_COMMANDS}


class Batch(BaseModel):
    """Several commands in one request."""

    model_config = ConfigDict(extra="forbid", strict=True)

    commands: list[dict[str, object]] = Field(min_length=1, max_length=BATCH_LIMIT)
    atomic: bool = True


def command_type(name: str) -> type[Command]:
    """Find a command by its public name.

    Raises:
        NotFound: there is none.
    """
    known = COMMANDS.get(name)
    if known is None:
        raise unknown_command(name)
    return known


def unknown_command(name: str) -> NotFound:
    """Say that no command has this name."""
    return NotFound(f"no such command: {name[:60]}")


def parse_command(known: type[Command], body: bytes) -> Command:
    """Validate the JSON body of one command.

    Raises:
        Invalid: a field is missing, unknown or wrong.
    """
    try:
        return known.model_validate_json(body)
    except ValidationError as error:
        raise invalid(error) from None


def parse_batch(body: bytes) -> Batch:
    """Validate the envelope of a batch.

    Raises:
        Invalid: it is not `{"commands": [...], "atomic": bool}`.
    """
    try:
        return Batch.model_validate_json(body)
    except ValidationError as error:
        raise invalid(error) from None


def names_of(batch: Batch) -> list[str]:
    """Return the commands' names; what is none counts like any."""
    return [str(item.get("type")) for item in batch.commands]


def parse_item(item: Mapping[str, object]) -> Command:
    """Validate one command of a batch: its fields, and its name as `type`.

    Raises:
        NotFound: there is no command of this name.
        Invalid: a field is missing, unknown or wrong.
    """
    fields = dict(item)
    name = fields.pop("type", None)
    if not isinstance(name, str):
        raise Invalid.at("type", "is required: the command's name")
    # Not by orjson, which turns NaN into null and refuses long integers: the command is to judge them.
    return parse_command(command_type(name), json.dumps(fields, ensure_ascii=False).encode())


def command_id(key: str | None) -> UUID:
    """Turn an idempotency key into a command id; without a key, make one.

    Raises:
        Invalid: the key is empty or over 255 characters.
    """
    if key is None:
        return uuid4()
    if not 0 < len(key) <= KEY_LIMIT:
        raise Invalid.at("Idempotency-Key", f"must have 1 to {KEY_LIMIT} characters", KEY_LIMIT)
    try:
        return UUID(key)
    except ValueError:
        return uuid5(KEYS, key)


def request_hash(*commands: Command, keyed: bool, atomic: bool | None = None) -> bytes:
    """Hash what a request asks for: the same over HTTP and socket, whatever its white space.

    Without a key it cannot come again, and there is nothing to compare: the hash is empty.
    """
    if not keyed:
        return b""
    digest = sha256(b"" if atomic is None else f"batch {atomic}".encode())
    for command in commands:
        digest.update(command.NAME.encode())
        digest.update(command.model_dump_json(exclude_unset=True).encode())
    return digest.digest()
