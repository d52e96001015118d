"""What the routes of a read process share."""

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request

from infra.bootstrap import ReadSide
from infra.http.auth import Principal
from infra.http.errors import NotFound
from infra.settings import Settings
from projections.access import Role
from projections.partitions import partition_of
from read_api.checkpoints import CheckpointWatch
from read_api.documents import Documents
from read_api.live.hub import Hub
from read_api.parameters import Cursors, Parameters
from read_api.responses import Responder


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that a route needs to answer."""

    settings: Settings
    side: ReadSide
    hub: Hub
    watch: CheckpointWatch
    documents: Documents
    responder: Responder
    cursors: Cursors
    epoch: UUID

    def partition(self, project_id: UUID) -> int:
        """Return the partition of a project."""
        return partition_of(project_id, self.settings.stream_partitions)

    def principal(self, request: Request) -> Principal:
        """Authenticate a request.

        Raises:
            Unauthenticated: there is no valid token.
        """
        return self.side.authenticator.authorization(request.headers.get("authorization"))

    async def role(self, project_id: UUID, user: str, min_position: int = 0) -> Role:
        """Return the caller's role in a project, as of `min_position` at least.

        Raises:
            NotFound: the caller is no member.
        """
        rights = self.side.rights
        if min_position > self.hub.position(self.partition(project_id)):
            # What this process has not heard of yet may be a change of roles.
            role = await rights.fresh_role(project_id, user)
        else:
            role = rights.cached(project_id, user) or await rights.role(project_id, user)
        if role is None:
            raise NotFound("no such project")
        return role

    async def reached(self, parameters: Parameters) -> int:
        """Wait until the log itself has reached the `min_position` asked for, and return its head.

        Raises:
            Unavailable: it has not, in time.
        """
        return await self.side.reach(parameters.min_position, self.settings.read_wait_ms / 1000)
