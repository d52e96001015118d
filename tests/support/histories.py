"""Random histories of a project, each event valid after those before it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from domain.block import (
    BlockAdded,
    BlockConflictResolved,
    BlockDeleted,
    BlockEditConflicted,
    BlockEdited,
    BlockEditSuggested,
    BlockMoved,
    BlockSuggestionDecided,
    BlockUndeleted,
)
from domain.events import Event
from domain.project import (
    AccessGranted,
    AccessRevoked,
    ProjectArchived,
    ProjectCreated,
    ProjectRenamed,
    ProjectUnarchived,
    ThemeApplied,
)

PEOPLE = ("ada", "bob", "eve")


@dataclass
class RandomHistory:
    """Makes one project's events; the same seed makes the same ones."""

    seed: int
    random: Random = field(init=False)
    project: UUID = field(init=False)
    versions: dict[UUID, int] = field(default_factory=dict)
    types: dict[UUID, str] = field(default_factory=dict)
    deleted: set[UUID] = field(default_factory=set)
    open_marks: list[tuple[UUID, int, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311 - the same each time, that is the point
        self.project = self.id()

    def id(self) -> UUID:
        return UUID(int=self.random.getrandbits(128))

    def events(self, count: int) -> Iterator[Event]:
        yield ProjectCreated(
            **self.next(self.project), title="A deck", owner="ada", aspect="16:9", theme_id=None
        )
        for _ in range(count - 1):
            yield self.random.choice(
                [
                    self._add,
                    self._add,
                    self._edit,
                    self._edit,
                    self._move,
                    self._toggle,
                    self._mark,
                    self._self,
                ]
            )()

    def next(self, stream: UUID) -> dict[str, Any]:
        self.versions[stream] = self.versions.get(stream, 0) + 1
        return {"originator_id": stream, "originator_version": self.versions[stream]}

    def _rank(self) -> str:
        return f"a{self.random.randrange(10)}"

    def _parent(self, kind: str) -> str | None:
        if kind == "slide":
            return None
        allowed = ("slide",) if kind == "group" else ("slide", "group")
        return str(self.random.choice([b for b, t in self.types.items() if t in allowed]))

    def _add(self) -> Event:
        kind = self.random.choice(["slide", "group", "text", "text"]) if self.types else "slide"
        block = self.id()
        parent = self._parent(kind)
        self.types[block] = kind
        return BlockAdded(
            **self.next(block),
            project_id=str(self.project),
            parent_id=parent,
            type=kind,
            rank=self._rank(),
            content={"text": "new", "n": self.random.randrange(5)},
            origin_block_id=str(self.id()) if self.random.random() < 0.2 else None,
        )

    def _some(self) -> UUID | None:
        return self.random.choice(list(self.types)) if self.types else None

    def _edit(self) -> Event:
        if (block := self._some()) is None:
            return self._add()
        return BlockEdited(**self.next(block), changes={"text": f"ä {self.random.randrange(100)}"})

    def _move(self) -> Event:
        if (block := self._some()) is None:
            return self._add()
        return BlockMoved(**self.next(block), parent_id=self._parent(self.types[block]), rank=self._rank())

    def _toggle(self) -> Event:
        if (block := self._some()) is None:
            return self._add()
        if block in self.deleted:
            self.deleted.discard(block)
            return BlockUndeleted(**self.next(block))
        self.deleted.add(block)
        return BlockDeleted(**self.next(block))

    def _mark(self) -> Event:
        if self.open_marks and self.random.random() < 0.4:
            block, version, conflict = self.open_marks.pop(self.random.randrange(len(self.open_marks)))
            if conflict:
                choice = self.random.choice(["mine", "theirs", "value"])
                return BlockConflictResolved(**self.next(block), conflict=version, choice=choice)
            accepted = self.random.random() < 0.5
            return BlockSuggestionDecided(**self.next(block), suggestion=version, accepted=accepted)
        if (some := self._some()) is None:
            return self._add()
        conflict = self.random.random() < 0.6
        named = self.next(some)
        self.open_marks.append((some, self.versions[some], conflict))
        if not conflict:
            return BlockEditSuggested(
                **named, changes={"text": "shorter"}, base_version=self.versions[some] - 1, reason="shorter"
            )
        return BlockEditConflicted(
            **named,
            field="text",
            item=None,
            part=None,
            base="A",
            theirs="B",
            mine={"a": ["C", 1, None]},
            theirs_by="eve",
            mine_by="bob",
            winner=self.random.choice(["mine", "theirs"]),
        )

    def _self(self) -> Event:
        named = self.next(self.project)
        user = self.random.choice(PEOPLE[1:])
        return self.random.choice(
            [
                ProjectRenamed(**named, title=f"Title {self.random.randrange(10)}"),
                AccessGranted(**named, user=user, role=self.random.choice(["viewer", "editor"])),
                AccessRevoked(**named, user=user),
                ThemeApplied(**named, theme_id=self.random.choice([None, "t1", "t2"])),
                ProjectArchived(**named),
                ProjectUnarchived(**named),
            ]
        )
