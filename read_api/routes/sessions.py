"""`/api/projects/{project}/sessions`."""

from functools import partial
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.http.errors import NotFound
from projections.ports import Session
from projections.sessions import queries
from read_api.documents import Subject
from read_api.live.hub import SESSIONS
from read_api.parameters import Cursors, Parameters, path_id
from read_api.responses import page_body
from read_api.routes.guarding import guarded
from read_api.side import Reading

LIST = "sessions"


async def _load(
    session: Session, *, partition: int, project_id: UUID, cursors: Cursors, after: int, limit: int
) -> tuple[int, bytes]:
    as_of, rows = await queries.active_page(
        session, partition=partition, project_id=project_id, after=after, limit=limit + 1
    )
    shown = rows[:limit]
    cursor = cursors.encode(LIST, shown[-1].joined) if len(rows) > limit else None
    return as_of, page_body([queries.document(r) for r in shown], cursor)


class SessionQueries:
    """Who is there now."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._keys = reading.side.keys(reading.epoch)

    async def many(self, request: Request) -> Response:
        """Answer a page of a project's active sessions, the oldest first."""
        reading = self._reading
        user = reading.principal(request).user
        project_id = path_id(request, "project")
        parameters = Parameters.of(request)
        cursor = parameters.values.get("cursor")
        place = reading.cursors.decode(LIST, cursor, int)
        await reading.role(project_id, user, parameters.min_position)
        partition = reading.partition(project_id)
        subject = Subject(
            kind="sessions",
            key=self._keys.document(project_id, f"sessions:{parameters.limit}:{cursor or ''}"),
            touched=(project_id, SESSIONS),
            model=LIST,
            partition=partition,
            ttl=reading.settings.cache_session_ttl,
            load=partial(
                _load,
                partition=partition,
                project_id=project_id,
                cursors=reading.cursors,
                after=int(place[0]) if place else 0,
                limit=parameters.limit,
            ),
        )
        document, position = await reading.documents.get(subject, parameters.min_position)
        if document is None:
            raise NotFound("no such project")
        return reading.responder.answer(request, document.body, position, document.tag)


def routes(reading: Reading) -> list[Route]:
    """Return the routes of sessions."""
    sessions = SessionQueries(reading)
    return [
        Route(
            "/api/projects/{project}/sessions",
            guarded(sessions.many),
            methods=["GET"],
            include_in_schema=False,
        )
    ]
