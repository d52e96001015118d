"""Asking for jobs, approving what they propose, cancelling them. No queue is touched: the log is tailed."""

from collections.abc import Sequence
from uuid import UUID

from commands.answers import Decision
from commands.context import Context
from commands.messages import (
    ApproveOutline,
    CancelJob,
    RequestExport,
    RequestGeneration,
    RequestImage,
    RequestThinking,
)
from commands.ports import EventQuery
from commands.unit_of_work import StreamState
from domain.errors import Forbidden, Invalid
from domain.job import (
    ExportRequested,
    GenerationRequested,
    ImageRequested,
    Job,
    JobEvent,
    JobRequested,
    ThinkingRequested,
)
from domain.roles import Role


async def generate(command: RequestGeneration, context: Context) -> Decision:
    """Ask for slides."""
    if command.prompt is None and command.source_text is None and command.source_asset_id is None:
        raise Invalid.at("prompt", "give a prompt, a source_text, a source_asset_id, or several of them")
    if command.source_text is not None and command.source_asset_id is not None:
        raise Invalid.at("source_asset_id", "give one source: a text or an asset")
    return _requested(
        GenerationRequested(
            originator_id=context.new_id("job"),
            originator_version=1,
            project_id=str(command.project_id),
            priority=command.priority,
            ttl=command.ttl,
            prompt=command.prompt,
            source_text=command.source_text,
            source_asset_id=str(command.source_asset_id) if command.source_asset_id else None,
            slides=command.slides,
            auto_approve=command.auto_approve,
        ),
        command.project_id,
        context,
    )


async def think(command: RequestThinking, context: Context) -> Decision:
    """Ask for suggestions."""
    return _requested(
        ThinkingRequested(
            originator_id=context.new_id("job"),
            originator_version=1,
            project_id=str(command.project_id),
            priority=command.priority,
            ttl=command.ttl,
            instruction=command.instruction,
        ),
        command.project_id,
        context,
    )


async def picture(command: RequestImage, context: Context) -> Decision:
    """Ask for a picture."""
    if command.block_id is not None:
        block = await context.work.block(command.project_id, command.block_id)
        if block.type != "image":
            raise Invalid.at("block_id", f"is no image block but a {block.type}")
    return _requested(
        ImageRequested(
            originator_id=context.new_id("job"),
            originator_version=1,
            project_id=str(command.project_id),
            priority=command.priority,
            ttl=command.ttl,
            prompt=command.prompt,
            block_id=str(command.block_id) if command.block_id else None,
        ),
        command.project_id,
        context,
    )


async def export(command: RequestExport, context: Context) -> Decision:
    """Ask for a file."""
    latest = await context.work.read(EventQuery(project_id=command.project_id, descending=True), 1)
    head = latest[0].position
    position = head if command.at_position is None else command.at_position
    if position > head:
        raise Invalid.at("at_position", f"is ahead of the project's last event, {head}", limit=head)
    begun = await context.work.read(EventQuery(stream_id=command.project_id, to=1), 1)
    if position < begun[0].position:
        raise Invalid.at("at_position", "the project did not exist then")
    return _requested(
        ExportRequested(
            originator_id=context.new_id("job"),
            originator_version=1,
            project_id=str(command.project_id),
            priority=command.priority,
            ttl=command.ttl,
            format=command.format,
            at_position=position,
        ),
        command.project_id,
        context,
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


def _requested(event: JobRequested, project_id: UUID, context: Context) -> Decision:
    streams = context.record(project_id, [event])
    return Decision(project_id, streams, result={"job_id": str(event.originator_id)})


def _decided(job: Job, events: Sequence[JobEvent], context: Context) -> Decision:
    result = {"job_id": str(job.id)}
    if not events:
        return Decision(job.project_id, [StreamState(job.id, "job", job.version)], "unchanged", result=result)
    return Decision(job.project_id, context.record(job.project_id, events), result=result)
