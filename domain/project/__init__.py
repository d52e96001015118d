"""The project aggregate: title, owner, members and their roles, whether it is archived."""

from domain.project.aggregate import Project
from domain.project.events import (
    AccessGranted,
    AccessRevoked,
    ProjectArchived,
    ProjectCreated,
    ProjectEvent,
    ProjectRenamed,
    ProjectUnarchived,
)

__all__ = [
    "AccessGranted",
    "AccessRevoked",
    "Project",
    "ProjectArchived",
    "ProjectCreated",
    "ProjectEvent",
    "ProjectRenamed",
    "ProjectUnarchived",
]
