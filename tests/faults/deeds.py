"""What a client means to append: small enough for a journal line, and all that the log has to hold of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from commands.ports import ANY_VERSION, STREAM_EXISTS, Append, EventWrite, StreamWrite
from domain.block import BlockEdited, BlockMoved
from domain.events import Event

SPACE = UUID("6a0f3f5e-8d3c-4f4e-9d52-0d7a5a1c3b7e")
PROJECTS = 10
HOT_STREAMS = 100
REQUEST_HASH = bytes(range(32))


def project(n: int) -> UUID:
    return uuid5(SPACE, f"project {n % PROJECTS}")


def hot_stream(n: int) -> UUID:
    return uuid5(SPACE, f"hot {n}")


@dataclass(frozen=True, slots=True)
class Target:
    """A stream to write to, and what is expected of it, as in `commands.ports.StreamWrite`."""

    stream: UUID
    project: UUID
    expected: int


@dataclass(frozen=True, slots=True)
class Deed:
    """One request. `order` names the target of each event; `guard` is a project and a position."""

    caller: str
    serial: int
    keyed: bool
    targets: Sequence[Target]
    order: Sequence[int]
    structural: bool = False
    guard: tuple[UUID, int] | None = None

    @property
    def command_id(self) -> UUID:
        return uuid5(SPACE, f"{self.caller}/{self.serial}")

    @property
    def kept(self) -> bool:
        """Whether its answer is kept: for a repeat, or since no version tells that it was written."""
        return self.keyed or any(t.expected in {ANY_VERSION, STREAM_EXISTS} for t in self.targets)

    @property
    def body(self) -> bytes:
        return f'{{"done":"{self.caller}/{self.serial}"}}'.encode()

    def event(self, k: int) -> Event:
        """Build the event number `k` (from 0); only who wrote it can have written this text."""
        target = self.targets[self.order[k]]
        nth = list(self.order[: k + 1]).count(self.order[k])
        version = max(target.expected, 0) + nth
        text = f"{self.caller}/{self.serial}/{k}"
        if self.structural:
            return BlockMoved(
                originator_id=target.stream, originator_version=version, parent_id=None, rank=text
            )
        return BlockEdited(originator_id=target.stream, originator_version=version, changes={"text": text})

    def request(self) -> Append:
        """Build what the log is asked."""
        command = self.command_id
        return Append(
            caller=self.caller,
            command_id=command,
            request_hash=REQUEST_HASH,
            status=200,
            body=self.body,
            metadata={"actor": {"id": self.caller, "kind": "machine"}},
            writes=[StreamWrite(t.stream, t.project, t.expected) for t in self.targets],
            events=[EventWrite(write, self.event(k), command) for k, write in enumerate(self.order)],
            guards=[self.guard] if self.guard else [],
            keyed=self.keyed,
        )
