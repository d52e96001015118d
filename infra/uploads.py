"""Who may put files into a project."""

from uuid import UUID

from commands.ports import Caller
from domain.errors import Forbidden, NotFound
from domain.roles import Role
from projections.access import Rights


class UploadRights:
    """Editors may. Rights are as old as those of a command."""

    def __init__(self, rights: Rights) -> None:
        self._rights = rights

    async def require(self, project_id: UUID, caller: Caller) -> None:
        """Refuse whoever may not.

        Raises:
            NotFound: the caller is no member, or there is no such project.
            Forbidden: the caller is no editor.
        """
        role = await self._rights.role(project_id, caller.user)
        if role is None:
            raise NotFound("no such project")
        if role < Role.EDITOR:
            raise Forbidden("this needs the role editor")

    def forget_all(self) -> None:
        """Know nothing any more: the log is another one."""
        self._rights.forget_all()
