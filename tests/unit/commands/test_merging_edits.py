"""Edits that were made on an earlier version: merged, kept by a conflict, or refused."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.messages import (
    AcceptSuggestion,
    CreateProject,
    DeleteBlock,
    EditBlock,
    MoveBlock,
    UndeleteBlock,
)
from domain.block import BlockConflictResolved, BlockEditConflicted, BlockEdited, BlockEditSuggested
from domain.content import BLOCK_TYPES, LIMITS
from domain.events import Event
from domain.merge import merge_content
from tests.support.making import added, deleted, edited, granted, undeleted
from tests.support.scenario import HEADING, PROJECT, SLIDE, TEXT, Outcome, World

LIST = UUID("c2a9d7b0-2b1e-4e39-9d5e-8a7f0a4f5c0a")
TABLE = UUID("c2a9d7b0-2b1e-4e39-9d5e-8a7f0a4f5c0b")


def edit(changes: dict[str, Any], block: UUID = TEXT, **fields: Any) -> EditBlock:
    return EditBlock(project_id=PROJECT, block_id=block, changes=changes, **fields)


def bullets(**texts: str) -> list[dict[str, Any]]:
    return [{"id": key, "text": text, "level": 0} for key, text in texts.items()]


def kinds(events: Sequence[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def conflict_of(outcome: Outcome) -> BlockEditConflicted:
    [event] = [e for e in outcome.events if isinstance(e, BlockEditConflicted)]
    return event


@pytest.fixture
async def sentence(world: World) -> World:
    """The text is a sentence, at version 2."""
    await world.run(edit({"text": "the quick brown fox"}))
    return world


class TestMerge:
    async def test_edits_of_different_fields_are_both_had(self, world: World) -> None:
        await world.run(edit({"text": "Edna's"}, HEADING), user="edna")

        outcome = await world.run(edit({"level": 3}, HEADING, base_version=1))

        assert (outcome.status, outcome.body["outcome"], outcome.body["conflicts"]) == (200, "merged", [])
        assert outcome.events == [edited(HEADING, 3, level=3)]
        assert world.block(HEADING).content == {"text": "Edna's", "level": 3}

    async def test_edits_of_different_words_are_both_had(self, sentence: World) -> None:
        await sentence.run(edit({"text": "the quick brown cat"}), user="edna")

        outcome = await sentence.run(edit({"text": "the slow brown fox"}, base_version=2))

        assert outcome.body["outcome"] == "merged"
        assert outcome.events == [edited(TEXT, 4, text="the slow brown cat")]

    async def test_of_two_edits_of_one_word_the_later_stands_and_the_other_is_kept(
        self, sentence: World
    ) -> None:
        await sentence.run(edit({"text": "the quick red fox"}), user="edna")

        outcome = await sentence.run(edit({"text": "the quick blue fox"}, base_version=2), user="ada")

        assert outcome.body["outcome"] == "merged"
        assert outcome.events == [
            edited(TEXT, 4, text="the quick blue fox"),
            BlockEditConflicted(
                originator_id=TEXT,
                originator_version=5,
                field="text",
                item=None,
                part=None,
                base="the quick brown fox",
                theirs="the quick red fox",
                mine="the quick blue fox",
                theirs_by="edna",
                mine_by="ada",
                winner="mine",
            ),
        ]
        assert outcome.body["streams"] == [{"id": str(TEXT), "kind": "block", "version": 5}]
        assert outcome.body["conflicts"] == [
            {
                "id": f"{TEXT}.5",
                "block_id": str(TEXT),
                "field": "text",
                "item": None,
                "part": None,
                "base": "the quick brown fox",
                "theirs": "the quick red fox",
                "mine": "the quick blue fox",
                "actors": {"theirs": "edna", "mine": "ada"},
                "winner": "mine",
            }
        ]

    async def test_beside_a_conflict_what_can_be_merged_is(self, sentence: World) -> None:
        await sentence.run(edit({"text": "a quick red fox"}), user="edna")

        outcome = await sentence.run(edit({"text": "the quick blue fox"}, base_version=2))

        assert outcome.events[0] == edited(TEXT, 4, text="a quick blue fox")
        assert conflict_of(outcome).theirs == "a quick red fox"

    async def test_the_same_edit_again_changes_nothing(self, sentence: World) -> None:
        await sentence.run(edit({"text": "same"}), user="edna")

        outcome = await sentence.run(edit({"text": "same"}, base_version=2))

        assert (outcome.body["outcome"], outcome.events) == ("unchanged", [])

    async def test_what_was_changed_back_meanwhile_is_no_conflict(self, sentence: World) -> None:
        await sentence.run(edit({"text": "other"}), user="edna")
        await sentence.run(edit({"text": "the quick brown fox"}), user="edna")

        outcome = await sentence.run(edit({"text": "mine"}, base_version=2, on_conflict="reject"))

        assert (outcome.body["outcome"], outcome.events) == ("applied", [edited(TEXT, 5, text="mine")])

    async def test_the_other_side_is_whoever_changed_the_field_last_and_not_who_came_last(
        self, world: World
    ) -> None:
        await world.run(edit({"text": "Edna's"}, HEADING), user="edna")
        await world.run(edit({"level": 4}, HEADING), user="ada")

        outcome = await world.run(edit({"text": "mine"}, HEADING, base_version=1), user="ada")

        assert conflict_of(outcome).theirs_by == "edna"

    async def test_an_edit_between_two_of_ones_own_is_the_others(self, sentence: World) -> None:
        await sentence.run(edit({"text": "the quick red fox"}), user="edna")
        await sentence.run(edit({"text": "a quick brown fox"}, base_version=2), user="ada")

        outcome = await sentence.run(edit({"text": "the quick blue fox"}, base_version=2), user="ada")

        assert conflict_of(outcome).theirs_by == "edna"

    async def test_items_of_a_list_merge_by_their_ids(self, world: World) -> None:
        items = bullets(a="one", b="two")
        await world.given(added(LIST, PROJECT, "bullets", parent=SLIDE, rank="a9", content={"items": items}))
        await world.run(edit({"items": [*items, *bullets(c="Edna's")]}, LIST), user="edna")

        outcome = await world.run(edit({"items": bullets(a="one", b="mine")}, LIST, base_version=1))

        assert outcome.body["conflicts"] == []
        assert world.block(LIST).content == {"items": bullets(a="one", b="mine", c="Edna's")}

    async def test_a_conflict_about_an_item_says_which_and_what_of_it(self, world: World) -> None:
        await world.given(
            added(LIST, PROJECT, "bullets", parent=SLIDE, rank="a9", content={"items": bullets(a="one")})
        )
        await world.run(edit({"items": bullets(a="two")}, LIST), user="edna")

        outcome = await world.run(edit({"items": bullets(a="three")}, LIST, base_version=1))

        event = conflict_of(outcome)
        assert (event.field, event.item, event.part) == ("items", "a", "text")
        assert (event.base, event.theirs, event.mine) == ("one", "two", "three")

    async def test_very_many_conflicts_of_a_field_become_one_of_the_whole(self, world: World) -> None:
        names = [f"i{n}" for n in range(11)]
        versions = [bullets(**{n: f"{word} {n}" for n in names}) for word in ("old", "theirs", "mine")]
        content = {"items": versions[0]}
        await world.given(added(LIST, PROJECT, "bullets", parent=SLIDE, rank="a9", content=content))
        await world.run(edit({"items": versions[1]}, LIST), user="edna")

        outcome = await world.run(edit({"items": versions[2]}, LIST, base_version=1))

        event = conflict_of(outcome)
        assert (event.item, event.part) == (None, None)
        assert [event.base, event.theirs, event.mine] == versions

    async def test_ten_conflicts_of_a_field_are_ten(self, world: World) -> None:
        names = [f"i{n}" for n in range(10)]
        versions = [bullets(**{n: f"{word} {n}" for n in names}) for word in ("old", "theirs", "mine")]
        content = {"items": versions[0]}
        await world.given(added(LIST, PROJECT, "bullets", parent=SLIDE, rank="a9", content=content))
        await world.run(edit({"items": versions[1]}, LIST), user="edna")

        outcome = await world.run(edit({"items": versions[2]}, LIST, base_version=1))

        assert [c["item"] for c in outcome.body["conflicts"]] == names
        assert [c["id"] for c in outcome.body["conflicts"]] == [f"{LIST}.{n}" for n in range(4, 14)]

    async def test_a_repeat_is_told_the_same_conflicts(self, sentence: World) -> None:
        await sentence.run(edit({"text": "Edna's"}), user="edna")
        key = uuid4()
        command = edit({"text": "mine"}, base_version=2)
        first = await sentence.run(command, key=key)
        await sentence.run(edit({"text": "later"}), user="edna")

        for process in (sentence.process(), sentence.process()):
            again = await process.run(command, key=key)
            assert (again.replayed, again.body, again.events) == (True, first.body, [])
        assert first.body["conflicts"]

    async def test_a_block_of_another_project_is_not_found_whatever_the_base(self, world: World) -> None:
        mine = await world.run(CreateProject(title="Mine"), user="stranger")

        for version in (1, 9):
            command = EditBlock(
                project_id=UUID(mine.body["project_id"]),
                block_id=TEXT,
                changes={"text": "x"},
                base_version=version,
            )
            outcome = await world.run(command, user="stranger")
            assert (outcome.status, outcome.code, outcome.events) == (404, "not-found", [])

    async def test_an_edit_that_was_valid_nowhere_is_refused(self, sentence: World) -> None:
        await sentence.run(edit({"text": "Edna's"}), user="edna")

        outcome = await sentence.run(edit({"text": 1}, base_version=2))

        assert (outcome.status, outcome.fields, outcome.events) == (422, ["changes.text"], [])


class TestReject:
    async def test_what_can_be_merged_is_not_refused(self, sentence: World) -> None:
        await sentence.run(edit({"text": "the quick brown cat"}), user="edna")

        outcome = await sentence.run(
            edit({"text": "the slow brown fox"}, base_version=2, on_conflict="reject")
        )

        assert outcome.events == [edited(TEXT, 4, text="the slow brown cat")]

    async def test_a_refusal_tells_all_that_is_needed_to_rebase(self, sentence: World) -> None:
        await sentence.run(edit({"text": "the quick red cat"}), user="edna")

        outcome = await sentence.run(edit({"text": "a quick blue fox"}, base_version=2, on_conflict="reject"))

        assert (outcome.status, outcome.code, outcome.events) == (409, "version-conflict", [])
        assert outcome.body["current"] == sentence.block(TEXT).document()
        assert [(e["event"], e["actor"]["id"], e["data"]) for e in outcome.body["events"]] == [
            ("block-edited", "edna", {"changes": {"text": "the quick red cat"}})
        ]


class TestLastWriteWins:
    async def test_without_a_loss_it_is_a_merge(self, world: World) -> None:
        await world.run(edit({"text": "Edna's"}, HEADING), user="edna")

        outcome = await world.run(edit({"level": 3}, HEADING, base_version=1, on_conflict="last-write-wins"))

        assert (outcome.body["outcome"], outcome.events) == ("merged", [edited(HEADING, 3, level=3)])

    async def test_words_are_not_merged(self, sentence: World) -> None:
        await sentence.run(edit({"text": "the quick brown cat"}), user="edna")

        outcome = await sentence.run(
            edit({"text": "the slow brown fox"}, base_version=2, on_conflict="last-write-wins")
        )

        assert (outcome.body["outcome"], outcome.body["conflicts"]) == ("overwritten", [])
        assert outcome.events == [edited(TEXT, 4, text="the slow brown fox")]


class TestDeletedBlocks:
    async def test_the_draft_of_a_deleted_block_is_kept(self, sentence: World) -> None:
        await sentence.run(DeleteBlock(project_id=PROJECT, block_id=TEXT), user="edna")

        outcome = await sentence.run(edit({"text": "my draft"}, base_version=2))

        assert (outcome.body["outcome"], kinds(outcome.events)) == ("merged", ["BlockEditConflicted"])
        [conflict] = outcome.body["conflicts"]
        assert (conflict["field"], conflict["winner"]) == ("deleted", "theirs")
        assert (conflict["base"], conflict["theirs"], conflict["mine"]) == (
            {"text": "the quick brown fox"},
            None,
            {"text": "my draft"},
        )
        assert conflict["actors"] == {"theirs": "edna", "mine": "ada"}
        assert sentence.block(TEXT).deleted

    async def test_a_draft_without_a_change_is_none(self, sentence: World) -> None:
        await sentence.run(DeleteBlock(project_id=PROJECT, block_id=TEXT), user="edna")

        outcome = await sentence.run(edit({"text": "the quick brown fox"}, base_version=2))

        assert (outcome.body["outcome"], outcome.events) == ("unchanged", [])

    async def test_who_overrules_the_deletion_brings_the_block_back(self, sentence: World) -> None:
        await sentence.run(DeleteBlock(project_id=PROJECT, block_id=TEXT), user="edna")

        outcome = await sentence.run(
            edit({"text": "my draft"}, base_version=2, on_conflict="last-write-wins")
        )

        assert outcome.body["outcome"] == "overwritten"
        assert outcome.events == [undeleted(TEXT, 4), edited(TEXT, 5, text="my draft")]

    async def test_a_block_that_is_back_is_edited(self, sentence: World) -> None:
        await sentence.run(DeleteBlock(project_id=PROJECT, block_id=TEXT), user="edna")
        await sentence.run(UndeleteBlock(project_id=PROJECT, block_id=TEXT), user="edna")

        outcome = await sentence.run(edit({"text": "mine"}, base_version=2))

        assert outcome.events == [edited(TEXT, 5, text="mine")]

    async def test_drafts_of_a_batch_are_kept_as_they_grew(self, world: World) -> None:
        """The latest conflict holds all of the draft, on what the block was before."""
        table = {"columns": [{"id": "a", "text": "A"}], "rows": [{"id": "r", "cells": ["1"]}]}
        await world.given(added(TABLE, PROJECT, "table", parent=SLIDE, rank="a9", content=table))
        await world.run(DeleteBlock(project_id=PROJECT, block_id=TABLE), user="edna")
        columns = [{"id": "a", "text": "A"}, {"id": "b", "text": "B"}]
        wider = {"columns": columns, "rows": [{"id": "r", "cells": ["1", "2"]}]}

        for base in (1, 2, None):
            outcome = await world.run_batch(
                edit(wider, TABLE, base_version=base),
                edit({"rows": [{"id": "r", "cells": ["1", "3"]}]}, TABLE, base_version=base),
            )

            assert kinds(outcome.events) == ["BlockEditConflicted", "BlockEditConflicted"]
            last = outcome.events[-1]
            assert isinstance(last, BlockEditConflicted)
            assert last.base == table
            assert last.mine == {"columns": columns, "rows": [{"id": "r", "cells": ["1", "3"]}]}


class TestDeleting:
    def delete(self, **fields: Any) -> DeleteBlock:
        return DeleteBlock(project_id=PROJECT, block_id=HEADING, **fields)

    async def test_what_was_edited_meanwhile_is_deleted_and_the_edit_is_kept(self, world: World) -> None:
        await world.run(edit({"text": "Edna's"}, HEADING), user="edna")

        outcome = await world.run(self.delete(base_version=1))

        assert (outcome.body["outcome"], kinds(outcome.events)) == (
            "merged",
            ["BlockDeleted", "BlockEditConflicted"],
        )
        [conflict] = outcome.body["conflicts"]
        assert (conflict["field"], conflict["winner"]) == ("deleted", "mine")
        assert (conflict["base"], conflict["theirs"], conflict["mine"]) == (
            {"text": "H"},
            {"text": "Edna's"},
            None,
        )
        assert conflict["actors"] == {"theirs": "edna", "mine": "ada"}

    async def test_it_is_refused_where_asked_to(self, world: World) -> None:
        await world.run(edit({"text": "Edna's"}, HEADING), user="edna")

        outcome = await world.run(self.delete(base_version=1, on_conflict="reject"))

        assert (outcome.status, outcome.code, outcome.events) == (409, "version-conflict", [])
        assert outcome.body["current"]["content"]["text"] == "Edna's"
        assert len(outcome.body["events"]) == 1

    async def test_the_last_writer_wins_where_asked_to(self, world: World) -> None:
        await world.run(edit({"text": "Edna's"}, HEADING), user="edna")

        outcome = await world.run(self.delete(base_version=1, on_conflict="last-write-wins"))

        assert (outcome.body["outcome"], outcome.events) == ("overwritten", [deleted(HEADING, 3)])

    @pytest.mark.parametrize("on_conflict", ["merge", "reject", "last-write-wins"])
    async def test_what_was_not_edited_is_just_deleted(self, world: World, on_conflict: str) -> None:
        outcome = await world.run(self.delete(base_version=1, on_conflict=on_conflict))

        assert (outcome.body["outcome"], outcome.events) == ("applied", [deleted(HEADING, 2)])

    @pytest.mark.parametrize("on_conflict", ["merge", "reject", "last-write-wins"])
    async def test_what_is_deleted_already_stays_so(self, world: World, on_conflict: str) -> None:
        await world.run(edit({"text": "Edna's"}, HEADING), user="edna")
        await world.run(self.delete(), user="edna")

        outcome = await world.run(self.delete(base_version=1, on_conflict=on_conflict))

        assert (outcome.body["outcome"], outcome.events) == ("unchanged", [])

    async def test_of_two_that_edited_it_the_last_is_named(self, world: World) -> None:
        await world.given(granted(PROJECT, 5, "grace", "editor"))
        await world.run(edit({"level": 3}, HEADING), user="edna")
        await world.run(edit({"text": "Grace's"}, HEADING), user="grace")
        await world.run(MoveBlock(project_id=PROJECT, block_id=HEADING, before_id=TEXT), user="edna")

        outcome = await world.run(self.delete(base_version=1), user="ada")

        assert conflict_of(outcome).theirs_by == "grace"
        assert conflict_of(outcome).theirs == {"text": "Grace's", "level": 3}


class TestMachines:
    async def test_what_does_not_touch_a_person_s_edit_is_merged(self, sentence: World) -> None:
        await sentence.run(edit({"text": "the quick brown cat"}), user="edna")

        outcome = await sentence.run(
            edit({"text": "the slow brown fox"}, base_version=2), user="ada", machine=True
        )

        assert outcome.events == [edited(TEXT, 4, text="the slow brown cat")]

    async def test_what_would_beat_a_person_is_suggested_and_the_rest_is_merged(
        self, sentence: World
    ) -> None:
        await sentence.run(edit({"text": "the quick red fox"}), user="edna")

        outcome = await sentence.run(
            edit({"text": "a quick blue fox"}, base_version=2), user="ada", machine=True
        )

        assert outcome.events == [
            edited(TEXT, 4, text="a quick red fox"),
            BlockEditSuggested(
                originator_id=TEXT,
                originator_version=5,
                changes={"text": "a quick blue fox"},
                base_version=2,
                reason="ada edited the block while a person did",
            ),
        ]
        assert (outcome.body["outcome"], outcome.body["conflicts"]) == ("merged", [])
        assert outcome.body["result"] == {"suggestion_id": f"{TEXT}.5"}

    @pytest.mark.parametrize("on_conflict", ["merge", "last-write-wins"])
    async def test_a_machine_does_not_overwrite_a_person(self, sentence: World, on_conflict: str) -> None:
        await sentence.run(edit({"text": "Edna's"}), user="edna")

        outcome = await sentence.run(
            edit({"text": "machine's"}, base_version=2, on_conflict=on_conflict), machine=True
        )

        assert kinds(outcome.events) == ["BlockEditSuggested"]
        assert sentence.block(TEXT).content == {"text": "Edna's"}

    async def test_between_machines_the_later_stands(self, sentence: World) -> None:
        await sentence.run(edit({"text": "one's"}), user="edna", machine=True)
        await sentence.run(DeleteBlock(project_id=PROJECT, block_id=TEXT), user="edna")
        await sentence.run(UndeleteBlock(project_id=PROJECT, block_id=TEXT), user="edna")

        outcome = await sentence.run(edit({"text": "other's"}, base_version=2), machine=True)

        assert kinds(outcome.events) == ["BlockEdited", "BlockEditConflicted"]

    async def test_a_person_beats_a_machine(self, sentence: World) -> None:
        await sentence.run(edit({"text": "machine's"}), user="edna", machine=True)

        outcome = await sentence.run(edit({"text": "mine"}, base_version=2))

        assert kinds(outcome.events) == ["BlockEdited", "BlockEditConflicted"]
        assert sentence.block(TEXT).content == {"text": "mine"}

    @pytest.mark.parametrize("on_conflict", ["merge", "last-write-wins"])
    async def test_a_machine_does_not_bring_back_what_a_person_deleted(
        self, sentence: World, on_conflict: str
    ) -> None:
        await sentence.run(DeleteBlock(project_id=PROJECT, block_id=TEXT), user="edna")

        outcome = await sentence.run(
            edit({"text": "machine's"}, base_version=2, on_conflict=on_conflict), machine=True
        )

        assert kinds(outcome.events) == ["BlockEditConflicted"]
        assert sentence.block(TEXT).deleted

    @pytest.mark.parametrize("on_conflict", ["merge", "last-write-wins"])
    async def test_a_machine_does_not_delete_what_a_person_edited(
        self, sentence: World, on_conflict: str
    ) -> None:
        await sentence.run(edit({"text": "Edna's"}), user="edna")

        outcome = await sentence.run(
            DeleteBlock(project_id=PROJECT, block_id=TEXT, base_version=2, on_conflict=on_conflict),
            machine=True,
        )

        event = conflict_of(outcome)
        assert (event.field, event.winner, event.mine) == ("deleted", "theirs", None)
        assert not sentence.block(TEXT).deleted

    async def test_a_column_that_a_person_wrote_in_is_not_taken_away(self, world: World) -> None:
        table = {
            "columns": [{"id": "a", "text": "A"}, {"id": "b", "text": "B"}],
            "rows": [{"id": "r", "cells": ["1", "2"]}],
        }
        narrow = {"columns": [{"id": "a", "text": "A"}], "rows": [{"id": "r", "cells": ["1"]}]}
        await world.given(added(TABLE, PROJECT, "table", parent=SLIDE, rank="a9", content=table))
        await world.run(edit({"rows": [{"id": "r", "cells": ["1", "Edna's"]}]}, TABLE), user="edna")

        outcome = await world.run(edit(narrow, TABLE, base_version=1), machine=True)
        suggestion = outcome.events[-1]
        assert isinstance(suggestion, BlockEditSuggested)
        accepted = await world.run(
            AcceptSuggestion(project_id=PROJECT, suggestion_id=outcome.body["result"]["suggestion_id"])
        )

        # What is suggested of a table is all of it: its columns alone would fit no rows.
        assert (kinds(outcome.events), suggestion.changes) == (["BlockEditSuggested"], narrow)
        assert world.block(TABLE).content == narrow
        [conflict] = accepted.body["conflicts"]
        assert (conflict["field"], conflict["item"], conflict["mine"]) == ("columns", "b", None)
        assert conflict["actors"] == {"theirs": "edna", "mine": "ada"}


class TestLimits:
    async def test_two_edits_that_are_too_long_together_are_a_conflict(self, world: World) -> None:
        base = "one two"
        theirs, mine = f"{'x' * 6_000} two", f"one {'y' * 6_000}"
        await world.run(edit({"text": base}))
        await world.run(edit({"text": theirs}), user="edna")

        outcome = await world.run(edit({"text": mine}, base_version=2))

        assert world.block(TEXT).content == {"text": mine}
        assert (conflict_of(outcome).theirs, conflict_of(outcome).mine) == (theirs, mine)

    async def test_two_edits_that_are_too_many_items_together_are_a_conflict(self, world: World) -> None:
        base = bullets(**{f"b{i}": str(i) for i in range(60)})
        theirs = [*base, *bullets(**{f"t{i}": "theirs" for i in range(30)})]
        mine = [*base, *bullets(**{f"m{i}": "mine" for i in range(30)})]
        await world.given(added(LIST, PROJECT, "bullets", parent=SLIDE, rank="a9", content={"items": base}))
        await world.run(edit({"items": theirs}, LIST), user="edna")

        outcome = await world.run(edit({"items": mine}, LIST, base_version=1))

        assert world.block(LIST).content == {"items": mine}
        event = conflict_of(outcome)
        assert (event.field, event.item, event.theirs, event.mine) == ("items", None, theirs, mine)

    async def test_two_edits_that_are_too_many_bytes_together_are_a_conflict(self, world: World) -> None:
        base = bullets(**{f"b{i}": "-" for i in range(10)})
        theirs = [{**item, "text": "t" * 9_000} if i < 5 else item for i, item in enumerate(base)]
        mine = [{**item, "text": "m" * 9_000} if i >= 5 else item for i, item in enumerate(base)]
        await world.given(added(LIST, PROJECT, "bullets", parent=SLIDE, rank="a9", content={"items": base}))
        await world.run(edit({"items": theirs}, LIST), user="edna")

        outcome = await world.run(edit({"items": mine}, LIST, base_version=1))

        assert world.block(LIST).content == {"items": mine}
        assert (
            len(BLOCK_TYPES["bullets"].model_validate({"items": mine}).model_dump_json())
            <= LIMITS.BLOCK_BYTES
        )
        assert (conflict_of(outcome).theirs, conflict_of(outcome).mine) == (theirs, mine)


class TestBatches:
    async def test_two_edits_of_one_base_are_one_hand_s(self, sentence: World) -> None:
        """Whoever made them saw the first when he made the second: it is no conflict with himself."""
        await sentence.run(edit({"text": "the quick brown cat"}), user="edna")

        outcome = await sentence.run_batch(
            edit({"text": "the slow brown fox"}, base_version=2),
            edit({"text": "the slower brown fox"}, base_version=2),
        )

        assert [r["outcome"] for r in outcome.body["results"]] == ["merged", "merged"]
        assert outcome.events == [
            edited(TEXT, 4, text="the slow brown cat"),
            edited(TEXT, 5, text="the slower brown cat"),
        ]

    async def test_a_second_edit_does_not_meet_the_same_conflict_again(self, sentence: World) -> None:
        await sentence.run(edit({"text": "the quick red fox"}), user="edna")

        outcome = await sentence.run_batch(
            edit({"text": "the quick blue fox"}, base_version=2),
            edit({"text": "the quick green fox"}, base_version=2),
        )

        assert kinds(outcome.events) == ["BlockEdited", "BlockEditConflicted", "BlockEdited"]
        assert sentence.block(TEXT).content == {"text": "the quick green fox"}

    async def test_of_other_fields_the_second_edit_leaves_the_first(self, world: World) -> None:
        await world.run(edit({"text": "Edna's"}, HEADING), user="edna")

        outcome = await world.run_batch(
            edit({"level": 3}, HEADING, base_version=1), edit({"level": 4}, HEADING, base_version=1)
        )

        assert kinds(outcome.events) == ["BlockEdited", "BlockEdited"]
        assert world.block(HEADING).content == {"text": "Edna's", "level": 4}

    async def test_the_second_edit_may_conflict_with_a_stored_one(self, world: World) -> None:
        await world.run(edit({"text": "Edna's"}, HEADING), user="edna")

        outcome = await world.run_batch(
            edit({"level": 3}, HEADING), edit({"text": "mine"}, HEADING, base_version=1)
        )

        assert [len(r["conflicts"]) for r in outcome.body["results"]] == [0, 1]
        conflict = outcome.body["results"][1]["conflicts"][0]
        assert (conflict["id"], conflict["theirs"], conflict["mine"]) == (f"{HEADING}.5", "Edna's", "mine")
        assert conflict["actors"]["theirs"] == "edna"

    async def test_a_conflict_that_is_to_be_refused_refuses_all(self, sentence: World) -> None:
        await sentence.run(edit({"text": "Edna's"}), user="edna")

        outcome = await sentence.run_batch(
            edit({"level": 3}, HEADING),
            edit({"text": "mine"}, base_version=2, on_conflict="reject"),
        )

        assert (outcome.code, outcome.body["index"], outcome.events) == ("version-conflict", 1, [])
        assert outcome.body["current"]["version"] == 3

    async def test_an_edit_on_what_the_batch_has_made_is_plain(self, sentence: World) -> None:
        await sentence.run(edit({"text": "Edna's"}), user="edna")

        outcome = await sentence.run_batch(
            edit({"text": "mine"}, base_version=2), edit({"text": "again"}, base_version=4)
        )

        assert kinds(outcome.events) == ["BlockEdited", "BlockEditConflicted", "BlockEdited"]
        assert outcome.body["results"][1]["outcome"] == "applied"


async def test_what_stands_after_a_conflict_is_the_merge_whose_sides_it_keeps(sentence: World) -> None:
    await sentence.run(edit({"text": "the quick red cat jumps"}), user="edna")

    event = conflict_of(await sentence.run(edit({"text": "a quick blue fox"}, base_version=2)))

    sides = [{"text": text} for text in (event.base, event.theirs, event.mine)]
    merged = merge_content("text", *sides, winner="mine")
    assert sentence.block(TEXT).content == merged.content
    assert not any(isinstance(r.event, BlockConflictResolved) for r in sentence.log.events)
    assert sum(isinstance(r.event, BlockEdited) for r in sentence.log.events) == 3
