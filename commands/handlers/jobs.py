"""Asking for jobs, approving what they propose, cancelling them. No queue is touched: the log is tailed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from commands.answers import Decision
from commands.context import Context
from commands.handlers.unique_jobs import asked
from commands.messages import (
    ApproveOutline,
    CancelJob,
    RequestExport,
    RequestGeneration,
    RequestImage,
    RequestThinking,
)
from commands.messages.jobs import JobCommand
from commands.ports import EventQuery
from commands.unit_of_work import StreamState
from domain.catalogue import CATALOGUE
from domain.errors import Forbidden, Invalid
from domain.job import (
    ExportRequested,
    GenerationRequested,
    ImageRequested,
    Job,
    JobEvent,
    ThinkingRequested,
)
from domain.roles import Role

_CHANGES = tuple(e.TOPIC for e in CATALOGUE if not issubclass(e, JobEvent))


async def generate(command: RequestGeneration, context: Context) -> Decision:
    """Ask for slides."""
    if command.prompt is None and command.source_text is None and command.source_asset_id is None:
        raise Invalid.at("prompt", "give a prompt, a source_text, a source_asset_id, or several of them")
    if command.source_text is not None and command.source_asset_id is not None:
        raise Invalid.at("source_asset_id", "give one source: a text or an asset")
    return await asked(
        command,
        context,
        lambda job: GenerationRequested(
            **_turn(command, job),
            prompt=command.prompt,
            source_text=command.source_text,
            source_asset_id=str(command.source_asset_id) if command.source_asset_id else None,
            slides=command.slides,
            auto_approve=command.auto_approve,
        ),
    )


async def think(command: RequestThinking, context: Context) -> Decision:
    """Ask for suggestions."""
    return await asked(
        command,
        context,
        lambda job: ThinkingRequested(**_turn(command, job), instruction=command.instruction),
    )


async def picture(command: RequestImage, context: Context) -> Decision:
    """Ask for a picture."""
    if command.block_id is not None:
        block = await context.work.block(command.project_id, command.block_id)
        if block.type != "image":
            raise Invalid.at("block_id", f"is no image block but a {block.type}")
    return await asked(
        command,
        context,
        lambda job: ImageRequested(
            **_turn(command, job),
            prompt=command.prompt,
            block_id=str(command.block_id) if command.block_id else None,
        ),
    )


async def export(command: RequestExport, context: Context) -> Decision:
    """Ask for a file."""
    position = command.at_position
    if position is None:
        # As of the last change: that jobs come and go changes nothing of what is exported.
        query = EventQuery(project_id=command.project_id, topics=_CHANGES, descending=True)
        position = (await context.work.read(query, 1))[0].position
    else:
        query = EventQuery(project_id=command.project_id, descending=True)
        head = (await context.work.read(query, 1))[0].position
        if position > head:
            raise Invalid.at("at_position", f"is ahead of the project's last event, {head}", limit=head)
    begun = await context.work.read(EventQuery(stream_id=command.project_id, to=1), 1)
    if position < begun[0].position:
        raise Invalid.at("at_position", "the project did not exist then")
    return await asked(
        command,
        context,
        lambda job: ExportRequested(**_turn(command, job), format=command.format, at_position=position),
    )


async def approve(command: ApproveOutline, context: Context) -> Decision:
    """Have an outline drafted."""
    job, _ = await context.work.job(command.project_id, command.job_id)
    outline = command.outline.model_dump(mode="json", exclude_none=True) if command.outline else None
    return _decided(job, job.approve(outline), context)


async def cancel(command: CancelJob, context: Context) -> Decision:
    """Cancel a job."""
    project = await context.work.project(command.project_id)
    job, requester = await context.work.job(command.project_id, command.job_id)
    role = project.authorize(context.caller.user, Role.VIEWER)
    if role < Role.EDITOR and requester != context.caller.user:
        raise Forbidden("this needs the role editor, or to have asked for the job")
    return _decided(job, job.cancel(), context)


def _turn(command: JobCommand, job: UUID) -> dict[str, Any]:
    """Return what every request says."""
    return {
        "originator_id": job,
        "originator_version": 1,
        "project_id": str(command.project_id),
        "priority": command.priority,
        "ttl": command.ttl,
        "delay": command.delay,
    }


def _decided(job: Job, events: Sequence[JobEvent], context: Context) -> Decision:
    result = {"job_id": str(job.id)}
    if not events:
        return Decision(job.project_id, [StreamState(job.id, "job", job.version)], "unchanged", result=result)
    return Decision(job.project_id, context.record(job.project_id, events), result=result)
