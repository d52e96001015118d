"""Taking steps back and making them stand again, as new events, through the same merge as any edit."""

from commands.answers import Decision
from commands.context import Context
from commands.handlers.deciding import told
from commands.handlers.inverting import Inversion
from commands.handlers.moments import require_unchanged, require_writable
from commands.messages import Redo, Undo
from commands.steps import Step, is_undone, last_done, last_undone, step_at, steps_of_job
from commands.unit_of_work import StreamState
from domain.errors import Invalid, NotFound
from domain.project import StepRedone, StepUndone

# Streams that an answer names; where there are more, it names the project alone.
STREAMS_TOLD = 100


async def undo(command: Undo, context: Context) -> Decision:
    """Take a step back."""
    if command.position is not None and command.job_id is not None:
        raise Invalid.at("job_id", "name a `position` or a `job_id`, not both")
    require_unchanged(command.project_id, context)
    step = await _step_to_undo(command, context)
    if step is None:
        return await _nothing(command, context)
    inversion = Inversion(context, command.project_id)
    await inversion.run(step.events)
    if not inversion.streams and (command.position or command.job_id):
        return await _nothing(command, context)
    project = await context.work.project(command.project_id)
    marker = StepUndone(
        originator_id=project.id,
        originator_version=project.version + 1,
        step=step.id,
        position=step.position,
        author=step.author,
    )
    return _decision(marker, inversion, context)


async def redo(command: Redo, context: Context) -> Decision:
    """Reverse the caller's last undo."""
    require_unchanged(command.project_id, context)
    found = await last_undone(context.work, command.project_id, context.caller)
    if found is None:
        return await _nothing(command, context)
    step, undone = found
    inversion = Inversion(context, command.project_id)
    await inversion.run(step.events)
    project = await context.work.project(command.project_id)
    marker = StepRedone(
        originator_id=project.id,
        originator_version=project.version + 1,
        step=undone.step,
        position=undone.position,
        author=undone.author,
    )
    return _decision(marker, inversion, context)


async def _step_to_undo(command: Undo, context: Context) -> Step | None:
    work, project_id = context.work, command.project_id
    if command.job_id is not None:
        events = await steps_of_job(work, project_id, command.job_id)
        if not events:
            raise NotFound("no such job, or it has changed nothing")
        return Step(str(command.job_id), events)
    if command.position is None:
        return await last_done(work, project_id, context.caller)
    step = await step_at(work, project_id, command.position)
    if step is None:
        raise Invalid.at("position", "the project has no event there")
    if not step.undoable:
        raise Invalid.at("position", "what happened there cannot be undone")
    return None if await is_undone(work, project_id, step) else step


async def _nothing(command: Undo | Redo, context: Context) -> Decision:
    project = await context.work.project(command.project_id)
    return Decision(project.id, [StreamState(project.id, "project", project.version)], "unchanged")


def _decision(marker: StepUndone | StepRedone, inversion: Inversion, context: Context) -> Decision:
    """Say in the log what was reversed, and answer."""
    require_writable(context, "project_id")
    [last] = context.record(marker.originator_id, [marker])
    blocks = [s for i, s in inversion.streams.items() if i != marker.originator_id]
    streams = [*blocks, last] if len(blocks) < STREAMS_TOLD else [last]
    conflicts = inversion.conflicts
    result = {
        "step": marker.step,
        "position": marker.position,
        "author": marker.author,
        "blocks": len(blocks),
        "conflicts": len(conflicts),
    }
    outcome = "merged" if conflicts else "applied"
    return Decision(marker.originator_id, streams, outcome, told(conflicts), result)
