"""Conflicts settled by a side or a value, also where the block has changed since."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.messages import CreateProject, DeleteBlock, EditBlock, MoveBlock, ResolveConflict, UndeleteBlock
from domain.block import BlockConflictResolved, BlockEditConflicted, BlockEdited
from domain.merge import merge_content
from tests.support.making import added, deleted, edited, granted, moved, undeleted
from tests.support.scenario import GROUP, HEADING, LAST_SLIDE, PROJECT, SLIDE, TEXT, Outcome, World

BLOCK = UUID("c2a9d7b0-2b1e-4e39-9d5e-8a7f0a4f5c0a")


def edit(changes: dict[str, Any], block: UUID = TEXT, **fields: Any) -> EditBlock:
    return EditBlock(project_id=PROJECT, block_id=block, changes=changes, **fields)


def settle(conflict: str, choice: str, **value: Any) -> ResolveConflict:
    return ResolveConflict.model_validate(
        {"project_id": PROJECT, "conflict_id": conflict, "choice": choice, **value}
    )


def marked(conflict: int, choice: str, version: int, block: UUID = TEXT) -> BlockConflictResolved:
    return BlockConflictResolved(
        originator_id=block, originator_version=version, conflict=conflict, choice=choice
    )


def kinds(outcome: Outcome) -> list[str]:
    return [type(event).__name__ for event in outcome.events]


def text(world: World) -> str:
    found: str = world.block(TEXT).content["text"]
    return found


@pytest.fixture
async def conflict(world: World) -> str:
    """Edna made "brown" of the text red, Ada made it blue: it is blue, and at version 5."""
    await world.run(edit({"text": "the quick brown fox jumps over it"}))
    await world.run(edit({"text": "a quick red fox jumps over it"}), user="edna")
    outcome = await world.run(edit({"text": "the quick blue fox jumps over it"}, base_version=2))
    found: str = outcome.body["conflicts"][0]["id"]
    assert found == f"{TEXT}.5"
    return found


class TestTexts:
    async def test_to_choose_what_stands_changes_nothing_but_that_it_is_settled(
        self, world: World, conflict: str
    ) -> None:
        outcome = await world.run(settle(conflict, "mine"), user="edna")

        assert (outcome.status, outcome.body["outcome"]) == (200, "applied")
        assert outcome.events == [marked(5, "mine", 6)]
        assert outcome.body["streams"] == [{"id": str(TEXT), "kind": "block", "version": 6}]

    async def test_of_the_other_side_only_the_words_in_conflict_are_taken(
        self, world: World, conflict: str
    ) -> None:
        outcome = await world.run(settle(conflict, "theirs"))

        assert outcome.events == [
            edited(TEXT, 6, text="a quick red fox jumps over it"),
            marked(5, "theirs", 7),
        ]
        assert outcome.body["outcome"] == "applied"

    async def test_another_value_takes_the_place_of_both(self, world: World, conflict: str) -> None:
        outcome = await world.run(settle(conflict, "value", value="a violet fox"))

        assert outcome.events == [edited(TEXT, 6, text="a violet fox"), marked(5, "value", 7)]

    @pytest.mark.parametrize("choice", ["mine", "theirs"])
    async def test_what_was_edited_since_stays(self, world: World, conflict: str, choice: str) -> None:
        await world.run(edit({"text": "a quick blue fox jumps over it today"}), user="edna")

        outcome = await world.run(settle(conflict, choice))

        colour = {"mine": "blue", "theirs": "red"}[choice]
        assert text(world) == f"a quick {colour} fox jumps over it today"
        assert outcome.body["conflicts"] == []

    async def test_a_later_edit_of_the_same_words_is_kept_by_a_conflict_of_its_own(
        self, world: World, conflict: str
    ) -> None:
        await world.run(edit({"text": "a quick green fox jumps over it"}), user="edna")

        outcome = await world.run(settle(conflict, "theirs"))

        assert kinds(outcome) == ["BlockEdited", "BlockEditConflicted", "BlockConflictResolved"]
        assert outcome.body["outcome"] == "merged"
        [kept] = outcome.body["conflicts"]
        assert (kept["base"], kept["theirs"], kept["mine"]) == (
            "a quick blue fox jumps over it",
            "a quick green fox jumps over it",
            "a quick red fox jumps over it",
        )
        assert kept["actors"] == {"theirs": "edna", "mine": "ada"}
        assert text(world) == "a quick red fox jumps over it"

    async def test_a_later_edit_stays_where_the_side_that_stands_is_chosen(
        self, world: World, conflict: str
    ) -> None:
        await world.run(edit({"text": "a quick green fox jumps over it"}), user="edna")

        outcome = await world.run(settle(conflict, "mine"))

        assert kinds(outcome) == ["BlockConflictResolved"]
        assert text(world) == "a quick green fox jumps over it"

    async def test_a_value_is_merged_with_what_was_edited_since(self, world: World, conflict: str) -> None:
        await world.run(edit({"text": "a quick blue fox jumps over it today"}), user="edna")

        await world.run(settle(conflict, "value", value="a quick violet fox jumps over it"))

        assert text(world) == "a quick violet fox jumps over it today"

    async def test_what_was_taken_whole_is_chosen_whole(self, world: World) -> None:
        sides = {"theirs": f"{'x' * 6_000} two", "mine": f"one {'y' * 6_000}"}
        await world.run(edit({"text": "one two"}))
        await world.run(edit({"text": sides["theirs"]}), user="edna")
        await world.run(edit({"text": sides["mine"]}, base_version=2))

        await world.run(settle(f"{TEXT}.5", "theirs"))

        assert text(world) == sides["theirs"]

    async def test_settling_again_in_the_same_way_changes_nothing(self, world: World, conflict: str) -> None:
        await world.run(settle(conflict, "theirs"), user="edna")

        outcome = await world.run(settle(conflict, "theirs"))

        assert (outcome.body["outcome"], outcome.events) == ("unchanged", [])
        assert outcome.body["streams"][0]["version"] == 7

    @pytest.mark.parametrize("again", [{"choice": "mine"}, {"choice": "value", "value": "x"}])
    async def test_what_is_settled_is_not_settled_otherwise(
        self, world: World, conflict: str, again: dict[str, Any]
    ) -> None:
        await world.run(settle(conflict, "theirs"))

        outcome = await world.run(settle(conflict, **again))

        assert (outcome.status, outcome.code, outcome.events) == (409, "version-conflict", [])
        assert outcome.body["current"] == world.block(TEXT).document()

    async def test_a_value_is_not_given_twice(self, world: World, conflict: str) -> None:
        await world.run(settle(conflict, "value", value="x"))

        assert (await world.run(settle(conflict, "value", value="x"))).status == 409

    async def test_a_repeat_under_the_key_gets_the_first_answer(self, world: World, conflict: str) -> None:
        key = uuid4()
        first = await world.run(settle(conflict, "value", value="x"), key=key)

        again = await world.run(settle(conflict, "value", value="x"), key=key)

        assert (again.status, again.body, again.replayed) == (200, first.body, True)

    async def test_within_a_batch_a_conflict_is_settled_once(self, world: World, conflict: str) -> None:
        same = await world.run_batch(settle(conflict, "theirs"), settle(conflict, "theirs"))
        assert [r["outcome"] for r in same.body["results"]] == ["applied", "unchanged"]

    async def test_a_batch_that_settles_a_conflict_in_two_ways_is_refused(
        self, world: World, conflict: str
    ) -> None:
        outcome = await world.run_batch(settle(conflict, "theirs"), settle(conflict, "mine"))

        assert (outcome.code, outcome.body["index"], outcome.events) == ("version-conflict", 1, [])
        assert outcome.body["current"]["version"] == 5


class TestRefusals:
    @pytest.mark.parametrize(
        "conflict_id",
        [
            f"{TEXT}.4",
            f"{TEXT}.99",
            f"{TEXT}.0",
            f"{TEXT}.-1",
            f"{TEXT}.05",
            f"{TEXT}.5 ",
            f"{TEXT}.\N{ARABIC-INDIC DIGIT FIVE}",
            f"{TEXT}.999999999999999999",
            f"{TEXT}.9999999999999999999",
            f"{TEXT}",
            f"{str(TEXT).upper()}.5",
            f"{PROJECT}.1",
            f"{HEADING}.1",
            "00000000-0000-4000-8000-000000000001.5",
            "5",
            ".",
            "nothing",
        ],
    )
    @pytest.mark.usefixtures("conflict")
    async def test_what_names_no_conflict_is_not_found(self, world: World, conflict_id: str) -> None:
        outcome = await world.run(settle(conflict_id, "mine"))

        assert (outcome.status, outcome.code, outcome.events) == (404, "not-found", [])
        assert outcome.body["detail"] == "no such conflict"

    async def test_a_conflict_of_another_project_is_not_found(self, world: World, conflict: str) -> None:
        mine = await world.run(CreateProject(title="Mine"), user="stranger")
        command = settle(conflict, "mine").model_copy(update={"project_id": UUID(mine.body["project_id"])})

        outcome = await world.run(command, user="stranger")

        assert (outcome.status, outcome.body["detail"]) == (404, "no such conflict")

    @pytest.mark.parametrize("given", [{"choice": "mine", "value": "x"}, {"choice": "theirs", "value": None}])
    async def test_a_side_takes_no_value(self, world: World, conflict: str, given: dict[str, Any]) -> None:
        outcome = await world.run(settle(conflict, **given))

        assert (outcome.status, outcome.fields, outcome.events) == (422, ["value"], [])

    async def test_a_value_has_to_be_given(self, world: World, conflict: str) -> None:
        assert (await world.run(settle(conflict, "value"))).fields == ["value"]

    @pytest.mark.parametrize("value", [None, 1, ["x"], {"text": "x"}, "x" * 10_001, "a\0"])
    async def test_a_value_has_to_fit(self, world: World, conflict: str, value: Any) -> None:
        outcome = await world.run(settle(conflict, "value", value=value))

        assert (outcome.status, outcome.fields, outcome.events) == (422, ["value"], [])
        if isinstance(value, str) and len(value) > 10_000:
            assert outcome.body["errors"][0]["limit"] == 10_000

    async def test_on_a_deleted_block_only_what_stands_can_be_chosen(
        self, world: World, conflict: str
    ) -> None:
        await world.run(DeleteBlock(project_id=PROJECT, block_id=TEXT), user="edna")

        refused = await world.run(settle(conflict, "theirs"))
        outcome = await world.run(settle(conflict, "mine"))

        assert (refused.status, refused.code, refused.events) == (409, "version-conflict", [])
        assert refused.body["current"]["deleted"]
        assert kinds(outcome) == ["BlockConflictResolved"]

    async def test_a_machine_settles_nothing(self, world: World, conflict: str) -> None:
        outcome = await world.run(settle(conflict, "theirs"), machine=True)

        assert (outcome.status, outcome.code, outcome.events) == (403, "forbidden", [])


class TestDeletedAgainstEdited:
    @pytest.fixture
    async def draft(self, world: World) -> str:
        """Ada edited the text when Edna had deleted it; it is deleted, and at version 3."""
        await world.run(DeleteBlock(project_id=PROJECT, block_id=TEXT), user="edna")
        await world.run(edit({"text": "my draft"}, base_version=1))
        return f"{TEXT}.3"

    @pytest.fixture
    async def beaten(self, world: World) -> str:
        """Ada deleted the text when Edna had edited it; it is deleted, and at version 4."""
        await world.run(edit({"text": "Edna's"}), user="edna")
        await world.run(DeleteBlock(project_id=PROJECT, block_id=TEXT, base_version=1))
        return f"{TEXT}.4"

    async def test_the_draft_brings_the_block_back(self, world: World, draft: str) -> None:
        outcome = await world.run(settle(draft, "mine"))

        assert outcome.events == [
            undeleted(TEXT, 4),
            edited(TEXT, 5, text="my draft"),
            marked(3, "mine", 6),
        ]

    async def test_the_deletion_may_stand(self, world: World, draft: str) -> None:
        assert (await world.run(settle(draft, "theirs"))).events == [marked(3, "theirs", 4)]

    async def test_a_value_brings_the_block_back_too(self, world: World, draft: str) -> None:
        outcome = await world.run(settle(draft, "value", value={"text": "both"}))

        assert kinds(outcome) == ["BlockUndeleted", "BlockEdited", "BlockConflictResolved"]
        assert text(world) == "both"

    async def test_no_value_is_the_deletion(self, world: World, draft: str) -> None:
        await world.run(UndeleteBlock(project_id=PROJECT, block_id=TEXT))

        outcome = await world.run(settle(draft, "value", value=None))

        assert outcome.events == [deleted(TEXT, 5), marked(3, "value", 6)]

    async def test_what_was_edited_since_is_not_deleted_without_a_trace(
        self, world: World, draft: str
    ) -> None:
        await world.run(UndeleteBlock(project_id=PROJECT, block_id=TEXT), user="edna")
        await world.run(edit({"text": "Edna's"}), user="edna")

        outcome = await world.run(settle(draft, "value", value=None))

        assert kinds(outcome) == ["BlockDeleted", "BlockEditConflicted", "BlockConflictResolved"]
        assert outcome.body["conflicts"][0]["theirs"] == {"text": "Edna's"}

    async def test_a_block_that_came_back_is_not_deleted_by_the_side_that_stood(
        self, world: World, draft: str
    ) -> None:
        await world.run(UndeleteBlock(project_id=PROJECT, block_id=TEXT), user="edna")

        assert kinds(await world.run(settle(draft, "theirs"))) == ["BlockConflictResolved"]
        assert not world.block(TEXT).deleted

    @pytest.mark.parametrize("value", ["x", 1, [], {"text": 1}, {"colour": "red"}])
    async def test_a_value_that_is_no_content_is_refused(self, world: World, draft: str, value: Any) -> None:
        outcome = await world.run(settle(draft, "value", value=value))

        assert (outcome.status, outcome.fields, outcome.events) == (422, ["value"], [])

    async def test_an_empty_value_is_the_block_as_it_was(self, world: World, draft: str) -> None:
        assert kinds(await world.run(settle(draft, "value", value={}))) == [
            "BlockUndeleted",
            "BlockConflictResolved",
        ]

    async def test_a_draft_is_merged_with_what_was_edited_before_the_deletion(self, world: World) -> None:
        await world.run(edit({"text": "the quick brown fox"}))
        await world.run(edit({"text": "the quick brown cat"}), user="edna")
        await world.run(DeleteBlock(project_id=PROJECT, block_id=TEXT), user="edna")
        await world.run(edit({"text": "a quick brown fox"}, base_version=2))

        await world.run(settle(f"{TEXT}.5", "mine"))

        assert text(world) == "a quick brown cat"

    async def test_the_beaten_edit_comes_back_with_the_block(self, world: World, beaten: str) -> None:
        outcome = await world.run(settle(beaten, "theirs"))

        assert outcome.events == [undeleted(TEXT, 5), marked(4, "theirs", 6)]
        assert text(world) == "Edna's"

    async def test_what_came_back_takes_room(self, world: World, draft: str) -> None:
        texts = [added(uuid4(), PROJECT, parent=SLIDE, rank=f"b{i:04}V") for i in range(1_995)]
        await world.given(*texts)

        outcome = await world.run(settle(draft, "mine"))

        assert (outcome.status, outcome.fields, outcome.events) == (422, ["block_id"], [])


class TestPlaces:
    @pytest.fixture
    async def place(self, world: World) -> str:
        """Edna moved the heading to the last slide, Ada to the top of the first, where it is; version 4."""
        await world.run(MoveBlock(project_id=PROJECT, block_id=HEADING, parent_id=LAST_SLIDE), user="edna")
        await world.run(MoveBlock(project_id=PROJECT, block_id=HEADING, before_id=TEXT, base_version=1))
        return f"{HEADING}.4"

    async def test_the_other_place_can_be_chosen(self, world: World, place: str) -> None:
        outcome = await world.run(settle(place, "theirs"))

        assert outcome.events == [moved(HEADING, 5, "a0", LAST_SLIDE), marked(4, "theirs", 6, HEADING)]

    async def test_the_place_that_stands_can_be_chosen(self, world: World, place: str) -> None:
        assert kinds(await world.run(settle(place, "mine"))) == ["BlockConflictResolved"]

    async def test_a_later_move_is_kept_by_a_conflict(self, world: World, place: str) -> None:
        await world.run(MoveBlock(project_id=PROJECT, block_id=HEADING, parent_id=GROUP), user="edna")

        outcome = await world.run(settle(place, "theirs"))

        assert kinds(outcome) == ["BlockMoved", "BlockEditConflicted", "BlockConflictResolved"]
        [kept] = outcome.body["conflicts"]
        assert (kept["field"], kept["theirs"]["parent_id"]) == ("place", str(GROUP))
        assert kept["actors"] == {"theirs": "edna", "mine": "ada"}

    async def test_a_later_move_stays_where_the_place_that_stood_is_chosen(
        self, world: World, place: str
    ) -> None:
        await world.run(MoveBlock(project_id=PROJECT, block_id=HEADING, parent_id=GROUP), user="edna")

        assert kinds(await world.run(settle(place, "mine"))) == ["BlockConflictResolved"]
        assert world.block(HEADING).parent_id == GROUP

    async def test_a_place_on_a_deleted_slide_cannot_be_chosen(self, world: World, place: str) -> None:
        await world.run(DeleteBlock(project_id=PROJECT, block_id=LAST_SLIDE))

        outcome = await world.run(settle(place, "theirs"))

        assert (outcome.status, outcome.fields, outcome.events) == (422, ["choice"], [])

    async def test_a_place_is_no_value(self, world: World, place: str) -> None:
        outcome = await world.run(settle(place, "value", value={"parent_id": str(GROUP), "rank": "a0"}))

        assert (outcome.status, outcome.fields) == (422, ["choice"])


def items(**texts: str) -> dict[str, Any]:
    return {"items": [{"id": key, "text": value, "level": 0} for key, value in texts.items()]}


def table(columns: str, **rows: str) -> dict[str, Any]:
    """Write a table: `table("a:A b:B", r="1 2")`; a dot is an empty cell."""
    heads = [part.split(":") for part in columns.split()]
    return {
        "columns": [{"id": key, "text": value} for key, value in heads],
        "rows": [
            {"id": key, "cells": [c.replace(".", "") for c in cells.split()]} for key, cells in rows.items()
        ],
    }


def chart(categories: str, **series: list[float | None]) -> dict[str, Any]:
    return {
        "kind": "column",
        "categories": categories.split(),
        "series": [{"id": key, "name": key.upper(), "values": values} for key, values in series.items()],
    }


# Per case: block type, the content before, theirs, mine.
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "a text": ("text", {"text": "a b c"}, {"text": "a x c"}, {"text": "a y c"}),
    "a choice": (
        "callout",
        {"tone": "info", "text": "t"},
        {"tone": "tip", "text": "t"},
        {"tone": "danger", "text": "t"},
    ),
    "two fields": (
        "quote",
        {"text": "a", "by": "b"},
        {"text": "c", "by": "d"},
        {"text": "e", "by": "f"},
    ),
    "a line of code": (
        "code",
        {"language": "py", "text": "a = 1\nb = 2\nc = 3\n"},
        {"language": "py", "text": "a = 1\nb = 20\nc = 3\n"},
        {"language": "py", "text": "a = 1\nb = 2 + 1\nc = 3\n"},
    ),
    "an item's text": ("bullets", items(a="1", b="2"), items(a="1", b="3"), items(a="1", b="4")),
    "an item, deleted by them": ("bullets", items(a="1", b="2"), items(b="2"), items(a="x", b="2")),
    "an item, deleted by me": ("bullets", items(a="1", b="2"), items(a="1", b="y"), items(a="1")),
    "the order of items": (
        "bullets",
        items(a="1", b="2", c="3"),
        items(c="3", a="1", b="2"),
        items(b="2", a="1", c="3"),
    ),
    "a cell": ("table", table("a:A b:B", r="1 2"), table("a:A b:B", r="1 3"), table("a:A b:B", r="1 4")),
    "a heading of a column": ("table", table("a:A", r="1"), table("a:X", r="1"), table("a:Y", r="1")),
    "a row, deleted by them": (
        "table",
        table("a:A", r="1", s="2"),
        table("a:A", r="1"),
        table("a:A", r="1", s="x"),
    ),
    "a row, deleted by me": (
        "table",
        table("a:A", r="1", s="2"),
        table("a:A", r="1", s="x"),
        table("a:A", r="1"),
    ),
    "a column, deleted by them": (
        "table",
        table("a:A b:B", r="1 2", s="3 4"),
        table("a:A", r="1", s="3"),
        table("a:A b:X", r="1 9", s="3 4"),
    ),
    "a column, deleted by me": (
        "table",
        table("a:A b:B", r="1 2", s="3 4"),
        table("a:A b:X", r="1 9", s="3 4"),
        table("a:A", r="1", s="3"),
    ),
    "the order of columns": (
        "table",
        table("a:A b:B c:C", r="1 2 3"),
        table("c:C a:A b:B", r="3 1 2"),
        table("b:B a:A c:C", r="2 1 3"),
    ),
    "the order of rows": (
        "table",
        table("a:A", r="1", s="2", t="3"),
        table("a:A", t="3", r="1", s="2"),
        table("a:A", s="2", r="1", t="3"),
    ),
    "a value of a series": (
        "chart",
        chart("a b", s=[1, 2]),
        chart("a b", s=[1, 3]),
        chart("a b", s=[1, 4]),
    ),
    "a series, deleted by them": (
        "chart",
        chart("a", s=[1], t=[2]),
        chart("a", s=[1]),
        chart("a", s=[1], t=[9]),
    ),
    "a series, deleted by me": (
        "chart",
        chart("a", s=[1], t=[2]),
        chart("a", s=[1], t=[9]),
        chart("a", s=[1]),
    ),
    "a category's label": ("chart", chart("a b", s=[1, 2]), chart("x b", s=[1, 2]), chart("y b", s=[1, 2])),
    "a category, deleted by them": (
        "chart",
        chart("a b", s=[1, 2]),
        chart("a", s=[1]),
        chart("a b", s=[1, 9]),
    ),
    "a category, deleted by me": (
        "chart",
        chart("a b", s=[1, 2]),
        chart("a b", s=[1, 9]),
        chart("a", s=[1]),
    ),
    "other categories altogether": (
        "chart",
        chart("a b", s=[1, 2]),
        chart("c d e", s=[1, 2, 3]),
        chart("f g h i", s=[5, 6, 7, 8]),
    ),
}


@pytest.mark.parametrize(("kind", "base", "theirs", "mine"), CASES.values(), ids=CASES)
class TestEachKind:
    async def conflicted(
        self, world: World, kind: str, base: dict[str, Any], theirs: dict[str, Any], mine: dict[str, Any]
    ) -> list[str]:
        await world.given(added(BLOCK, PROJECT, kind, parent=SLIDE, rank="a9", content=base))
        await world.run(edit(theirs, BLOCK), user="edna")
        outcome = await world.run(edit(mine, BLOCK, base_version=1))
        assert world.block(BLOCK).content == merge_content(kind, base, theirs, mine, winner="mine").content
        return [c["id"] for c in outcome.body["conflicts"]]

    async def test_who_chooses_theirs_throughout_has_what_theirs_would_have_made(
        self, world: World, kind: str, base: dict[str, Any], theirs: dict[str, Any], mine: dict[str, Any]
    ) -> None:
        conflicts = await self.conflicted(world, kind, base, theirs, mine)
        assert conflicts

        for conflict in conflicts:
            outcome = await world.run(settle(conflict, "theirs"))
            assert (outcome.status, outcome.body["conflicts"]) == (200, []), outcome.body

        expected = merge_content(kind, base, theirs, mine, winner="theirs").content
        assert world.block(BLOCK).content == expected

    async def test_who_chooses_mine_throughout_has_what_stands(
        self, world: World, kind: str, base: dict[str, Any], theirs: dict[str, Any], mine: dict[str, Any]
    ) -> None:
        conflicts = await self.conflicted(world, kind, base, theirs, mine)

        for conflict in conflicts:
            assert kinds(await world.run(settle(conflict, "mine"))) == ["BlockConflictResolved"]

    async def test_a_value_of_another_kind_is_refused(
        self, world: World, kind: str, base: dict[str, Any], theirs: dict[str, Any], mine: dict[str, Any]
    ) -> None:
        for conflict in await self.conflicted(world, kind, base, theirs, mine):
            for wrong in ({"no": [{}]}, True, [None]):
                outcome = await world.run(settle(conflict, "value", value=wrong))
                assert outcome.status == 422, (wrong, outcome.body)
                assert set(outcome.fields) == {"value"}
                assert outcome.events == []


async def test_two_conflicts_of_one_block_are_settled_each_for_itself(world: World) -> None:
    await world.run(edit({"text": "Edna's", "level": 3}, HEADING), user="edna")
    conflicted = await world.run(edit({"text": "mine", "level": 4}, HEADING, base_version=1))
    fields = {c["field"]: c["id"] for c in conflicted.body["conflicts"]}

    await world.run(settle(fields["level"], "theirs"))
    await world.run(settle(fields["text"], "mine"))

    assert world.block(HEADING).content == {"text": "mine", "level": 3}
    settled = [r.event for r in world.log.events if isinstance(r.event, BlockConflictResolved)]
    assert len(settled) == 2


async def test_whoever_edited_since_is_the_other_side_of_the_new_conflict(world: World) -> None:
    await world.given(granted(PROJECT, 5, "grace", "editor"))
    await world.run(edit({"text": "Edna's"}), user="edna")
    await world.run(edit({"text": "Ada's"}, base_version=1), user="ada")
    await world.run(edit({"text": "Grace's"}), user="grace")

    outcome = await world.run(settle(f"{TEXT}.4", "theirs"), user="edna")

    [kept] = [e for e in outcome.events if isinstance(e, BlockEditConflicted)]
    assert (kept.theirs, kept.theirs_by, kept.mine_by) == ("Grace's", "grace", "edna")
    assert sum(isinstance(e, BlockEdited) for e in outcome.events) == 1
