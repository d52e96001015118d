"""Holds a log against what its writers were told and what its readers saw.

It goes through the log once, in the order of positions, and needs memory for the commands, not for the
events: `Checker.row` for each row, `Checker.finish` at the end.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from commands.ports import ANY_VERSION, STREAM_EXISTS
from infra.postgres.codec import encode
from tests.faults.deeds import REQUEST_HASH, Deed
from tests.faults.findings import Findings
from tests.faults.journal import Answered, Intended, unpack


@dataclass(frozen=True, slots=True)
class Stored:
    """A row of the log."""

    position: int
    stream: UUID
    version: int
    topic: str
    state: bytes
    project: UUID
    command_id: UUID
    recorded_at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class Result:
    """A row of the recorded answers."""

    caller: str
    command_id: UUID
    request_hash: bytes
    status: int
    base: int
    body: bytes


# A reader's line: position, stream, version, command.
Seen = tuple[int, UUID, int, UUID]


@dataclass(slots=True)
class _Command:
    """What is known of a command: its intent, its answers, and where its events stand."""

    packed: bytes
    acknowledged: int = -1
    refused: bool = False
    base: int = -1
    stored: int = 0
    recorded: bool = False


class Checker:
    """Checks one log after a run.

    Args:
        journals: all lines of all journals; a command's intent comes before its answers.
        structural: the topics that guards are about.
        readers: what each reader saw, in its order, by the reader's name.
    """

    def __init__(
        self,
        journals: Iterable[Intended | Answered],
        structural: Iterable[str],
        readers: dict[str, Iterator[Seen]],
    ) -> None:
        self.findings = Findings()
        self.acknowledged = 0
        self.unanswered = 0
        self._structural = frozenset(structural)
        self._commands: dict[UUID, _Command] = {}
        self._readers = dict(readers)
        self._versions: dict[UUID, int] = {}
        self._moved: dict[UUID, int] = {}
        self._position = 0
        self._time: datetime | None = None
        # The command whose events come by just now, unpacked once.
        self._at: tuple[UUID, Deed] | None = None
        for line in journals:
            self._journal(line)

    def _journal(self, line: Intended | Answered) -> None:
        if isinstance(line, Intended):
            if line.command_id in self._commands:
                self.findings.add("journal", f"command {line.command_id} was intended twice")
            self._commands[line.command_id] = _Command(line.packed)
            return
        command = self._commands[line.command_id]
        if line.answer == "unknown":
            return
        if line.answer == "refused":
            command.refused = True
        elif command.acknowledged == -1:
            command.acknowledged = line.base
        elif command.acknowledged != line.base:
            self.findings.add(
                "two answers",
                f"command {line.command_id} was acknowledged at {command.acknowledged} and at {line.base}",
            )

    def row(self, row: Stored) -> None:
        """Take the next row of the log."""
        self._order(row)
        self._readers_saw(row)
        command = self._commands.get(row.command_id)
        if command is None:
            self.findings.add("stranger", f"nobody meant the event at {row.position} ({row.command_id})")
        else:
            self._meant(row, command)
        if row.topic in self._structural:
            self._moved[row.project] = row.position

    def _order(self, row: Stored) -> None:
        if row.position != self._position + 1:
            self.findings.add("position", f"{row.position} comes after {self._position}")
        self._position = row.position
        before = self._versions.get(row.stream, 0)
        if row.version != before + 1:
            self.findings.add(
                "version", f"version {row.version} after {before} in stream {row.stream} at {row.position}"
            )
        self._versions[row.stream] = row.version
        if self._time is not None and row.recorded_at < self._time:
            self.findings.add("time", f"{row.recorded_at} at {row.position}, after {self._time}")
        self._time = row.recorded_at

    def _readers_saw(self, row: Stored) -> None:
        here = (row.position, row.stream, row.version, row.command_id)
        for name in [*self._readers]:
            seen = next(self._readers[name], None)
            if seen != here:
                self.findings.add("reader", f"{name} saw {seen} where the log has {here}")
                # All that comes after would differ too.
                del self._readers[name]

    def _meant(self, row: Stored, command: _Command) -> None:
        k = command.stored
        command.stored += 1
        if self._at is None or self._at[0] != row.command_id:
            self._at = (row.command_id, unpack(command.packed))
        deed = self._at[1]
        if k >= len(deed.order):
            self.findings.add(
                "twice", f"event {k + 1} of {len(deed.order)} of {_name(deed)} at {row.position}"
            )
            return
        if k == 0:
            command.base = row.position - 1
            self._guarded(row, deed)
        elif row.position != command.base + 1 + k:
            self.findings.add("torn", f"event {k + 1} of {_name(deed)} stands apart at {row.position}")
        target, event = deed.targets[deed.order[k]], deed.event(k)
        wanted = (target.stream, target.project, event.TOPIC, encode(event), deed.caller)
        if (row.stream, row.project, row.topic, row.state, row.actor) != wanted:
            self.findings.add("content", f"the event at {row.position} is not what {_name(deed)} meant")
        nth = list(deed.order[: k + 1]).count(deed.order[k])
        found = row.version - nth
        fits = {ANY_VERSION: True, STREAM_EXISTS: found > 0}.get(target.expected, target.expected == found)
        if not fits:
            self.findings.add(
                "expected", f"{_name(deed)} expected {target.expected} and met {found} at {row.position}"
            )

    def _guarded(self, row: Stored, deed: Deed) -> None:
        if deed.guard is None:
            return
        project, after = deed.guard
        last = self._moved.get(project, 0)
        if last > after:
            self.findings.add(
                "guard", f"{_name(deed)} at {row.position} rests on {after}, but {last} changed the structure"
            )

    def finish(self, head: int, results: Iterable[Result]) -> None:
        """Take what else the database says, and judge the commands.

        Args:
            head: the position that the log's head says.
            results: the recorded answers.
        """
        if head != self._position:
            self.findings.add("head", f"the head says {head}, the last event stands at {self._position}")
        for name, rest in self._readers.items():
            more = next(rest, None)
            if more is not None:
                self.findings.add("reader", f"{name} saw {more}, which is not in the log")
        for result in results:
            self._recorded(result)
        last: dict[str, tuple[int, int]] = {}
        for command in self._commands.values():
            self._settled(command, last)

    def _recorded(self, result: Result) -> None:
        command = self._commands.get(result.command_id)
        if command is None:
            self.findings.add("result", f"an answer is kept for {result.command_id}, which nobody asked")
            return
        deed = unpack(command.packed)
        command.recorded = True
        wanted = (deed.caller, REQUEST_HASH, 200, command.base, deed.body)
        if (result.caller, result.request_hash, result.status, result.base, result.body) != wanted:
            self.findings.add("result", f"the answer that is kept for {_name(deed)} is not its own")
        if not deed.kept or not command.stored:
            self.findings.add("result", f"no answer should be kept for {_name(deed)}")

    def _settled(self, command: _Command, last: dict[str, tuple[int, int]]) -> None:
        deed = unpack(command.packed)
        if command.stored not in {0, len(deed.order)}:
            self.findings.add("torn", f"{command.stored} of {len(deed.order)} events of {_name(deed)}")
        if command.refused and command.stored:
            self.findings.add("refused", f"{_name(deed)} was refused and stands at {command.base + 1}")
        if deed.kept and command.stored and not command.recorded:
            self.findings.add("result", f"no answer is kept for {_name(deed)}")
        if command.acknowledged == -1:
            self.unanswered += not command.refused
            return
        self.acknowledged += len(deed.order)
        if command.refused:
            self.findings.add("two answers", f"{_name(deed)} was acknowledged and refused")
        if not command.stored:
            self.findings.add("lost", f"{_name(deed)} was acknowledged at {command.acknowledged + 1}")
        elif command.base != command.acknowledged:
            self.findings.add(
                "misplaced",
                f"{_name(deed)} was acknowledged at {command.acknowledged + 1}, it is at {command.base + 1}",
            )
        # One client asks one thing after the other, so what it was told stands in that order.
        serial, base = last.get(deed.caller, (-1, -1))
        if deed.serial > serial and command.acknowledged <= base:
            self.findings.add("order", f"{_name(deed)} stands before an earlier one of {deed.caller}")
        last[deed.caller] = (deed.serial, command.acknowledged)

    @property
    def events(self) -> int:
        """How many events there are."""
        return self._position

    @property
    def commands(self) -> int:
        """How many commands were meant."""
        return len(self._commands)


def _name(deed: Deed) -> str:
    return f"{deed.caller}/{deed.serial} ({deed.command_id})"
