"""The project aggregate: title, owner, members and their roles, theme, named versions, origin, archived."""

from domain.project.aggregate import Project
from domain.project.events import (
    AccessGranted,
    AccessRevoked,
    BranchMerged,
    OwnershipTransferred,
    ProjectArchived,
    ProjectBranched,
    ProjectCreated,
    ProjectEvent,
    ProjectRenamed,
    ProjectRestored,
    ProjectUnarchived,
    StepRedone,
    StepUndone,
    ThemeApplied,
    VersionNamed,
)
from domain.project.retention import ProjectAttached, ProjectDetached, ProjectRetention

__all__ = [
    "AccessGranted",
    "AccessRevoked",
    "BranchMerged",
    "OwnershipTransferred",
    "Project",
    "ProjectArchived",
    "ProjectAttached",
    "ProjectBranched",
    "ProjectCreated",
    "ProjectDetached",
    "ProjectEvent",
    "ProjectRenamed",
    "ProjectRestored",
    "ProjectRetention",
    "ProjectUnarchived",
    "StepRedone",
    "StepUndone",
    "ThemeApplied",
    "VersionNamed",
]
