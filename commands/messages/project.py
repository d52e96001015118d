"""Commands on a project as a whole."""

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from commands.messages.base import Command, Name, ProjectCommand, Title, UserId
from domain.roles import Role

_PROJECT = "7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11"


class CreateProject(Command):
    """Start a project; the caller owns it. Its theme is a built-in one or one of the caller's."""

    NAME: ClassVar[str] = "create-project"
    SUMMARY: ClassVar[str] = "Start a project"
    EXAMPLE: ClassVar[dict[str, Any]] = {"title": "Quarterly review"}
    REQUIRES: ClassVar[Role | None] = None
    CREATES: ClassVar[bool] = True

    title: Title
    project_id: UUID | None = None
    aspect: Literal["16:9", "4:3"] = "16:9"
    theme_id: UUID | None = None


class RenameProject(ProjectCommand):
    """Change a project's title."""

    NAME: ClassVar[str] = "rename-project"
    SUMMARY: ClassVar[str] = "Change the title"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "title": "Annual review"}
    REQUIRES: ClassVar[Role | None] = Role.EDITOR

    title: Title


class GrantAccess(ProjectCommand):
    """Make a user a member, or change a member's role."""

    NAME: ClassVar[str] = "grant-access"
    SUMMARY: ClassVar[str] = "Share the project with a user"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "user": "grace", "role": "editor"}
    REQUIRES: ClassVar[Role | None] = Role.OWNER
    ON_ARCHIVED: ClassVar[bool] = True

    user: UserId
    role: Literal["owner", "editor", "commenter", "viewer"]


class RevokeAccess(ProjectCommand):
    """End a user's membership."""

    NAME: ClassVar[str] = "revoke-access"
    SUMMARY: ClassVar[str] = "Take a member's access away"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "user": "grace"}
    REQUIRES: ClassVar[Role | None] = Role.OWNER
    ON_ARCHIVED: ClassVar[bool] = True

    user: UserId


class TransferOwnership(ProjectCommand):
    """Make another member an owner in the caller's place; the caller becomes an editor."""

    NAME: ClassVar[str] = "transfer-ownership"
    SUMMARY: ClassVar[str] = "Hand the project over"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "user": "grace"}
    REQUIRES: ClassVar[Role | None] = Role.OWNER
    ON_ARCHIVED: ClassVar[bool] = True

    user: UserId


class LeaveProject(ProjectCommand):
    """End the caller's own membership. The last owner cannot leave."""

    NAME: ClassVar[str] = "leave-project"
    SUMMARY: ClassVar[str] = "Leave the project"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT}
    REQUIRES: ClassVar[Role | None] = Role.VIEWER
    ON_ARCHIVED: ClassVar[bool] = True


class NameVersion(ProjectCommand):
    """Give the state of the project at a position a name; without `position`, its state before this request.

    Names may repeat: `result.version_id` tells versions apart. A project has at most 500 of them.
    """

    NAME: ClassVar[str] = "name-version"
    SUMMARY: ClassVar[str] = "Name a version"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "name": "Sent to the board"}
    REQUIRES: ClassVar[Role | None] = Role.EDITOR
    CREATES: ClassVar[bool] = True

    name: Name
    position: Annotated[int, Field(ge=1, le=2**62)] | None = None


class ArchiveProject(ProjectCommand):
    """Make a project read-only and take it off the default list."""

    NAME: ClassVar[str] = "archive-project"
    SUMMARY: ClassVar[str] = "Make the project read-only"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT}
    REQUIRES: ClassVar[Role | None] = Role.OWNER
    ON_ARCHIVED: ClassVar[bool] = True


class UnarchiveProject(ProjectCommand):
    """Make an archived project editable again."""

    NAME: ClassVar[str] = "unarchive-project"
    SUMMARY: ClassVar[str] = "Make an archived project editable again"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT}
    REQUIRES: ClassVar[Role | None] = Role.OWNER
    ON_ARCHIVED: ClassVar[bool] = True
