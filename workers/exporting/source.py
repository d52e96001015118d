"""What a file is made of: a project's slides as a tree, its theme, and the pictures on it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from domain.documents import BlockDocument, Deck, ProjectDocument
from domain.theme import Theme


@dataclass(frozen=True, slots=True)
class Node:
    """A block and what is below it, in the order of reading."""

    block: BlockDocument
    children: tuple["Node", ...] = ()

    @property
    def type(self) -> str:
        """The block's type."""
        return self.block.type

    @property
    def content(self) -> Mapping[str, Any]:
        """The block's content, complete."""
        return self.block.content

    def walk(self) -> Iterator["Node"]:
        """Go through it and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as every format can show it: PNG or JPEG, at most 2,560 pixels wide or high."""

    data: bytes
    media_type: str
    width: int
    height: int

    @property
    def extension(self) -> str:
        """How the name of a file of it ends."""
        return "png" if self.media_type == "image/png" else "jpg"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that the deck refers to, as it was uploaded, told by its hash; and its picture, if it is one."""

    asset_id: str
    sha256: str
    media_type: str
    size: int
    picture: Picture | None


@dataclass(frozen=True, slots=True)
class Source:
    """A project at a position. `assets` are by id; one that is not there is missing."""

    project: ProjectDocument
    position: int
    theme: Theme
    slides: tuple[Node, ...]
    assets: Mapping[str, Asset] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def picture(self, asset_id: str | None) -> Picture | None:
        """Return the picture of an asset; None if there is none."""
        asset = self.assets.get(asset_id) if asset_id else None
        return asset.picture if asset else None

    def nodes(self) -> Iterator[Node]:
        """Go through all blocks, in the order of reading."""
        for slide in self.slides:
            yield from slide.walk()


def tree(deck: Deck) -> tuple[Node, ...]:
    """Return the slides of a deck with what is on them; blocks that stand on no slide are left out."""
    below: dict[UUID | None, list[BlockDocument]] = {}
    for block in deck.shown():
        below.setdefault(block.parent_id, []).append(block)

    def node(block: BlockDocument) -> Node:
        return Node(block, tuple(node(child) for child in below.get(block.block_id, ())))

    return tuple(node(block) for block in below.get(None, ()) if block.type == "slide")


def asset_ids(slides: tuple[Node, ...]) -> list[str]:
    """Return the assets that slides show, each once, in the order of reading."""
    found: dict[str, None] = {}
    for slide in slides:
        for node in slide.walk():
            if node.type == "image" and node.content.get("asset_id"):
                found[node.content["asset_id"]] = None
            background = node.content.get("background") if node.type == "slide" else None
            if background and background.startswith("asset:"):
                found[background.removeprefix("asset:")] = None
    return list(found)
