"""Two to five editors of one deck, some of them offline for a while: what they see agrees, and no word is lost.

Each has a copy of his own that is behind by whatever has not reached him yet, and posts what he made of that
copy. A word is the only one of its kind (see `tests.support.typists`). After every request each word that was in
a block, and each that was typed, is in the block still; or whoever posted took it away with his own hand, having
it before his eyes; or a conflict or suggestion of this very request holds it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from uuid import UUID, uuid5

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.messages import Command, DeleteBlock, EditBlock, ResolveConflict, UndeleteBlock
from domain.block import BlockEditConflicted, BlockEditSuggested
from domain.catalogue import public_event
from domain.content import BLOCK_TYPES
from domain.documents import Deck
from domain.events import Recorded
from tests.support.making import added, granted
from tests.support.scenario import LAST_SLIDE, PROJECT, Outcome, Process, World, shared_deck
from tests.support.typists import Content, Typist, marks

KEYS = UUID("0d5f7e0a-8c0e-4f43-9a3c-5f1f2b8f6a11")
NAMES = ("ada", "edna", "grace", "robot", "linus")
MACHINE = "robot"
# Whatever the editors type comes after these words, which nobody types again.
BLOCKS: dict[str, Content] = {
    "text": {"text": "w0 the quick w00 brown fox w000 jumps. Over w0000 the lazy dog.\n"},
    "heading": {"text": "w0 heading", "level": 2},
    "code": {"language": "", "text": "w0 = 1\nw00 = 2\nw000 = 3\n"},
    "bullets": {"items": [{"id": f"i{n}", "text": f"w0{n} point", "level": 0} for n in range(3)]},
    "table": {
        "columns": [{"id": f"c{n}", "text": f"w0{n}"} for n in range(3)],
        "rows": [{"id": f"r{n}", "cells": [f"w1{n}{c} cell" for c in range(3)]} for n in range(3)],
    },
    "chart": {
        "kind": "column",
        "categories": [f"w0{n}" for n in range(3)],
        "series": [{"id": f"s{n}", "name": f"w1{n}", "values": [1.0, 2.0, 3.0]} for n in range(2)],
    },
}
IDS = {kind: uuid5(KEYS, kind) for kind in BLOCKS}


@dataclass(frozen=True)
class Move:
    """Something one of the editors does; `seed` says what exactly."""

    what: str
    editor: int
    kind: str
    seed: int


@dataclass
class Copy:
    """A block as somebody who follows the public events knows it."""

    version: int
    content: Content
    place: tuple[str | None, str]
    deleted: bool = False


@dataclass
class Reader:
    """Folds public events, however they are cut into portions and however often they come."""

    position: int = 0
    blocks: dict[UUID, Copy] = field(default_factory=dict)

    def receive(self, events: Sequence[Recorded]) -> None:
        for event in map(public_event, events):
            if event["position"] > self.position:
                self.position = event["position"]
                self._apply(event, event["data"])

    def _apply(self, event: dict[str, Any], data: dict[str, Any]) -> None:
        if event["stream"]["kind"] != "block":
            return
        block, version = UUID(event["stream"]["id"]), event["stream"]["version"]
        if event["event"] == "block-added":
            self.blocks[block] = Copy(version, data["content"], (data["parent_id"], data["rank"]))
            return
        copy = self.blocks[block]
        assert version == copy.version + 1
        copy.version = version
        match event["event"]:
            case "block-edited":
                copy.content = {**copy.content, **data["changes"]}
            case "block-moved":
                copy.place = (data["parent_id"], data["rank"])
            case "block-deleted" | "block-undeleted":
                copy.deleted = event["event"] == "block-deleted"
            case _:
                pass


@dataclass
class Post:
    """A command, and what it took away from and added to what its author had before his eyes."""

    command: Command
    block: UUID
    removed: set[str] = field(default_factory=set)
    typed: set[str] = field(default_factory=set)
    # For a deletion: what its author knew to be in the block.
    seen: set[str] | None = None
    # For the settling of a conflict: what the conflicts of that edit hold.
    held: set[str] = field(default_factory=set)


@dataclass
class Editor:
    name: str
    process: Process
    reader: Reader = field(default_factory=Reader)
    online: bool = True
    drafts: dict[UUID, Content] = field(default_factory=dict)
    waiting: list[Post] = field(default_factory=list)


class Room:
    """The editors, the log they share, and what is true of it after each of their requests."""

    def __init__(self, world: World, editors: int) -> None:
        self.world = world
        self.typist = Typist()
        processes = [world.process(), world.process()]
        self.editors = [Editor(name, processes[i % 2]) for i, name in enumerate(NAMES[:editors])]
        self.typed: set[str] = set()
        self.removed: set[str] = set()
        self._keys = 0
        for editor in self.editors:
            editor.reader.receive(world.log.events)

    async def make(self, move: Move) -> None:
        editor = self.editors[move.editor % len(self.editors)]
        random, block = Random(move.seed), IDS[move.kind]  # noqa: S311 - no secret
        match move.what:
            case "type":
                await self._do(editor, self._edit(editor, move.kind, random), random)
            case "delete" if editor.name != MACHINE:
                copy = editor.reader.blocks[block]
                command = DeleteBlock(project_id=PROJECT, block_id=block, base_version=copy.version)
                seen = marks(editor.drafts.get(block, copy.content))
                await self._do(editor, Post(command, block, seen=seen), random)
            case "undelete" if editor.online:
                await self._post(
                    editor, [Post(UndeleteBlock(project_id=PROJECT, block_id=block), block)], random
                )
            case "settle" if editor.online and editor.name != MACHINE:
                await self._settle(editor, random)
            case "leave":
                editor.online = False
            case "return":
                await self._return(editor, random)
            case "read" if editor.online:
                self._read(editor, random)
            case _:
                pass

    def _edit(self, editor: Editor, kind: str, random: Random) -> Post:
        block = IDS[kind]
        copy = editor.reader.blocks[block]
        before = editor.drafts.get(block, copy.content)
        changes = self.typist.edit(kind, before, random) or {**before}
        after = {**before, **changes}
        if not editor.online:
            editor.drafts[block] = after
        command = EditBlock(
            project_id=PROJECT,
            block_id=block,
            changes=changes,
            base_version=copy.version,
            on_conflict=random.choice(["merge", "merge", "merge", "reject"]) if editor.online else "merge",
        )
        return Post(command, block, marks(before) - marks(after), marks(after) - marks(before))

    async def _do(self, editor: Editor, post: Post, random: Random) -> None:
        if editor.online:
            await self._post(editor, [post], random)
        else:
            editor.waiting.append(post)

    async def _return(self, editor: Editor, random: Random) -> None:
        """Post what was done offline: block by block in any order, each block's in one batch."""
        blocks = list(dict.fromkeys(post.block for post in editor.waiting))
        random.shuffle(blocks)
        for block in blocks:
            await self._post(editor, [p for p in editor.waiting if p.block == block], random)
        editor.online, editor.waiting, editor.drafts = True, [], {}

    def _read(self, editor: Editor, random: Random) -> None:
        log = self.world.log.events
        begin = random.randint(0, editor.reader.position)
        editor.reader.receive(log[begin : random.randint(editor.reader.position, len(log))])

    async def _settle(self, editor: Editor, random: Random) -> None:
        log = self.world.log.events
        conflicts = [(r.command_id, r.event) for r in log if isinstance(r.event, BlockEditConflicted)]
        if not conflicts:
            return
        cause, event = random.choice(conflicts)
        fields: dict[str, Any] = {"choice": random.choice(["mine", "theirs"])}
        typed: set[str] = set()
        if isinstance(event.mine, str) and random.randint(0, 2) == 0:
            word = self.typist.word()
            fields, typed = {"choice": "value", "value": word}, {word}
        name = f"{event.originator_id}.{event.originator_version}"
        command = ResolveConflict(project_id=PROJECT, conflict_id=name, **fields)
        # With a category go its numbers: they are in the conflict about the series that came with it.
        held = marks([[e.base, e.theirs, e.mine] for command, e in conflicts if command == cause])
        if "value" in fields:
            # A value stands for all that was there when the conflict was met.
            held |= marks(self._block_at(event.originator_id, event.originator_version))
        seen = held | marks(self.world.block(event.originator_id).content)
        await self._post(
            editor, [Post(command, event.originator_id, typed=typed, seen=seen, held=held)], random
        )

    def _block_at(self, block: UUID, version: int) -> Content:
        deck = Deck()
        for r in self.world.log.events:
            if r.event.originator_id == block and r.event.originator_version <= version:
                deck.apply(r)
        return deck.blocks[block].content

    async def _post(self, editor: Editor, posts: list[Post], random: Random) -> None:
        [block] = {post.block for post in posts}
        before = self.world.block(block)
        self._keys += 1
        key = uuid5(KEYS, str(self._keys))
        commands, batch = [post.command for post in posts], len(posts) > 1
        machine = editor.name == MACHINE

        async def once(process: Process) -> Outcome:
            return await process.run(*commands, user=editor.name, key=key, batch=batch, machine=machine)

        outcome = await once(editor.process)
        if random.randint(0, 3) == 0 and outcome.status in {200, 409}:
            again = await once(random.choice(self.editors).process)
            assert (again.status, again.body, again.replayed) == (outcome.status, outcome.body, True)
            assert again.events == []
        if outcome.status != 200:
            # Words that met a refusal are in their author's hands.
            assert outcome.status in {409, 422}, outcome.body
            assert outcome.events == []
            assert outcome.status == 409 or isinstance(commands[0], ResolveConflict), outcome.body
            return
        self._check(editor, posts, before.content, was_deleted=before.deleted, outcome=outcome)

    def _check(
        self,
        editor: Editor,
        posts: list[Post],
        before: Content,
        *,
        was_deleted: bool,
        outcome: Outcome,
    ) -> None:
        block = self.world.block(posts[0].block)
        BLOCK_TYPES[block.type].model_validate(block.content)
        kept: set[str] = set()
        for event in outcome.events:
            if isinstance(event, BlockEditConflicted):
                kept |= marks([event.base, event.theirs, event.mine])
            elif isinstance(event, BlockEditSuggested):
                kept |= marks(event.changes)
        removed: set[str] = set()
        typed: set[str] = set()
        held: set[str] = set()
        for post in posts:
            removed |= post.removed
            typed = (typed - post.removed) | post.typed
            held |= post.held
        now = marks(block.content)
        lost = (marks(before) | typed) - now
        assert lost <= removed | kept | held, (posts, before, block.content, outcome.events)
        if editor.name == MACHINE:
            # A machine takes away what it saw, and nothing else.
            assert marks(before) - now <= removed | self._by_machine, (posts, before, block.content)
        if block.deleted and not was_deleted:
            seen = set().union(*(post.seen or set() for post in posts)) | typed
            assert now <= seen | kept, (posts, before, outcome.events)
        self.typed |= typed
        self.removed |= removed

    @property
    def _by_machine(self) -> set[str]:
        """Return what the machine itself has written into the log."""
        found: set[str] = set()
        for r in self.world.log.events:
            if r.actor == MACHINE:
                found |= marks(getattr(r.event, "changes", {}))
        return found - self._by_people

    @property
    def _by_people(self) -> set[str]:
        found: set[str] = set()
        for r in self.world.log.events:
            if r.actor != MACHINE:
                found |= marks([getattr(r.event, "changes", {}), getattr(r.event, "content", {})])
        return found

    async def finish(self) -> None:
        for editor in self.editors:
            await self._return(editor, Random(0))  # noqa: S311 - as above
        log = self.world.log.events
        deck = Deck()
        for r in log:
            deck.apply(r)
        for editor in self.editors:
            editor.reader.receive(log)
            for block, copy in editor.reader.blocks.items():
                document, state = deck.blocks[block], self.world.block(block)
                known = (copy.version, copy.content, copy.place, copy.deleted)
                for shown in (document, state):
                    parent = str(shown.parent_id) if shown.parent_id else None
                    place = (parent, shown.rank)
                    assert known == (shown.version, shown.content, place, shown.deleted)
                await editor.process.repository.refresh(block)
                assert (await editor.process.repository.block(PROJECT, block)).state == state
        everywhere = marks([document.content for document in deck.blocks.values()])
        for r in log:
            if isinstance(r.event, BlockEditConflicted):
                everywhere |= marks([r.event.base, r.event.theirs, r.event.mine])
            elif isinstance(r.event, BlockEditSuggested):
                everywhere |= marks(r.event.changes)
        assert self.typed <= everywhere | self.removed


moves = st.builds(
    Move,
    what=st.sampled_from(
        [*["type"] * 6, *["read"] * 3, "delete", "undelete", "settle", "settle", "leave", "return"]
    ),
    editor=st.integers(0, len(NAMES) - 1),
    kind=st.sampled_from(list(BLOCKS)),
    seed=st.integers(0, 2**32 - 1),
)


async def _room(editors: int) -> Room:
    world = World()
    await world.given(*shared_deck())
    await world.given(*(granted(PROJECT, i, name, "editor") for i, name in enumerate(NAMES[2:], 5)))
    await world.given(
        *(
            added(IDS[kind], PROJECT, kind, parent=LAST_SLIDE, rank=f"a{i}", content=content)
            for i, (kind, content) in enumerate(BLOCKS.items())
        )
    )
    return Room(world, editors)


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(editors=st.integers(2, len(NAMES)), taken=st.lists(moves, min_size=20, max_size=80))
async def test_all_see_the_same_and_no_word_is_lost(editors: int, taken: list[Move]) -> None:
    room = await _room(editors)

    for move in taken:
        await room.make(move)

    await room.finish()


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(
    editors=st.integers(2, len(NAMES)),
    kind=st.sampled_from(list(BLOCKS)),
    taken=st.lists(moves, min_size=20, max_size=80),
)
async def test_nor_where_all_crowd_into_one_block(editors: int, kind: str, taken: list[Move]) -> None:
    room = await _room(editors)

    for move in taken:
        await room.make(replace(move, kind=kind))

    await room.finish()
