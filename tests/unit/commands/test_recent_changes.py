"""Who changed a block that many change at once is known without reading it again."""

from uuid import UUID, uuid4

import pytest

from commands.messages import EditBlock
from commands.recent import BLOCKS, CHANGES, Change, RecentChanges
from tests.support.making import edited
from tests.support.scenario import PROJECT, TEXT, World

ADA = {"id": "ada", "kind": "person"}
ROBOT = {"id": "robot", "kind": "machine"}


def change(version: int, block: UUID = TEXT) -> Change:
    return Change.of(edited(block, version, text=str(version)), ADA, uuid4())


def versions(recent: RecentChanges, after: int, to: int, block: UUID = TEXT) -> list[int] | None:
    found = recent.after(block, after, to)
    return None if found is None else [c.version for c in found]


def test_a_block_is_followed_from_when_it_was_asked_for() -> None:
    recent = RecentChanges()
    recent.note(edited(TEXT, 2, text="x"), ADA, uuid4())
    assert versions(recent, 1, 2) is None

    recent.follow(TEXT, [change(3), change(4)])
    recent.note(edited(TEXT, 5, text="x"), ROBOT, uuid4())

    assert versions(recent, 2, 5) == [3, 4, 5]
    assert versions(recent, 4, 5) == [5]
    assert versions(recent, 1, 5) is None
    assert versions(recent, 2, 6) is None
    [last] = recent.after(TEXT, 4, 5) or []
    assert (last.fields, last.actor, last.person) == (("text",), "robot", False)


def test_a_gap_is_not_kept() -> None:
    recent = RecentChanges()
    recent.follow(TEXT, [change(3)])

    recent.note(edited(TEXT, 5, text="x"), ADA, uuid4())

    assert versions(recent, 2, 3) == [3]
    assert versions(recent, 2, 5) is None


def test_what_is_kept_is_bounded() -> None:
    recent = RecentChanges()
    recent.follow(TEXT, [change(2)])
    for version in range(3, CHANGES + 10):
        recent.note(edited(TEXT, version, text="x"), ADA, uuid4())
    assert versions(recent, 1, CHANGES + 9) is None
    assert len(versions(recent, 9, CHANGES + 9) or []) == CHANGES

    for _ in range(BLOCKS):
        recent.follow(other := uuid4(), [change(2, other)])
    assert versions(recent, 20, CHANGES + 9) is None


@pytest.mark.parametrize("text", ["x b c", "a b x"])
async def test_edits_that_meet_read_the_log_once_at_most(world: World, text: str) -> None:
    """The content that an edit was made on is in memory too."""

    def edit(text: str, **base: int) -> EditBlock:
        return EditBlock(project_id=PROJECT, block_id=TEXT, changes={"text": text}, **base)

    await world.run(edit("a b c"))
    reads: list[UUID] = []
    await world.run(edit("y b c"), user="edna")
    await world.run(edit(text, base_version=2))
    world.log.on_read = reads.append

    for n in range(5):
        version = world.block(TEXT).version
        await world.run(edit(f"{n} b c", base_version=version), user="edna")
        outcome = await world.run(edit(f"{n}{n} b c", base_version=version))
        assert outcome.body["conflicts"][0]["actors"] == {"theirs": "edna", "mine": "ada"}

    assert reads.count(TEXT) <= 1
