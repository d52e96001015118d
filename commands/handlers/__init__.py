"""One handler module an aggregate. A handler reads through its context, decides, records, answers."""

from commands.context import Handlers
from commands.handlers import block, importing, project
from commands.messages import (
    AddBlock,
    ArchiveProject,
    CreateProject,
    DeleteBlock,
    EditBlock,
    GrantAccess,
    ImportMarkdown,
    MoveBlock,
    RenameProject,
    RevokeAccess,
    UnarchiveProject,
    UndeleteBlock,
)


def all_handlers() -> Handlers:
    """Return the handler of every command type."""
    return {
        CreateProject: project.create,
        RenameProject: project.rename,
        GrantAccess: project.grant,
        RevokeAccess: project.revoke,
        ArchiveProject: project.archive,
        UnarchiveProject: project.unarchive,
        AddBlock: block.add,
        EditBlock: block.edit,
        MoveBlock: block.move,
        DeleteBlock: block.delete,
        UndeleteBlock: block.undelete,
        ImportMarkdown: importing.import_markdown,
    }
