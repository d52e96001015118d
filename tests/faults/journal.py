"""What a client wrote down: what it meant to do, before, and what it was answered, after.

A line is written with one call before the request leaves, so a process that is killed leaves every intent
behind; what lies behind the last line end was never acted on.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import orjson

from tests.faults.deeds import Deed, Target

Answer = Literal["ack", "refused", "unknown"]
INTENT = "intent"


@dataclass(frozen=True, slots=True)
class Intended:
    """A deed, about to be asked for; packed, since a run has a million of them."""

    command_id: UUID
    packed: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, or that there was none. `base` is set where it was acknowledged."""

    command_id: UUID
    answer: Answer
    base: int = -1
    detail: str = ""


class Journal:
    """Writes a process's journal."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def intend(self, deed: Deed) -> None:
        self._write([INTENT, *_packed(deed)])

    def note(self, answered: Answered) -> None:
        self._write([answered.answer, str(answered.command_id), answered.base, answered.detail])

    def _write(self, line: list[Any]) -> None:
        data = orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
        if os.write(self._file, data) != len(data):
            raise OSError("the journal could not be written")


def read(path: Path) -> Iterator[Intended | Answered]:
    """Read a journal, up to the last whole line."""
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            kind, *fields = orjson.loads(line)
            if kind == INTENT:
                yield Intended(unpack(line).command_id, line)
            else:
                yield Answered(UUID(fields[0]), kind, *fields[1:])


def unpack(packed: bytes) -> Deed:
    """Return the deed that an intent is of."""
    _, caller, serial, keyed, targets, order, structural, guard = orjson.loads(packed)
    return Deed(
        caller,
        serial,
        keyed,
        [Target(UUID(stream), UUID(of), expected) for stream, of, expected in targets],
        order,
        structural,
        (UUID(guard[0]), guard[1]) if guard else None,
    )


def _packed(deed: Deed) -> list[Any]:
    guard = [str(deed.guard[0]), deed.guard[1]] if deed.guard else None
    targets = [[str(t.stream), str(t.project), t.expected] for t in deed.targets]
    return [deed.caller, deed.serial, deed.keyed, targets, list(deed.order), deed.structural, guard]
