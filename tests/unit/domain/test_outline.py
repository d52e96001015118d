from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from domain.block import BlockMoved, BlockUndeleted
from domain.errors import Invalid, NotFound
from domain.events import Event
from domain.outline import BLOCKS_LIMIT, RANK_LENGTH, SLIDES_LIMIT, Node, Outline, Place
from tests.support.making import added, created, deleted, edited, moved, undeleted

PROJECT = uuid4()


class Deck:
    """An outline that is built by names: two slides, a group on the first, blocks on slide and group."""

    def __init__(self) -> None:
        self.ids: dict[str, UUID] = {}
        self.outline = Outline()
        self.add("s1", "slide", rank="a0")
        self.add("s2", "slide", rank="a1")
        self.add("t1", "text", "s1", rank="a0")
        self.add("g1", "group", "s1", rank="a1")
        self.add("t2", "text", "s1", rank="a2")
        self.add("in1", "text", "g1", rank="a0")
        self.add("in2", "text", "g1", rank="a1")

    def __getitem__(self, name: str) -> UUID:
        return self.ids[name]

    def add(self, name: str, kind: str, parent: str | None = None, rank: str = "a0") -> UUID:
        block = self.ids[name] = uuid4()
        self.apply(added(block, PROJECT, kind, parent=self.ids[parent] if parent else None, rank=rank))
        return block

    def apply(self, event: Event) -> None:
        self.outline.apply(event)

    def place(
        self,
        kind: str = "text",
        parent: str | None = None,
        after: str | None = None,
        before: str | None = None,
        moving: str | None = None,
    ) -> Place:
        return self.outline.place(
            kind,
            parent_id=self.ids[parent] if parent else None,
            after_id=self.ids[after] if after else None,
            before_id=self.ids[before] if before else None,
            moving=self.ids[moving] if moving else None,
        )

    def names(self, parent: str | None) -> list[str]:
        by_id = {i: name for name, i in self.ids.items()}
        return [by_id[n.id] for n in self.outline.children(self.ids[parent] if parent else None)]


@pytest.fixture
def deck() -> Deck:
    return Deck()


def refused(decide: Callable[[], object]) -> tuple[str, int | None]:
    """Return the one field that is refused, and its limit."""
    with pytest.raises(Invalid) as caught:
        decide()
    [error] = caught.value.errors
    return error.field, error.limit


def test_the_outline_is_folded_from_structural_events(deck: Deck) -> None:
    assert deck.names(None) == ["s1", "s2"]
    assert deck.names("s1") == ["t1", "g1", "t2"]
    assert deck.outline.node(deck["g1"]) == Node(deck["g1"], "group", deck["s1"], "a1")
    assert len(deck.outline) == 7
    assert deck["in1"] in deck.outline
    assert uuid4() not in deck.outline


def test_moves_deletions_and_undeletions_are_folded(deck: Deck) -> None:
    deck.apply(deleted(deck["t1"], 2))
    assert deck.outline.node(deck["t1"]).deleted
    deck.apply(moved(deck["t1"], 3, "a7", deck["g1"]))
    assert deck.outline.node(deck["t1"]) == Node(deck["t1"], "text", deck["g1"], "a7", deleted=True)
    deck.apply(undeleted(deck["t1"], 4))
    assert deck.outline.node(deck["t1"]) == Node(deck["t1"], "text", deck["g1"], "a7")
    deck.apply(moved(deck["s1"], 2, "a5"))
    assert deck.outline.node(deck["s1"]) == Node(deck["s1"], "slide", None, "a5")
    assert deck.names(None) == ["s2", "s1"]


def test_events_that_are_not_structural_change_nothing(deck: Deck) -> None:
    before = [deck.outline.node(i) for i in deck.ids.values()]

    deck.apply(edited(deck["t1"], 2, text="x"))
    deck.apply(created(PROJECT))

    assert [deck.outline.node(i) for i in deck.ids.values()] == before
    assert len(deck.outline) == 7


def test_a_copy_changes_alone(deck: Deck) -> None:
    twin = deck.outline.copy()

    twin.apply(deleted(deck["t1"], 2))

    assert not deck.outline.node(deck["t1"]).deleted
    assert len(twin) == len(deck.outline)


def test_a_block_of_another_project_is_not_found(deck: Deck) -> None:
    with pytest.raises(NotFound):
        deck.outline.node(uuid4())


def test_siblings_of_one_rank_are_ordered_by_id() -> None:
    low, high = sorted([uuid4(), uuid4()])
    outline = Outline([Node(high, "slide", None, "a0"), Node(low, "slide", None, "a0")])

    assert [n.id for n in outline.children(None)] == [low, high]


def test_what_stands_under_something_deleted_is_not_shown(deck: Deck) -> None:
    shown = deck.outline.shown
    assert shown(deck.outline.node(deck["in1"]))

    deck.apply(deleted(deck["s1"], 2))

    assert not shown(deck.outline.node(deck["s1"]))
    assert not shown(deck.outline.node(deck["g1"]))
    assert not shown(deck.outline.node(deck["in1"]))
    assert shown(deck.outline.node(deck["s2"]))


def test_below_is_all_that_stands_under_a_block(deck: Deck) -> None:
    assert {n.id for n in deck.outline.below(deck["s1"])} == {
        deck[name] for name in ("t1", "g1", "t2", "in1", "in2")
    }
    assert {n.id for n in deck.outline.below(deck["g1"])} == {deck["in1"], deck["in2"]}
    assert deck.outline.below(deck["t1"]) == []


class TestPlace:
    def test_without_neighbours_a_block_goes_last(self, deck: Deck) -> None:
        assert deck.place(parent="s1") == Place(deck["s1"], "a3")
        assert deck.place(parent="s2") == Place(deck["s2"], "a0")
        assert deck.place("slide") == Place(None, "a2")
        assert deck.place("group", parent="s1") == Place(deck["s1"], "a3")
        assert deck.place(parent="g1") == Place(deck["g1"], "a2")

    def test_a_block_goes_right_after_its_neighbour(self, deck: Deck) -> None:
        assert "a0" < deck.place(parent="s1", after="t1").rank < "a1"
        assert deck.place(parent="s1", after="t2").rank > "a2"

    def test_a_block_goes_right_before_its_neighbour(self, deck: Deck) -> None:
        assert "a1" < deck.place(parent="s1", before="t2").rank < "a2"
        assert deck.place(parent="s1", before="t1").rank < "a0"

    def test_a_block_goes_between_two_neighbours(self, deck: Deck) -> None:
        assert "a0" < deck.place(parent="s1", after="t1", before="g1").rank < "a1"

    def test_between_neighbours_that_have_others_between_them_it_stands_right_after_the_first(
        self, deck: Deck
    ) -> None:
        assert "a0" < deck.place(parent="s1", after="t1", before="t2").rank < "a1"

    def test_a_neighbour_names_the_parent_too(self, deck: Deck) -> None:
        assert deck.place(after="in1").parent_id == deck["g1"]
        assert deck.place(before="t1").parent_id == deck["s1"]
        assert deck.place("slide", after="s1").parent_id is None

    def test_deleted_siblings_keep_their_places(self, deck: Deck) -> None:
        deck.apply(deleted(deck["g1"], 2))
        deck.apply(deleted(deck["t2"], 2))

        assert "a0" < deck.place(parent="s1", after="t1").rank < "a1"
        assert deck.place(parent="s1").rank > "a2"

    def test_a_moving_block_is_no_neighbour_of_itself(self, deck: Deck) -> None:
        assert deck.place(after="t1", before="t2", moving="g1").rank == "a1"
        assert deck.place(parent="s1", moving="t2").rank == "a2"

    def test_where_siblings_share_a_rank_the_gap_widens_to_the_next(self, deck: Deck) -> None:
        deck.add("twin", "text", "s1", rank="a1")
        first, last = deck.names("s1")[1:3]

        for neighbour in (first, last):
            assert "a1" < deck.place(after=neighbour).rank < "a2"
            assert "a0" < deck.place(before=neighbour).rank < "a1"

    @pytest.mark.parametrize("kind", ["text", "table", "group"])
    def test_what_is_no_slide_needs_a_parent(self, deck: Deck, kind: str) -> None:
        assert refused(lambda: deck.place(kind)) == ("parent_id", None)

    @pytest.mark.parametrize(
        ("kind", "parent"),
        [("slide", "s1"), ("slide", "g1"), ("group", "g1"), ("group", "t1"), ("text", "t1")],
    )
    def test_only_slide_group_leaf_may_nest(self, deck: Deck, kind: str, parent: str) -> None:
        assert refused(lambda: deck.place(kind, parent=parent)) == ("parent_id", None)

    def test_a_neighbour_cannot_lead_to_a_nesting_that_is_not_allowed(self, deck: Deck) -> None:
        assert refused(lambda: deck.place("group", after="in1")) == ("parent_id", None)
        assert refused(lambda: deck.place("slide", after="t1")) == ("parent_id", None)
        assert refused(lambda: deck.place("text", after="s1")) == ("parent_id", None)

    def test_a_group_cannot_stand_in_itself(self, deck: Deck) -> None:
        assert refused(lambda: deck.place("group", parent="g1", moving="g1")) == ("parent_id", None)

    def test_a_parent_of_another_project_is_refused(self, deck: Deck) -> None:
        deck.ids["foreign"] = uuid4()

        assert refused(lambda: deck.place(parent="foreign")) == ("parent_id", None)

    @pytest.mark.parametrize("gone", ["s1", "g1"])
    def test_a_parent_that_is_not_shown_is_refused(self, deck: Deck, gone: str) -> None:
        deck.apply(deleted(deck[gone], 2))

        assert refused(lambda: deck.place(parent="g1")) == ("parent_id", None)

    @pytest.mark.parametrize("field", ["after_id", "before_id"])
    def test_a_neighbour_of_another_project_is_refused(self, deck: Deck, field: str) -> None:
        deck.ids["foreign"] = uuid4()
        neighbour = {field.removesuffix("_id"): "foreign"}

        assert refused(lambda: deck.place(parent="s1", **neighbour)) == (field, None)

    @pytest.mark.parametrize("field", ["after_id", "before_id"])
    def test_a_deleted_neighbour_is_refused(self, deck: Deck, field: str) -> None:
        deck.apply(deleted(deck["t1"], 2))
        neighbour = {field.removesuffix("_id"): "t1"}

        assert refused(lambda: deck.place(parent="s1", **neighbour)) == (field, None)

    @pytest.mark.parametrize("field", ["after_id", "before_id"])
    def test_a_neighbour_with_another_parent_is_refused(self, deck: Deck, field: str) -> None:
        neighbour = {field.removesuffix("_id"): "in1"}

        assert refused(lambda: deck.place(parent="s1", **neighbour)) == (field, None)

    def test_neighbours_with_two_parents_are_refused(self, deck: Deck) -> None:
        assert refused(lambda: deck.place(after="t1", before="in1")) == ("before_id", None)

    @pytest.mark.parametrize("field", ["after_id", "before_id"])
    def test_the_block_itself_is_refused_as_neighbour(self, deck: Deck, field: str) -> None:
        neighbour = {field.removesuffix("_id"): "t1"}

        assert refused(lambda: deck.place(moving="t1", **neighbour)) == (field, None)

    @pytest.mark.parametrize(("after", "before"), [("t2", "t1"), ("t1", "t1")])
    def test_neighbours_the_wrong_way_round_are_refused(self, deck: Deck, after: str, before: str) -> None:
        assert refused(lambda: deck.place(after=after, before=before)) == ("before_id", None)


class TestStands:
    def test_right_after_and_before_the_blocks_named(self, deck: Deck) -> None:
        stands = deck.outline.stands
        assert stands(deck["g1"], deck["t1"], None)
        assert stands(deck["g1"], None, deck["t2"])
        assert stands(deck["g1"], deck["t1"], deck["t2"])
        assert not stands(deck["t2"], deck["t1"], None)
        assert not stands(deck["t1"], None, deck["t2"])
        assert not stands(deck["t1"], deck["t2"], None)
        assert not stands(deck["t2"], None, deck["t1"])
        assert not stands(deck["g1"], deck["t1"], deck["in1"])

    def test_without_neighbours_at_the_end(self, deck: Deck) -> None:
        assert deck.outline.stands(deck["t2"], None, None)
        assert not deck.outline.stands(deck["t1"], None, None)

    def test_deleted_siblings_do_not_stand_between(self, deck: Deck) -> None:
        deck.apply(deleted(deck["g1"], 2))

        assert deck.outline.stands(deck["t2"], deck["t1"], None)
        deck.apply(deleted(deck["t2"], 2))
        assert deck.outline.stands(deck["t1"], None, None)

    def test_a_deleted_block_stands_nowhere(self, deck: Deck) -> None:
        deck.apply(deleted(deck["t2"], 2))

        assert not deck.outline.stands(deck["t2"], None, None)
        assert not deck.outline.stands(deck["t2"], deck["g1"], None)


class TestLimits:
    def test_slides_are_limited(self) -> None:
        slides = [Node(uuid4(), "slide", None, f"a{i:04}") for i in range(SLIDES_LIMIT)]
        more = [added(uuid4(), PROJECT, "slide", parent=None, rank="b00")]

        assert refused(lambda: Outline(slides).require_limits(more)) == ("type", SLIDES_LIMIT)
        Outline(slides).require_limits([added(uuid4(), PROJECT, "text", parent=slides[0].id, rank="a0")])
        Outline(slides[1:]).require_limits(more)

    def test_blocks_are_limited(self) -> None:
        slide = Node(uuid4(), "slide", None, "a0")
        texts = [Node(uuid4(), "text", slide.id, f"a{i:04}") for i in range(BLOCKS_LIMIT - 1)]
        more = [added(uuid4(), PROJECT, "text", parent=slide.id, rank=f"b{i}") for i in range(3)]

        assert refused(lambda: Outline([slide, *texts]).require_limits(more[:1])) == (
            "block_id",
            BLOCKS_LIMIT,
        )
        assert refused(lambda: Outline([slide, *texts[2:]]).require_limits(more)) == (
            "block_id",
            BLOCKS_LIMIT,
        )
        Outline([slide, *texts[2:]]).require_limits(more[:2])

    def test_what_is_not_shown_takes_no_room_until_it_is_moved_or_undeleted(self) -> None:
        slides = [Node(uuid4(), "slide", None, f"a{i:04}") for i in range(SLIDES_LIMIT)]
        gone = Node(slides[0].id, "slide", None, "a0000", deleted=True)
        group = Node(uuid4(), "group", gone.id, "a0")
        texts = [Node(uuid4(), "text", group.id, f"a{i:04}") for i in range(BLOCKS_LIMIT)]
        outline = Outline([gone, *slides[1:], group, *texts])

        outline.require_limits([added(uuid4(), PROJECT, "slide", parent=None, rank="b00")])
        shown = BlockMoved(
            originator_id=group.id, originator_version=2, parent_id=str(slides[1].id), rank="a0"
        )
        assert refused(lambda: outline.require_limits([shown])) == ("block_id", BLOCKS_LIMIT)
        back = BlockUndeleted(originator_id=gone.id, originator_version=3)
        assert refused(lambda: outline.require_limits([back])) == ("block_id", BLOCKS_LIMIT)


class TestLongRanks:
    def test_however_often_a_gap_is_used_ranks_stay_short_and_the_order_is_kept(self) -> None:
        slide, first, last = (uuid4() for _ in range(3))
        outline = Outline([Node(slide, "slide", None, "a0")])
        outline.apply(added(first, PROJECT, "text", parent=slide, rank="a0"))
        outline.apply(added(last, PROJECT, "text", parent=slide, rank="a1"))
        expected = [first, last]
        for _ in range(1_000):
            place = outline.place("text", parent_id=slide, after_id=None, before_id=last)
            for block_id, rank in place.reranked:
                outline.apply(
                    BlockMoved(originator_id=block_id, originator_version=2, parent_id=str(slide), rank=rank)
                )
            new = uuid4()
            outline.apply(added(new, PROJECT, "text", parent=slide, rank=place.rank))
            expected.insert(-1, new)

        children = outline.children(slide)
        assert [n.id for n in children] == expected
        assert max(len(n.rank) for n in children) <= RANK_LENGTH + 1
        assert len({n.rank for n in children}) == len(children)
