"""Commands on themes, and on which one a project is shown in."""

from collections.abc import Sequence
from uuid import UUID

from commands.answers import Decision
from commands.context import Context
from commands.messages import ApplyTheme, DefineTheme, ReviseTheme
from commands.unit_of_work import StreamState
from domain.errors import AlreadyExists, Invalid, NotFound, VersionConflict
from domain.theme import BUILT_IN, Theme, ThemeEvent


async def define(command: DefineTheme, context: Context) -> Decision:
    """Make a theme of the caller's own."""
    theme_id = command.theme_id or context.new_id("theme")
    if theme_id in BUILT_IN:
        raise AlreadyExists("the chosen id is taken")
    event = Theme.define(
        theme_id,
        owner=context.caller.user,
        name=command.name,
        colors=command.colors.given(),
        fonts=command.fonts.given(),
    )
    return Decision(theme_id, context.record(theme_id, [event]), result={"theme_id": str(theme_id)})


async def revise(command: ReviseTheme, context: Context) -> Decision:
    """Change a theme of the caller's."""
    theme = await context.work.theme(command.theme_id)
    if theme is None:
        raise NotFound("no such theme")
    theme.require_owner(context.caller.user)
    _require_base(theme, command.base_version, context)
    events = theme.revise(name=command.name, colors=command.colors.given(), fonts=command.fonts.given())
    return _decided(theme, events, context)


async def apply(command: ApplyTheme, context: Context) -> Decision:
    """Show the project in another theme."""
    project = await context.work.project(command.project_id)
    theme_id = str(command.theme_id) if command.theme_id else None
    events = project.apply_theme(theme_id)
    if not events:
        return Decision(project.id, [StreamState(project.id, "project", project.version)], "unchanged")
    await require_usable(command.theme_id, context)
    return Decision(project.id, context.record(project.id, events))


async def require_usable(theme_id: UUID | None, context: Context) -> None:
    """Refuse a theme that the caller may not put on a project.

    Raises:
        Invalid: it is neither built in nor the caller's; whether it exists does not show.
    """
    if theme_id is None or theme_id in BUILT_IN:
        return
    theme = await context.work.theme(theme_id)
    if theme is None or theme.owner != context.caller.user:
        raise Invalid.at("theme_id", "is neither a built-in theme nor one of yours")


def _require_base(theme: Theme, base_version: int | None, context: Context) -> None:
    # A revision of a batch may be based on the theme as it was before the batch, like those before it.
    if base_version is None or base_version in (
        theme.version,
        theme.version - context.work.written(theme.id),
    ):
        return
    if base_version > theme.version:
        raise Invalid.at("base_version", f"is ahead of the theme's version, {theme.version}", theme.version)
    raise VersionConflict(
        f"the theme is at version {theme.version}, the revision was made on {base_version}",
        current=theme.document(),
    )


def _decided(theme: Theme, events: Sequence[ThemeEvent], context: Context) -> Decision:
    if not events:
        return Decision(theme.id, [StreamState(theme.id, "theme", theme.version)], "unchanged")
    return Decision(theme.id, context.record(theme.id, events))
