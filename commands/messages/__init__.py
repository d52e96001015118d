"""One frozen type a command. Their fields are the JSON bodies of the public contract."""

from commands.messages.base import Command
from commands.messages.block import AddBlock, DeleteBlock, EditBlock, MoveBlock, UndeleteBlock
from commands.messages.comments import OpenComment, ReplyComment, ResolveComment
from commands.messages.conflicts import AcceptSuggestion, RejectSuggestion, ResolveConflict
from commands.messages.importing import ImportMarkdown
from commands.messages.past import BranchProject, MergeBranch, Redo, RestoreProject, Undo
from commands.messages.project import (
    ArchiveProject,
    CreateProject,
    GrantAccess,
    LeaveProject,
    NameVersion,
    RenameProject,
    RevokeAccess,
    TransferOwnership,
    UnarchiveProject,
)
from commands.messages.theme import ApplyTheme, DefineTheme, ReviseTheme

ALL_COMMANDS: tuple[type[Command], ...] = (
    CreateProject,
    RenameProject,
    GrantAccess,
    RevokeAccess,
    ArchiveProject,
    UnarchiveProject,
    TransferOwnership,
    LeaveProject,
    NameVersion,
    DefineTheme,
    ReviseTheme,
    ApplyTheme,
    OpenComment,
    ReplyComment,
    ResolveComment,
    AddBlock,
    EditBlock,
    MoveBlock,
    DeleteBlock,
    UndeleteBlock,
    ResolveConflict,
    AcceptSuggestion,
    RejectSuggestion,
    Undo,
    Redo,
    RestoreProject,
    BranchProject,
    MergeBranch,
    ImportMarkdown,
)

__all__ = [
    "ALL_COMMANDS",
    "AcceptSuggestion",
    "AddBlock",
    "ApplyTheme",
    "ArchiveProject",
    "BranchProject",
    "Command",
    "CreateProject",
    "DefineTheme",
    "DeleteBlock",
    "EditBlock",
    "GrantAccess",
    "ImportMarkdown",
    "LeaveProject",
    "MergeBranch",
    "MoveBlock",
    "NameVersion",
    "OpenComment",
    "Redo",
    "RejectSuggestion",
    "RenameProject",
    "ReplyComment",
    "ResolveComment",
    "ResolveConflict",
    "RestoreProject",
    "ReviseTheme",
    "RevokeAccess",
    "TransferOwnership",
    "UnarchiveProject",
    "UndeleteBlock",
    "Undo",
]
