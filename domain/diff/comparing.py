"""Compares two decks of one project."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from domain.diff import sentences
from domain.diff.blocks import compare_blocks
from domain.diff.changes import Change, FieldChange
from domain.documents import Deck, ProjectDocument


def compare(before: Deck, after: Deck) -> list[Change]:
    """Return what changed from one deck to the other, in the order of reading.

    First what is of the project itself, then block by block as `after` shows them; what is not shown any
    more stands where it was. A block that went or came back with what it stands on is not told of by itself.
    The decks may be given in either order of time.
    """
    changes = [*_project(before.project, after.project), *compare_blocks(before, after)]
    if before.position <= after.position:
        return changes
    return [replace(change, by=None, at=None) for change in changes]


def _project(before: ProjectDocument | None, after: ProjectDocument | None) -> Iterator[Change]:
    if after is None:
        return
    if before is None:
        title = sentences.excerpt(after.title)
        fields = (FieldChange("title", None, after.title),)
        yield Change(
            "project-created", sentences.sentence("the project", title, "was created"), fields=fields
        )
        return
    if before.title != after.title:
        old, new = sentences.excerpt(before.title), sentences.excerpt(after.title)
        yield _changed("title-changed", f"The title changed from {old} to {new}", "title", before, after)
    if before.theme_id != after.theme_id:
        text = "Another theme was applied" if after.theme_id else "The theme was taken off"
        yield _changed("theme-changed", text, "theme_id", before, after)
    if before.archived != after.archived:
        kind = "project-archived" if after.archived else "project-unarchived"
        text = "The project was archived" if after.archived else "The project was taken out of the archive"
        yield _changed(kind, text, "archived", before, after)
    if before.owner != after.owner:
        yield _changed("owner-changed", f"{after.owner} became the owner", "owner", before, after)
    yield from _members(before.members, after.members)


def _members(before: dict[str, str], after: dict[str, str]) -> Iterator[Change]:
    tell: dict[str, Callable[[str], str]] = {
        "member-added": lambda user: f"{user} became a member, as {after[user]}",
        "member-removed": lambda user: f"{user} is no member any more",
        "member-role-changed": lambda user: f"{user} is {after[user]} now, and was {before[user]}",
    }
    for user in sorted(before.keys() | after.keys()):
        old, new = before.get(user), after.get(user)
        if old == new:
            continue
        kind = "member-added" if old is None else "member-removed" if new is None else "member-role-changed"
        yield Change(kind, tell[kind](user), fields=(FieldChange("members", old, new, item=user),))


def _changed(kind: str, summary: str, field: str, before: ProjectDocument, after: ProjectDocument) -> Change:
    return Change(kind, summary, fields=(FieldChange(field, getattr(before, field), getattr(after, field)),))
