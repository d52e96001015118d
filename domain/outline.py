"""The project outline: parent, rank, type and deletion of every block of one project.

What spans streams (where a block may stand, what rank it gets, how many there are) is decided here. The
outline is folded from a project's structural events; the log's structure guard keeps a decision from being
appended after a structural event that the outline has not seen.

Ranks are fractional index keys (David Greenspan, "Implementing Fractional Indexing", 2020): between any two
there is always another. Siblings are ordered by (rank, id).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from fractional_indexing import generate_key_between, generate_n_keys_between

from domain.block import BlockAdded, BlockDeleted, BlockMoved, BlockUndeleted
from domain.errors import Invalid, NotFound
from domain.events import Event

# Keys grow by a character every few insertions into one gap; past this length all siblings get new ones.
RANK_LENGTH = 48
SLIDES_LIMIT = 200
BLOCKS_LIMIT = 2_000


@dataclass(frozen=True, slots=True)
class Node:
    """A block's place."""

    id: UUID
    type: str
    parent_id: UUID | None
    rank: str
    deleted: bool = False

    @property
    def order(self) -> tuple[str, UUID]:
        """What siblings are sorted by."""
        return (self.rank, self.id)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block is to stand, and the siblings that get new ranks for it (hardly ever any)."""

    parent_id: UUID | None
    rank: str
    reranked: tuple[tuple[UUID, str], ...] = ()


class Outline:
    """All blocks of one project. Mutable: whoever decides works on a `copy`."""

    __slots__ = ("_nodes",)

    def __init__(self, nodes: Iterable[Node] = ()) -> None:
        self._nodes = {node.id: node for node in nodes}

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, block_id: UUID) -> bool:
        return block_id in self._nodes

    def copy(self) -> "Outline":
        """Return an outline that can change without this one changing. Nodes are shared: they are frozen."""
        twin = Outline()
        twin._nodes = dict(self._nodes)
        return twin

    def apply(self, event: Event) -> None:
        """Fold one structural event of the project; others change nothing."""
        match event:
            case BlockAdded():
                parent = UUID(event.parent_id) if event.parent_id else None
                self._nodes[event.originator_id] = Node(event.originator_id, event.type, parent, event.rank)
            case BlockMoved():
                node = self._nodes[event.originator_id]
                parent = UUID(event.parent_id) if event.parent_id else None
                self._nodes[node.id] = Node(node.id, node.type, parent, event.rank, node.deleted)
            case BlockDeleted():
                node = self._nodes[event.originator_id]
                self._nodes[node.id] = Node(node.id, node.type, node.parent_id, node.rank, deleted=True)
            case BlockUndeleted():
                node = self._nodes[event.originator_id]
                self._nodes[node.id] = Node(node.id, node.type, node.parent_id, node.rank, deleted=False)
            case _:
                pass

    def node(self, block_id: UUID) -> Node:
        """Return a block's place.

        Raises:
            NotFound: the project has no such block.
        """
        node = self._nodes.get(block_id)
        if node is None:
            raise NotFound("no such block")
        return node

    def shown(self, node: Node) -> bool:
        """Tell whether neither the block nor anything above it is deleted."""
        while not node.deleted:
            if node.parent_id is None:
                return True
            node = self._nodes[node.parent_id]
        return False

    def children(self, parent_id: UUID | None) -> list[Node]:
        """Return the blocks right below a parent (None: the slides), deleted ones included, in order."""
        return sorted((n for n in self._nodes.values() if n.parent_id == parent_id), key=lambda n: n.order)

    def by_parent(self) -> dict[UUID | None, list[Node]]:
        """Return the blocks by what they stand on, deleted ones included, in no order: for who asks about many."""
        found: dict[UUID | None, list[Node]] = {}
        for node in self._nodes.values():
            found.setdefault(node.parent_id, []).append(node)
        return found

    def below(self, block_id: UUID) -> list[Node]:
        """Return all blocks under a block, at any depth."""
        found: list[Node] = []
        fringe = {block_id}
        while fringe:
            level = [n for n in self._nodes.values() if n.parent_id in fringe]
            found.extend(level)
            fringe = {n.id for n in level}
        return found

    def require_limits(self, events: Iterable[Event]) -> None:
        """Refuse events after which the project would show too much.

        Raises:
            Invalid: more than 200 slides or 2,000 blocks would be shown.
        """
        then = self.copy()
        for event in events:
            then.apply(event)
        shown = [n for n in then._nodes.values() if then.shown(n)]  # noqa: SLF001 - its own class
        if len(shown) > BLOCKS_LIMIT:
            raise Invalid.at("block_id", f"a project has at most {BLOCKS_LIMIT:,} blocks", BLOCKS_LIMIT)
        if sum(n.type == "slide" for n in shown) > SLIDES_LIMIT:
            raise Invalid.at("type", f"a project has at most {SLIDES_LIMIT:,} slides", SLIDES_LIMIT)

    def place(
        self,
        block_type: str,
        *,
        parent_id: UUID | None,
        after_id: UUID | None,
        before_id: UUID | None,
        moving: UUID | None = None,
    ) -> Place:
        """Find the place that a client asks for.

        A neighbour given without a parent names the parent too; without neighbours the block goes last.
        `moving` is the block that is being moved: it is no neighbour of itself.

        Raises:
            Invalid: the nesting is not slide > group > leaf, or the neighbours do not fit.
        """
        anchors = [
            (f, self._anchor(f, i)) for f, i in (("after_id", after_id), ("before_id", before_id)) if i
        ]
        if parent_id is None and anchors:
            parent_id = anchors[0][1].parent_id
        self._require_nesting(block_type, parent_id, moving)
        for field, node in anchors:
            if node.parent_id != parent_id:
                raise Invalid.at(field, "is not a sibling there: it has another parent")
            if node.id == moving:
                raise Invalid.at(field, "is the block itself")
        siblings = [n for n in self.children(parent_id) if n.id != moving]
        low, high = _gap(siblings, after_id, before_id)
        if max(len(low or ""), len(high or "")) < RANK_LENGTH:
            return Place(parent_id, generate_key_between(low, high))
        return _rebalanced(parent_id, siblings, low)

    def stands(self, block_id: UUID, after_id: UUID | None, before_id: UUID | None) -> bool:
        """Tell whether the block already stands right after and before the blocks named (None: at the end).

        A deleted block stands nowhere: whoever asks has read the block before another deleted it.
        """
        if self.node(block_id).deleted:
            return False
        shown = [n.id for n in self.children(self.node(block_id).parent_id) if not n.deleted]
        i = shown.index(block_id)
        if after_id is None and before_id is None:
            return i == len(shown) - 1
        after = after_id is None or (i > 0 and shown[i - 1] == after_id)
        return after and (before_id is None or (i + 1 < len(shown) and shown[i + 1] == before_id))

    def _anchor(self, field: str, block_id: UUID) -> Node:
        node = self._nodes.get(block_id)
        if node is None or node.deleted:
            raise Invalid.at(field, "no such block in this project")
        return node

    def _require_nesting(self, block_type: str, parent_id: UUID | None, moving: UUID | None) -> None:
        if block_type == "slide":
            if parent_id is not None:
                raise Invalid.at("parent_id", "a slide has no parent")
            return
        if parent_id is None:
            raise Invalid.at("parent_id", f"is required: a {block_type} stands on a slide or in a group")
        parent = self._nodes.get(parent_id)
        if parent is None or not self.shown(parent):
            raise Invalid.at("parent_id", "no such block in this project")
        allowed = ("slide",) if block_type == "group" else ("slide", "group")
        if parent.type not in allowed:
            raise Invalid.at("parent_id", f"a {block_type} cannot stand in a {parent.type}")
        if parent.id == moving:
            raise Invalid.at("parent_id", "is the block itself")


def _rebalanced(parent_id: UUID | None, siblings: list[Node], low: str | None) -> Place:
    """Give all siblings short ranks again, in the same order, with room for one more after `low`."""
    shown = [n for n in siblings if not n.deleted]
    index = sum(n.rank <= low for n in shown) if low is not None else 0
    ranks = generate_n_keys_between(None, None, len(shown) + 1)
    place = ranks.pop(index)
    return Place(parent_id, place, tuple((n.id, rank) for n, rank in zip(shown, ranks, strict=True)))


def _gap(
    siblings: list[Node], after_id: UUID | None, before_id: UUID | None
) -> tuple[str | None, str | None]:
    """Return the ranks on both sides of the gap, None for an open end.

    Where siblings share a rank there is no key between them: the gap widens to the next rank.
    """
    index = {node.id: i for i, node in enumerate(siblings)}
    if after_id is not None and before_id is not None and index[after_id] >= index[before_id]:
        raise Invalid.at("before_id", "stands before `after_id`")
    if after_id is not None:
        low = siblings[index[after_id]].rank
        later = [n.rank for n in siblings if n.rank > low]
        return low, min(later, default=None)
    if before_id is not None:
        high = siblings[index[before_id]].rank
        earlier = [n.rank for n in siblings if n.rank < high]
        return max(earlier, default=None), high
    return (siblings[-1].rank if siblings else None), None
