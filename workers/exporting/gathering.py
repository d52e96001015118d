"""Reading all that a file is made of: the deck at a position, its theme as of then, its pictures."""

import asyncio
import logging
from hashlib import sha256
from typing import Final, Protocol
from uuid import UUID

from commands.ports import EventQuery
from domain.documents import Deck
from domain.theme import BUILT_IN, Theme, ThemeEvent
from infra.postgres.blobs import BlobLost
from infra.postgres.event_log import PostgresEventLog
from workers.exporting.pictures import NotDrawable, prepared
from workers.exporting.source import Asset, Source, asset_ids, tree
from workers.jobs.ports import Blobs

logger = logging.getLogger(__name__)

PLAIN: Final = next(iter(BUILT_IN.values()))
MOST_BYTES: Final = 128 * 2**20
"""Bytes of prepared pictures in one file."""


class Decks(Protocol):
    """Decks at positions."""

    async def at(self, project_id: UUID, position: int | None = None) -> Deck | None:
        """Return a project as of a position; None if it did not exist."""
        ...


class Gatherer:
    """Reads sources."""

    def __init__(self, decks: Decks, log: PostgresEventLog, blobs: Blobs) -> None:
        self._decks = decks
        self._log = log
        self._blobs = blobs

    async def at(self, project_id: UUID, position: int) -> Source | None:
        """Return a project as it was at a position; None if there was none."""
        deck = await self._decks.at(project_id, position)
        if deck is None or deck.project is None:
            return None
        slides = tree(deck)
        warnings: list[str] = []
        theme = await self.theme(deck.project.theme_id, position)
        if theme is None:
            warnings.append("The project's theme is not there; the plain one is used.")
        assets = await self._assets(project_id, asset_ids(slides), warnings)
        return Source(deck.project, position, theme or PLAIN, slides, assets, tuple(warnings))

    async def theme(self, theme_id: str | None, position: int) -> Theme | None:
        """Return a theme as it was at a position, the plain one for none; None if it is not there."""
        if theme_id is None:
            return PLAIN
        if built_in := BUILT_IN.get(UUID(theme_id)):
            return built_in
        theme: Theme | None = None
        for recorded in await self._log.read(EventQuery(stream_id=UUID(theme_id))):
            if isinstance(recorded.event, ThemeEvent) and recorded.position <= position:
                theme = Theme.evolve(theme, recorded.event)
        return theme

    async def _assets(self, project_id: UUID, ids: list[str], warnings: list[str]) -> dict[str, Asset]:
        found: dict[str, Asset] = {}
        size = 0
        for asset_id in ids:
            try:
                kept = await self._blobs.get(project_id, known) if (known := _id(asset_id)) else None
            except BlobLost:
                logger.exception("an asset of project %s is lost", project_id)
                kept = None
            if kept is None:
                warnings.append(f"The asset {asset_id} is not in this project; its place is left empty.")
                continue
            data, media_type = kept
            picture = None
            try:
                picture = await asyncio.to_thread(prepared, data, media_type)
                size += len(picture.data)
                if size > MOST_BYTES:
                    picture = None
                    warnings.append(
                        f"The picture {asset_id} was left out: a file has room for {MOST_BYTES:,} bytes."
                    )
            except NotDrawable as why:
                warnings.append(f"The asset {asset_id} {why}; its place is left empty.")
            found[asset_id] = Asset(asset_id, sha256(data).hexdigest(), media_type, len(data), picture)
        return found


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
