"""What the routes of a read process share."""

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request

from infra.bootstrap import ReadSide
from infra.http.auth import Principal
from infra.http.errors import Forbidden, NotFound
from infra.http.raw import header
from infra.settings import Settings
from projections import checkpoints
from projections.access import Role
from projections.partitions import partition_of
from read_api.cache_report import CacheReport
from read_api.checkpoints import CheckpointWatch
from read_api.documents import Documents
from read_api.live.hub import Hub
from read_api.parameters import Cursors, Parameters
from read_api.past import Past
from read_api.responses import Responder
from read_api.tables import Tables

# How far behind a model may be for the log to be asked what is missing.
LOOK_AHEAD = 500
# Scopes of a token: operators, and who replays the history of any project. Neither gives a role in one.
ADMIN, AUDIT = "admin", "audit"


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that a route needs to answer."""

    settings: Settings
    side: ReadSide
    hub: Hub
    watch: CheckpointWatch
    tables: Tables
    documents: Documents
    report: CacheReport
    responder: Responder
    cursors: Cursors
    epoch: UUID
    past: Past

    def partition(self, project_id: UUID) -> int:
        """Return the partition of a project."""
        return partition_of(project_id, self.settings.stream_partitions)

    def principal(self, request: Request) -> Principal:
        """Authenticate a request.

        Raises:
            Unauthenticated: there is no valid token.
        """
        return self.side.gate.authenticator.authorization(header(request.scope, b"authorization"))

    def operator(self, request: Request) -> Principal:
        """Authenticate a request that only operators may make.

        Raises:
            Unauthenticated: there is no valid token.
            Forbidden: the token's scope is not `admin`.
        """
        principal = self.principal(request)
        if ADMIN not in principal.scopes:
            raise Forbidden("the token needs the scope `admin`")
        return principal

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

    async def may_replay(self, project_id: UUID, principal: Principal, min_position: int = 0) -> None:
        """Refuse whoever may not see what happened in a project: its members may, and auditors in any.

        Raises:
            NotFound: the caller is neither, or there is no such project.
        """
        if AUDIT in principal.scopes and await self.side.decks.last_position(project_id):
            return
        await self.role(project_id, principal.user, min_position)

    async def nothing_missing(self, model: str, position: int, min_position: int) -> bool:
        """Tell whether a model that is at `position` in its slowest partition has all up to `min_position`.

        Quiet partitions move with the heartbeat only. A list that rests on all of them need not wait for
        it: what the log has in between belongs to partitions that are further on, or there is nothing.
        """
        events = await self.side.log.after(position, LOOK_AHEAD, to=min_position)
        head = events[-1].position if events else position
        if len(events) == LOOK_AHEAD or head < min_position:
            return False
        async with self.side.database.session() as session:
            reached = {k: p for m, k, p, _ in await checkpoints.table(session) if m == model}
        return all(reached.get(self.partition(e.project_id), 0) >= e.position for e in events)

    async def reached(self, parameters: Parameters) -> int:
        """Wait until the log itself has reached the `min_position` asked for, and return its head.

        Raises:
            Unavailable: it has not, in time.
        """
        return await self.side.reach(parameters.min_position, self.settings.read_wait_ms / 1000)

    async def come_to(self, project_id: UUID, position: int) -> None:
        """Wait until the log has reached a position; what this process has heard of a project needs no look.

        Raises:
            Unavailable: it has not, in time.
        """
        if position > self.hub.position(self.partition(project_id)):
            await self.side.reach(position, self.settings.read_wait_ms / 1000)
