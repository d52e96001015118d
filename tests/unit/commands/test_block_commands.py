from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from commands.messages import (
    AddBlock,
    Command,
    CreateProject,
    DeleteBlock,
    EditBlock,
    MoveBlock,
    UndeleteBlock,
)
from domain.block import BlockAdded
from domain.content import LIMITS
from domain.outline import BLOCKS_LIMIT, SLIDES_LIMIT
from tests.support.making import added, deleted, edited, moved, undeleted
from tests.support.scenario import (
    GROUP,
    HEADING,
    IN_GROUP,
    LAST_SLIDE,
    NOWHERE,
    PROJECT,
    SLIDE,
    TEXT,
    Outcome,
    World,
)


def add(kind: str = "text", content: dict[str, Any] | None = None, **place: UUID) -> AddBlock:
    return AddBlock(project_id=PROJECT, type=kind, content=content or {}, **place)


def edit(changes: dict[str, Any], block: UUID = TEXT, **fields: Any) -> EditBlock:
    return EditBlock(project_id=PROJECT, block_id=block, changes=changes, **fields)


def move(block: UUID, **place: UUID) -> MoveBlock:
    return MoveBlock(project_id=PROJECT, block_id=block, **place)


def order(world: World, parent: UUID | None) -> list[UUID]:
    return [n.id for n in world.outline().children(parent)]


def assert_invalid(outcome: Outcome, *fields: str, limit: int | None = None) -> None:
    assert (outcome.status, outcome.code, outcome.events) == (422, "validation", [])
    assert outcome.fields == list(fields)
    assert outcome.body["errors"][0].get("limit") == limit


class TestAdd:
    async def test_a_block_is_added_where_it_was_asked_for(self, world: World) -> None:
        chosen = uuid4()

        outcome = await world.run(
            add("text", {"text": "x"}, block_id=chosen, parent_id=SLIDE, after_id=TEXT, before_id=GROUP)
        )

        assert outcome.status == 201
        assert outcome.body["result"] == {"block_id": str(chosen)}
        assert outcome.body["streams"] == [{"id": str(chosen), "kind": "block", "version": 1}]
        [event] = outcome.events
        assert isinstance(event, BlockAdded)
        assert event == added(chosen, PROJECT, "text", parent=SLIDE, rank=event.rank, content={"text": "x"})
        assert order(world, SLIDE) == [TEXT, chosen, GROUP, HEADING]

    async def test_what_has_a_default_may_be_left_out(self, world: World) -> None:
        outcome = await world.run(add("slide"))

        [event] = outcome.events
        assert isinstance(event, BlockAdded)
        assert event.content == {"layout": "content", "title": "", "notes": "", "background": None}
        assert order(world, None) == [SLIDE, LAST_SLIDE, event.originator_id]

    async def test_ids_that_are_left_out_are_made_of_the_command_id(self, world: World) -> None:
        key = uuid4()
        command = add("bullets", {"items": [{"text": "a"}, {"text": "b"}]}, parent_id=SLIDE)
        twin = World()
        await twin.given(*(r.event for r in world.log.events))

        first, same = await world.run(command, key=key), await twin.run(command, key=key)

        assert first.events == same.events
        [event] = first.events
        assert isinstance(event, BlockAdded)
        assert len({item["id"] for item in event.content["items"]}) == 2

    async def test_a_chosen_id_of_this_project_is_taken(self, world: World) -> None:
        for taken in (TEXT, PROJECT):
            outcome = await world.run(add(block_id=taken, parent_id=SLIDE))
            assert (outcome.status, outcome.code, outcome.events) == (409, "already-exists", [])

    async def test_a_deleted_blocks_id_is_taken_still(self, world: World) -> None:
        await world.given(deleted(TEXT, 2))

        assert (await world.run(add(block_id=TEXT, parent_id=SLIDE))).code == "already-exists"

    async def test_of_a_foreign_id_no_more_is_told_than_that_it_is_taken(self, world: World) -> None:
        mine = await world.run(CreateProject(title="Mine"), user="stranger")
        project = UUID(mine.body["project_id"])
        key = uuid4()
        command = AddBlock(project_id=project, type="slide", block_id=SLIDE)

        outcome = await world.run(command, user="stranger", key=key)
        again = await world.run(command, user="stranger", key=key)

        assert (outcome.status, outcome.code, outcome.events) == (409, "already-exists", [])
        assert outcome.body.keys() == {"type", "title", "status", "code", "detail"}
        assert (again.body, again.replayed) == (outcome.body, True)
        assert SLIDE not in world.outline(project)

    async def test_a_repeat_under_a_chosen_id_is_not_told_that_the_id_is_taken(self, world: World) -> None:
        key, command = uuid4(), add(block_id=uuid4(), parent_id=SLIDE)
        first = await world.run(command, key=key)

        again = await world.run(command, key=key)

        assert (again.status, again.body, again.replayed) == (201, first.body, True)

    @pytest.mark.parametrize(
        ("command", "fields"),
        [
            (add("video", parent_id=SLIDE), ["type"]),
            (add("text", {"text": 1}, parent_id=SLIDE), ["content.text"]),
            (add("text", {"colour": "red"}, parent_id=SLIDE), ["content.colour"]),
            (add("heading", {"level": 9, "text": None}, parent_id=SLIDE), ["content.text", "content.level"]),
            (add("text", {"text": "a\0"}, parent_id=SLIDE), ["content.text"]),
            (add("bullets", {"items": [{"text": 1}]}, parent_id=SLIDE), ["content.items.0.text"]),
            (add("text"), ["parent_id"]),
            (add("text", parent_id=NOWHERE), ["parent_id"]),
            (add("text", parent_id=PROJECT), ["parent_id"]),
            (add("text", parent_id=TEXT), ["parent_id"]),
            (add("slide", parent_id=SLIDE), ["parent_id"]),
            (add("group", parent_id=GROUP), ["parent_id"]),
            (add("text", parent_id=SLIDE, after_id=NOWHERE), ["after_id"]),
            (add("text", parent_id=SLIDE, before_id=IN_GROUP), ["before_id"]),
            (add("text", after_id=HEADING, before_id=TEXT), ["before_id"]),
        ],
    )
    async def test_what_is_wrong_is_named(self, world: World, command: Command, fields: list[str]) -> None:
        key = uuid4()

        outcome = await world.run(command, key=key)

        assert_invalid(outcome, *fields)
        assert await world.log.answered("ada", key) is None

    async def test_a_text_over_its_limit_names_the_limit(self, world: World) -> None:
        outcome = await world.run(add("text", {"text": "x" * (LIMITS.TEXT + 1)}, parent_id=SLIDE))

        assert_invalid(outcome, "content.text", limit=LIMITS.TEXT)

    async def test_what_stands_on_a_deleted_slide_takes_no_blocks(self, world: World) -> None:
        await world.given(deleted(SLIDE, 2))

        assert_invalid(await world.run(add(parent_id=SLIDE)), "parent_id")
        assert_invalid(await world.run(add(parent_id=GROUP)), "parent_id")

    async def test_slides_are_limited(self, world: World) -> None:
        slides = [added(uuid4(), PROJECT, "slide", rank=f"b{i:03}V") for i in range(SLIDES_LIMIT - 2)]
        await world.given(*slides)

        assert_invalid(await world.run(add("slide")), "type", limit=SLIDES_LIMIT)
        await world.given(deleted(LAST_SLIDE, 2))
        assert (await world.run(add("slide"))).status == 201

    async def test_blocks_are_limited(self, world: World) -> None:
        texts = [
            added(uuid4(), PROJECT, "text", parent=SLIDE, rank=f"b{i:04}V") for i in range(BLOCKS_LIMIT - 6)
        ]
        await world.given(*texts)

        assert_invalid(await world.run(add(parent_id=SLIDE)), "block_id", limit=BLOCKS_LIMIT)
        assert_invalid(await world.run(add("slide")), "block_id", limit=BLOCKS_LIMIT)


class TestEdit:
    async def test_only_what_changes_is_recorded(self, world: World) -> None:
        outcome = await world.run(edit({"text": "B", "level": 2}, HEADING), user="edna")

        assert outcome.events == [edited(HEADING, 2, text="B")]
        assert outcome.body["streams"] == [{"id": str(HEADING), "kind": "block", "version": 2}]
        assert world.block(HEADING).content == {"text": "B", "level": 2}

    async def test_an_edit_on_the_current_version_is_applied(self, world: World) -> None:
        await world.run(edit({"text": "B"}))

        outcome = await world.run(edit({"text": "C"}, base_version=2, on_conflict="reject"))

        assert (outcome.body["outcome"], outcome.events) == ("applied", [edited(TEXT, 3, text="C")])

    async def test_an_edit_on_an_older_version_is_refused_with_what_came_since_where_asked_to(
        self, world: World
    ) -> None:
        for text in ("B", "C"):
            await world.run(edit({"text": text}), user="edna")
        key = uuid4()
        command = edit({"text": "mine"}, base_version=1, on_conflict="reject")

        outcome = await world.run(command, key=key)

        assert (outcome.status, outcome.code, outcome.events) == (409, "version-conflict", [])
        assert outcome.body["current"] == world.block(TEXT).document()
        assert outcome.body["current"]["version"] == 3
        assert [(e["event"], e["data"]["changes"]["text"]) for e in outcome.body["events"]] == [
            ("block-edited", "B"),
            ("block-edited", "C"),
        ]
        assert [e["position"] for e in outcome.body["events"]] == [11, 12]
        await world.run(edit({"text": "D"}))
        again = await world.run(command, key=key)
        assert (again.status, again.body, again.replayed) == (409, outcome.body, True)

    async def test_the_last_writer_wins_where_asked_to(self, world: World) -> None:
        await world.run(edit({"text": "B"}))

        outcome = await world.run(edit({"text": "C"}, base_version=1, on_conflict="last-write-wins"))

        assert (outcome.status, outcome.body["outcome"]) == (200, "overwritten")
        assert outcome.events == [edited(TEXT, 3, text="C")]

    async def test_overwriting_with_the_same_changes_nothing(self, world: World) -> None:
        await world.run(edit({"text": "B"}))

        outcome = await world.run(edit({"text": "B"}, base_version=1, on_conflict="last-write-wins"))

        assert (outcome.body["outcome"], outcome.events) == ("unchanged", [])

    @pytest.mark.parametrize("on_conflict", ["merge", "reject", "last-write-wins"])
    @pytest.mark.parametrize(
        "command",
        [
            edit({"text": "B"}, base_version=2),
            MoveBlock(project_id=PROJECT, block_id=TEXT, base_version=2),
            DeleteBlock(project_id=PROJECT, block_id=TEXT, base_version=2),
        ],
        ids=lambda value: value.NAME if isinstance(value, Command) else value,
    )
    async def test_a_version_that_is_not_there_yet_is_refused(
        self, world: World, command: Command, on_conflict: str
    ) -> None:
        outcome = await world.run(command.model_copy(update={"on_conflict": on_conflict}))

        assert_invalid(outcome, "base_version", limit=1)

    @pytest.mark.parametrize("command", [EditBlock, MoveBlock, DeleteBlock], ids=lambda c: c.NAME)
    @pytest.mark.parametrize("version", [0, -1])
    def test_versions_begin_with_one(self, command: type[Command], version: int) -> None:
        with pytest.raises(ValidationError, match="base_version"):
            command.model_validate({**command.EXAMPLE, "base_version": version})

    async def test_a_deleted_block_is_not_edited_where_a_conflict_is_to_be_refused(
        self, world: World
    ) -> None:
        await world.run(DeleteBlock(project_id=PROJECT, block_id=TEXT))

        outcome = await world.run(edit({"text": "B"}, base_version=2, on_conflict="reject"))
        unbased = await world.run(edit({"text": "B"}, on_conflict="reject"))

        for refused in (outcome, unbased):
            assert (refused.status, refused.code, refused.events) == (409, "version-conflict", [])
            assert refused.body["current"]["deleted"]
            assert "deleted" in refused.body["detail"]

    @pytest.mark.parametrize(
        ("changes", "fields"),
        [
            ({}, ["changes"]),
            ({"text": 1}, ["changes.text"]),
            ({"colour": "red"}, ["changes.colour"]),
            ({"text": "x" * 10_001}, ["changes.text"]),
        ],
    )
    async def test_what_is_wrong_is_named(
        self, world: World, changes: dict[str, Any], fields: list[str]
    ) -> None:
        outcome = await world.run(edit(changes))

        assert (outcome.status, outcome.fields, outcome.events) == (422, fields, [])

    async def test_a_repeat_on_an_old_base_is_no_conflict_with_itself(self, world: World) -> None:
        key = uuid4()
        command = edit({"text": "B"}, base_version=1, on_conflict="reject")
        first = await world.run(command, key=key)

        again = await world.run(command, key=key)

        assert (again.status, again.body, again.replayed) == (200, first.body, True)

    @pytest.mark.parametrize(
        "fields", [{"base_version": 0}, {"base_version": "1"}, {"on_conflict": "win"}, {"changes": []}]
    )
    def test_a_malformed_edit_cannot_be_made(self, fields: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            EditBlock.model_validate(
                {"project_id": PROJECT, "block_id": TEXT, "changes": {"text": "B"}, **fields}
            )


class TestMove:
    @pytest.mark.parametrize(
        ("command", "parent", "expected"),
        [
            (move(TEXT), SLIDE, [GROUP, HEADING, TEXT]),
            (move(TEXT, after_id=GROUP), SLIDE, [GROUP, TEXT, HEADING]),
            (move(HEADING, before_id=TEXT), SLIDE, [HEADING, TEXT, GROUP]),
            (move(HEADING, after_id=TEXT, before_id=GROUP), SLIDE, [TEXT, HEADING, GROUP]),
            (move(HEADING, parent_id=SLIDE, after_id=TEXT), SLIDE, [TEXT, HEADING, GROUP]),
            (move(TEXT, parent_id=GROUP), GROUP, [IN_GROUP, TEXT]),
            (move(TEXT, before_id=IN_GROUP), GROUP, [TEXT, IN_GROUP]),
            (move(IN_GROUP, parent_id=LAST_SLIDE), LAST_SLIDE, [IN_GROUP]),
            (move(GROUP, parent_id=LAST_SLIDE), LAST_SLIDE, [GROUP]),
            (move(SLIDE), None, [LAST_SLIDE, SLIDE]),
            (move(LAST_SLIDE, before_id=SLIDE), None, [LAST_SLIDE, SLIDE]),
        ],
    )
    async def test_a_block_moves_where_it_was_asked_to(
        self, world: World, command: MoveBlock, parent: UUID | None, expected: list[UUID]
    ) -> None:
        outcome = await world.run(command, user="edna")

        assert (outcome.status, outcome.body["outcome"]) == (200, "applied")
        node = world.outline().node(command.block_id)
        assert outcome.events == [moved(command.block_id, 2, node.rank, parent)]
        assert order(world, parent) == expected

    async def test_what_stands_there_but_for_deleted_blocks_between_is_not_moved(self, world: World) -> None:
        await world.given(deleted(GROUP, 2))

        outcome = await world.run(move(HEADING, after_id=TEXT))

        assert (outcome.body["outcome"], outcome.events) == ("unchanged", [])

    @pytest.mark.parametrize(
        ("command", "field"),
        [
            (move(TEXT, parent_id=HEADING), "parent_id"),
            (move(TEXT, parent_id=NOWHERE), "parent_id"),
            (move(GROUP, parent_id=GROUP), "parent_id"),
            (move(SLIDE, parent_id=LAST_SLIDE), "parent_id"),
            (move(SLIDE, after_id=TEXT), "parent_id"),
            (move(TEXT, after_id=SLIDE), "parent_id"),
            (move(TEXT, after_id=TEXT), "after_id"),
            (move(TEXT, before_id=TEXT), "before_id"),
            (move(TEXT, after_id=NOWHERE), "after_id"),
            (move(TEXT, parent_id=SLIDE, before_id=IN_GROUP), "before_id"),
            (move(TEXT, after_id=HEADING, before_id=GROUP), "before_id"),
        ],
    )
    async def test_what_is_wrong_is_named(self, world: World, command: MoveBlock, field: str) -> None:
        assert_invalid(await world.run(command), field)

    async def test_a_deleted_block_is_not_moved(self, world: World) -> None:
        await world.run(DeleteBlock(project_id=PROJECT, block_id=TEXT))

        outcome = await world.run(move(TEXT))

        assert (outcome.status, outcome.code, outcome.events) == (409, "version-conflict", [])
        assert outcome.body["current"]["deleted"]

    async def test_a_block_can_be_taken_off_a_deleted_slide(self, world: World) -> None:
        await world.run(DeleteBlock(project_id=PROJECT, block_id=SLIDE))

        outcome = await world.run(move(TEXT, parent_id=LAST_SLIDE))

        assert outcome.status == 200
        assert world.outline().shown(world.outline().node(TEXT))


class TestDeleteAndUndelete:
    async def test_deleting_hides_a_block_and_all_below_it(self, world: World) -> None:
        outcome = await world.run(DeleteBlock(project_id=PROJECT, block_id=SLIDE), user="edna")

        assert outcome.events == [deleted(SLIDE, 2)]
        outline = world.outline()
        assert not any(outline.shown(outline.node(b)) for b in (SLIDE, TEXT, GROUP, IN_GROUP))

    async def test_undeleting_brings_it_back_where_it_was(self, world: World) -> None:
        await world.run(DeleteBlock(project_id=PROJECT, block_id=GROUP))

        outcome = await world.run(UndeleteBlock(project_id=PROJECT, block_id=GROUP), user="edna")

        assert outcome.events == [undeleted(GROUP, 3)]
        assert order(world, SLIDE) == [TEXT, GROUP, HEADING]
        assert world.outline().shown(world.outline().node(IN_GROUP))

    async def test_undeleting_needs_room_for_all_that_comes_back(self, world: World) -> None:
        await world.run(DeleteBlock(project_id=PROJECT, block_id=GROUP))
        texts = [
            added(uuid4(), PROJECT, "text", parent=SLIDE, rank=f"b{i:04}V") for i in range(BLOCKS_LIMIT - 5)
        ]
        await world.given(*texts)
        undelete = UndeleteBlock(project_id=PROJECT, block_id=GROUP)

        assert_invalid(await world.run(undelete), "block_id", limit=BLOCKS_LIMIT)
        await world.given(deleted(texts[0].originator_id, 2))
        assert (await world.run(undelete)).status == 200

    async def test_undeleting_a_slide_needs_room_for_a_slide(self, world: World) -> None:
        await world.run(DeleteBlock(project_id=PROJECT, block_id=SLIDE))
        await world.given(
            *(added(uuid4(), PROJECT, "slide", rank=f"b{i:03}V") for i in range(SLIDES_LIMIT - 1))
        )

        outcome = await world.run(UndeleteBlock(project_id=PROJECT, block_id=SLIDE))

        assert_invalid(outcome, "type", limit=SLIDES_LIMIT)
