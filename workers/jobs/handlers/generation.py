"""Makes decks: an outline first, and once it is approved, slide by slide."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

from commands.messages import AddBlock, ApproveOutline
from commands.ports import Decks
from domain.errors import AlreadyExists, Invalid
from domain.job import GenerationRequested, Job
from infra.postgres.blobs import asset_id_of
from workers.generating.documents import Source, UnreadableSource, is_pptx, read_document, source_of
from workers.generating.drafting import commands_for, drafted, slide_id
from workers.generating.plan import Plan
from workers.generating.ports import Brief, Writer
from workers.generating.taking_over import PROVIDER as TAKEN_OVER
from workers.generating.taking_over import TakenOver
from workers.importing import PptxRefused
from workers.jobs.ports import Blobs, FinalError, JobContext
from workers.models.usage import Usage


class GenerationHandler:
    """Implements `JobHandler` for the queue `generation`.

    What an attempt has come to is in the log: the outline in the job's own stream, each drafted slide in the
    project, under an id of the job. A later attempt goes on from there and asks no model twice. The result's
    `usage` counts the outline and the slides of the last attempt: what a killed one had asked for since its
    last event is not known.
    """

    def __init__(self, writer: Writer, decks: Decks, blobs: Blobs) -> None:
        self._writer = writer
        self._decks = decks
        self._blobs = blobs

    async def run(self, context: JobContext) -> Mapping[str, Any] | None:
        """Propose an outline, or draft the approved one."""
        job = context.job
        request = job.request
        if not isinstance(request, GenerationRequested):
            raise TypeError(f"a job of the queue {job.queue} has come to the wrong handler")
        asset = await self._asset(request, job.project_id)
        writer = await self._writer_of(job, request, asset)
        # What is taken over is not read as a text: it may be all pictures.
        source = await self._source(request, asset) if writer is self._writer else None
        brief = Brief(request.prompt, source.text if source else None, request.slides)
        if job.outline is None or not job.approved:
            await context.progress(0, request.slides or 0, "outlining")
            plan = await writer.outline(brief)
            await context.propose(plan.warned(*(source.warnings if source else ())).dump())
            if request.auto_approve:
                # The outline is in the log first, so that a later attempt drafts this one and no other.
                await context.run("approve", ApproveOutline(project_id=job.project_id, job_id=job.id))
            return None
        return await self._draft(context, writer, Plan.read(job.outline, writer.provider), brief)

    async def _asset(self, request: GenerationRequested, project_id: UUID) -> tuple[bytes, str] | None:
        if request.source_asset_id is None:
            return None
        found = await self._blobs.get(project_id, UUID(request.source_asset_id))
        if found is None:
            raise FinalError("no-source", "the uploaded document is not there")
        return found

    async def _writer_of(
        self, job: Job, request: GenerationRequested, asset: tuple[bytes, str] | None
    ) -> Writer:
        """Return who writes: a presentation that comes without any wish is taken over as it stands."""
        outline = job.outline if job.approved else None
        wanted = request.prompt is None and request.slides is None
        if asset is None or not is_pptx(asset[0]) or not wanted:
            return self._writer
        if outline is not None and outline.get("provider") != TAKEN_OVER:
            return self._writer
        taken = TakenOver(asset[0], partial(_asset_id, job.project_id))
        try:
            deck = await taken.deck()
        except PptxRefused as refused:
            raise FinalError("unreadable-source", f"the presentation cannot be read: {refused}") from refused
        if outline is not None:
            # Before the slides that show them; keeping one again changes nothing.
            for data, media_type in deck.pictures.values():
                await self._blobs.put(job.project_id, data, media_type)
        return taken

    async def _source(self, request: GenerationRequested, asset: tuple[bytes, str] | None) -> Source | None:
        if request.source_text is not None:
            return source_of(request.source_text)
        if asset is None:
            return None
        try:
            return await asyncio.to_thread(read_document, *asset)
        except UnreadableSource as refused:
            raise FinalError("unreadable-source", str(refused)) from refused

    async def _draft(
        self, context: JobContext, writer: Writer, plan: Plan, brief: Brief
    ) -> Mapping[str, Any]:
        job, total = context.job, len(plan.slides)
        deck = await self._decks.at(job.project_id)
        if deck is None:
            raise FinalError("not-found", "the project is gone")
        usage, warnings = plan.usage, list(plan.warnings)
        resumed, after = 0, None
        for i in range(total):
            known = deck.blocks.get(slide_id(job.id, i))
            if known is not None:
                # An earlier attempt drafted it; somebody may have deleted it since, and it stays so.
                resumed += 1
                after = after if known.deleted else known.block_id
                continue
            await context.progress(i, total, f"drafting: {plan.slides[i].title}"[:200])
            made = await writer.draft(plan, i, brief, usage)
            usage += made.usage
            if made.warning:
                warnings.append(made.warning)
            commands = commands_for(made.draft, job.project_id, job.id, i, after)
            try:
                await self._add(context, i, commands)
            except Invalid:
                # Past a limit of blocks: what was planned, without what was to be kept of the source.
                bare = drafted(plan.slides[i], None)
                await self._add(context, i, commands_for(bare, job.project_id, job.id, i, None))
                warnings.append(f"slide {i + 1}: a table or code could not be kept")
            after = slide_id(job.id, i)
        await context.progress(total, total, "done")
        return _result(writer, plan, slides=total, resumed=resumed, usage=usage, warnings=warnings)

    @staticmethod
    async def _add(context: JobContext, index: int, commands: Sequence[AddBlock]) -> None:
        """Add a slide with all that is on it, after the one before or, if that was deleted meanwhile, last."""
        name = f"slide.{index}"
        try:
            await context.run(name, *commands)
        except AlreadyExists:
            # An attempt that was given up added it after this one had looked.
            return
        except Invalid as refused:
            first = commands[0]
            if first.after_id is None or not any(e.field.endswith("after_id") for e in refused.errors):
                raise
            await context.run(name, first.model_copy(update={"after_id": None}), *commands[1:])


def _asset_id(project_id: UUID, data: bytes, media_type: str) -> str:
    return str(asset_id_of(project_id, sha256(data).digest(), media_type))


def _result(
    writer: Writer, plan: Plan, *, slides: int, resumed: int, usage: Usage, warnings: Sequence[str]
) -> Mapping[str, Any]:
    return {
        "provider": plan.provider,
        "model": plan.model,
        "drafted_by": writer.provider,
        "title": plan.title,
        "slides": slides,
        "resumed": resumed,
        "usage": usage.dump(),
        "warnings": list(dict.fromkeys(warnings))[:50],
    }
