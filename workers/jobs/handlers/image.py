"""Makes pictures, keeps them as assets, and puts them into the block that waits for one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from commands.messages import EditBlock
from commands.ports import Decks
from domain.documents import BlockDocument, Deck
from domain.job import ImageRequested
from workers.exporting.gathering import PLAIN, Gatherer
from workers.jobs.ports import Blobs, FinalError, JobContext
from workers.picturing.ports import Painted, Painter, Wish


class ImageHandler:
    """Implements `JobHandler` for the queue `image`."""

    def __init__(self, painter: Painter, decks: Decks, gatherer: Gatherer, blobs: Blobs) -> None:
        self._painter = painter
        self._decks = decks
        self._gatherer = gatherer
        self._blobs = blobs

    async def run(self, context: JobContext) -> Mapping[str, Any]:
        """Make one picture."""
        job, request = context.job, context.job.request
        if not isinstance(request, ImageRequested):
            raise TypeError(f"a job of the queue {job.queue} has come to the wrong handler")
        deck = await self._decks.at(job.project_id)
        if deck is None or deck.project is None:
            raise FinalError("not-found", "the project is gone")
        await context.progress(0, 2, "making the picture")
        theme = await self._gatherer.theme(deck.project.theme_id, deck.position) or PLAIN
        made = await self._painter.paint(Wish(request.prompt, theme, deck.project.aspect))
        await context.progress(1, 2, "keeping it")
        asset_id = await self._blobs.put(job.project_id, made.data, made.media_type)
        placed, warnings = await self._place(context, deck, asset_id, made, request.block_id)
        await context.progress(2, 2, "done")
        return {
            "asset_id": str(asset_id),
            "type": made.media_type,
            "size": len(made.data),
            "provider": self._painter.provider,
            "model": self._painter.model,
            "block_id": request.block_id,
            "placed": placed,
            "usage": {"pictures": 1},
            "warnings": [*made.warnings, *warnings],
        }

    @staticmethod
    async def _place(
        context: JobContext, deck: Deck, asset_id: UUID, made: Painted, block_id: str | None
    ) -> tuple[bool, list[str]]:
        """Put the picture into its block; what a person does to the block meanwhile stands."""
        if block_id is None:
            return False, []
        block = deck.blocks.get(UUID(block_id))
        if block is None or block.deleted or block.type != "image":
            return False, ["the block is gone: the picture is kept, and stands nowhere"]
        changes: dict[str, Any] = {"asset_id": str(asset_id)}
        if not block.content["alt"].strip():
            changes["alt"] = made.alt
        answer = await context.run("place", _edit(block, changes))
        [result] = answer["results"]
        if "suggestion_id" in result["result"]:
            return False, ["somebody changed the block meanwhile: the picture is suggested"]
        return True, []


def _edit(block: BlockDocument, changes: Mapping[str, Any]) -> EditBlock:
    return EditBlock(
        project_id=block.project_id,
        block_id=block.block_id,
        changes=dict(changes),
        base_version=block.version,
    )
