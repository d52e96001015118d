"""Export jobs: a file of the project as it was at a position, kept as an asset."""

import asyncio
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from domain.job import ExportRequested
from workers.exporting import FORMATS, Gatherer, Rendered, TooMany, render
from workers.jobs.ports import Blobs, FinalError, JobContext

MOST_BYTES: Final = 256 * 2**20
"""Bytes of a file; pictures are bounded long before."""
MOST_WARNINGS: Final = 50


class ExportHandler:
    """Makes files. Implements `JobHandler`."""

    def __init__(self, gatherer: Gatherer, blobs: Blobs) -> None:
        self._gatherer = gatherer
        self._blobs = blobs

    async def run(self, context: JobContext) -> Mapping[str, Any]:
        """Make the file that was asked for; a later attempt makes the same bytes, so it keeps the same asset.

        Raises:
            FinalError: there is no such project or format, or the file is too large.
        """
        job, request = context.job, context.job.request
        if not isinstance(request, ExportRequested):
            raise FinalError("unsupported", f"an export cannot be made of {type(request).__name__}")
        if request.format not in FORMATS:
            raise FinalError("unsupported", f"there is no format {request.format}")
        await context.progress(0, 3, "reading the deck")
        source = await self._gatherer.at(job.project_id, request.at_position)
        if source is None:
            raise FinalError("not-found", "the project did not exist at that position")
        await context.progress(1, 3, "drawing")
        try:
            made = await asyncio.to_thread(render, source, request.format)
        except TooMany as why:
            raise FinalError("too-large", str(why)) from why
        if len(made.data) > MOST_BYTES:
            raise FinalError("too-large", f"the file would have more than {MOST_BYTES:,} bytes")
        await context.progress(2, 3, "keeping the file")
        asset_id = await self._blobs.put(job.project_id, made.data, made.media_type)
        await context.progress(3, 3, "done")
        return {
            "asset_id": str(asset_id),
            "name": made.name,
            "type": made.media_type,
            "size": len(made.data),
            "sha256": sha256(made.data).hexdigest(),
            "position": request.at_position,
            "format": request.format,
            "pages": made.pages,
            "warnings": _told(made),
        }


def _told(made: Rendered) -> list[str]:
    shown = list(made.warnings[:MOST_WARNINGS])
    if more := len(made.warnings) - len(shown):
        shown.append(f"And {more} more.")
    return shown
