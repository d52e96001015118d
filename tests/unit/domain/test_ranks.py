"""Any sequence of structural changes against a plain list of siblings, which is what ranks stand for."""

from dataclasses import dataclass, field
from functools import partial
from typing import Literal
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import Invalid
from domain.outline import Node, Outline, Place
from tests.support.making import added, deleted, moved, undeleted

PROJECT = UUID("7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11")
MAY_HOLD = {"slide": ("group", "text"), "group": ("text",), "text": ()}


@dataclass(frozen=True)
class Step:
    """One change; numbers choose among the blocks there are, 0 chooses none."""

    do: Literal["add", "move", "delete", "undelete"]
    kind: str
    block: int
    parent: int
    after: int
    before: int


few = st.integers(0, 12)
steps = st.builds(
    Step,
    do=st.sampled_from(["add", "add", "move", "move", "delete", "undelete"]),
    kind=st.sampled_from(["slide", "group", "text", "text"]),
    block=st.integers(1, 12),
    parent=few,
    after=st.one_of(st.just(0), few),
    before=st.one_of(st.just(0), few),
)


@dataclass
class Siblings:
    """What the outline has to agree with: each parent's blocks in order, deleted ones in their places."""

    order: dict[UUID | None, list[UUID]] = field(default_factory=lambda: {None: []})
    parent: dict[UUID, UUID | None] = field(default_factory=dict)
    kind: dict[UUID, str] = field(default_factory=dict)
    deleted: set[UUID] = field(default_factory=set)

    def shown(self, block: UUID | None) -> bool:
        while block is not None:
            if block in self.deleted:
                return False
            block = self.parent[block]
        return True

    def fits(
        self, kind: str, parent: UUID | None, after: UUID | None, before: UUID | None, moving: UUID | None
    ) -> bool:
        """Tell whether a place may be asked for; `parent` is the one that the neighbours give."""
        anchors = [a for a in (after, before) if a]
        if any(a in self.deleted or self.parent[a] != parent or a == moving for a in anchors):
            return False
        if parent is None:
            nests = kind == "slide"
        else:
            nests = kind in MAY_HOLD[self.kind[parent]] and self.shown(parent)
        if not nests or parent == moving is not None:
            return False
        there = self.order[parent]
        return not (after and before) or there.index(after) < there.index(before)

    def put(self, block: UUID, parent: UUID | None, after: UUID | None, before: UUID | None) -> None:
        if block in self.parent:
            self.order[self.parent[block]].remove(block)
        there = self.order[parent]
        if after:
            there.insert(there.index(after) + 1, block)
        elif before:
            there.insert(there.index(before), block)
        else:
            there.append(block)
        self.parent[block] = parent
        self.order.setdefault(block, [])


class Deck:
    """Applies steps to an outline and to the list of siblings alike."""

    def __init__(self) -> None:
        self.outline = Outline()
        self.model = Siblings()
        self.blocks: list[UUID] = []
        self.refused = 0

    def chosen(self, number: int) -> UUID | None:
        return self.blocks[(number - 1) % len(self.blocks)] if number and self.blocks else None

    def run(self, step: Step) -> None:
        block = self.chosen(step.block)
        if step.do == "add":
            new = uuid5(PROJECT, str(len(self.blocks)))
            if place := self.placed(step, step.kind, None):
                self.outline.apply(added(new, PROJECT, step.kind, parent=place.parent_id, rank=place.rank))
                self.model.kind[new] = step.kind
                self.blocks.append(new)
                self.settle(step, new, place)
        elif block is None:
            return
        elif step.do == "move" and block not in self.model.deleted:
            if place := self.placed(step, self.model.kind[block], block):
                self.outline.apply(moved(block, 2, place.rank, place.parent_id))
                self.settle(step, block, place)
        elif step.do == "delete":
            self.outline.apply(deleted(block, 2))
            self.model.deleted.add(block)
        elif step.do == "undelete":
            self.outline.apply(undeleted(block, 2))
            self.model.deleted.discard(block)

    def placed(self, step: Step, kind: str, moving: UUID | None) -> Place | None:
        """Ask for the step's place; what may be refused and what may not is the model's to say."""
        parent, after, before = (self.chosen(n) for n in (step.parent, step.after, step.before))
        anchor = after or before
        expected_parent = self.model.parent[anchor] if parent is None and anchor else parent
        ask = partial(
            self.outline.place,
            kind,
            parent_id=parent,
            after_id=after,
            before_id=before,
            moving=moving,
        )
        if not self.model.fits(kind, expected_parent, after, before, moving):
            with pytest.raises(Invalid) as refused:
                ask()
            assert {e.field for e in refused.value.errors} <= {"parent_id", "after_id", "before_id"}
            self.refused += 1
            return None
        place = ask()
        assert place.parent_id == expected_parent
        return place

    def settle(self, step: Step, block: UUID, place: Place) -> None:
        after, before = self.chosen_before(step.after, block), self.chosen_before(step.before, block)
        self.model.put(block, place.parent_id, after, before)
        if not (after and before):
            assert self.outline.stands(block, after, before)

    def chosen_before(self, number: int, new: UUID) -> UUID | None:
        """Choose as `placed` did, when a block that was just added was not there yet."""
        there = self.blocks[:-1] if self.blocks[-1] == new and new not in self.model.parent else self.blocks
        return there[(number - 1) % len(there)] if number and there else None

    def check(self) -> None:
        for parent, order in self.model.order.items():
            nodes = self.outline.children(parent)
            assert [n.id for n in nodes] == order
            ranks = [n.rank for n in nodes]
            assert len(set(ranks)) == len(ranks)
        for block in self.blocks:
            node: Node = self.outline.node(block)
            assert node.deleted == (block in self.model.deleted)
            assert self.outline.shown(node) == self.model.shown(block)


@settings(deadline=None, max_examples=120)
@given(st.lists(steps, min_size=12, max_size=60))
def test_siblings_stand_in_the_order_asked_for_and_no_two_share_a_rank(taken: list[Step]) -> None:
    deck = Deck()
    for step in taken:
        deck.run(step)
        deck.check()


def test_a_gap_takes_many_blocks_at_either_side() -> None:
    deck = Deck()
    deck.run(Step("add", "slide", 0, 0, 0, 0))
    deck.run(Step("add", "slide", 0, 0, 0, 0))

    for _ in range(150):
        deck.run(Step("add", "slide", 0, 0, 1, 0))
        deck.run(Step("add", "slide", 0, 0, 0, 2))
    deck.check()

    assert deck.refused == 0
    assert max(len(n.rank) for n in deck.outline.children(None)) < 60
