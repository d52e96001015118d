"""One frozen type a command. Their fields are the JSON bodies of the public contract."""

from commands.messages.base import Command
from commands.messages.block import AddBlock, DeleteBlock, EditBlock, MoveBlock, UndeleteBlock
from commands.messages.importing import ImportMarkdown
from commands.messages.project import (
    ArchiveProject,
    CreateProject,
    GrantAccess,
    RenameProject,
    RevokeAccess,
    UnarchiveProject,
)

ALL_COMMANDS: tuple[type[Command], ...] = (
    CreateProject,
    RenameProject,
    GrantAccess,
    RevokeAccess,
    ArchiveProject,
    UnarchiveProject,
    AddBlock,
    EditBlock,
    MoveBlock,
    DeleteBlock,
    UndeleteBlock,
    ImportMarkdown,
)

__all__ = [
    "ALL_COMMANDS",
    "AddBlock",
    "ArchiveProject",
    "Command",
    "CreateProject",
    "DeleteBlock",
    "EditBlock",
    "GrantAccess",
    "ImportMarkdown",
    "MoveBlock",
    "RenameProject",
    "RevokeAccess",
    "UnarchiveProject",
    "UndeleteBlock",
]
