"""`/api/projects` and `/api/projects/{project}`."""

from datetime import datetime
from functools import lru_cache, partial
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.http.errors import Invalid, NotFound
from projections.access import Role
from projections.ports import Session
from projections.projects import queries
from read_api.documents import Subject
from read_api.moments import NOT_YET, Moment, deck_at, moment_of
from read_api.parameters import Parameters, path_id
from read_api.responses import body_tag
from read_api.routes.guarding import guarded
from read_api.side import Reading
from read_api.waiting import of_all

LIST = "projects"
TEXT_LIMIT = 200
# Subjects kept at hand.
SUBJECTS = 10_000


async def _load(session: Session, partition: int, project_id: UUID) -> tuple[int, bytes | None]:
    as_of, row = await queries.find(session, partition, project_id)
    return as_of, orjson.dumps(queries.document(row)) if row else None


def _with_role(body: bytes, role: Role) -> bytes:
    return body[:-1] + b',"role":"' + role.label.encode() + b'"}'


class ProjectQueries:
    """One project, and the projects of a member."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._keys = reading.side.keys(reading.epoch)
        # Building one costs a tenth of a cached read.
        self.subject = lru_cache(maxsize=SUBJECTS)(self._subject)

    def _subject(self, project_id: UUID) -> Subject:
        partition = self._reading.partition(project_id)
        return Subject(
            kind="project",
            key=self._keys.document(project_id, "project"),
            touched=(project_id, "project"),
            model="projects",
            partition=partition,
            ttl=self._reading.settings.cache_project_ttl,
            load=partial(_load, partition=partition, project_id=project_id),
        )

    async def one(self, request: Request) -> Response:
        """Answer a project, with the caller's role in it."""
        reading = self._reading
        user = reading.principal(request).user
        project_id = path_id(request, "project")
        parameters = Parameters.of(request)
        role = await reading.role(project_id, user, parameters.min_position)
        if parameters.past:
            moment = await moment_of(reading, project_id, parameters)
            return await self._past(request, project_id, moment, role)
        document, position = await reading.documents.get(self.subject(project_id), parameters.min_position)
        if document is None:
            raise NotFound("no such project")
        body = _with_role(document.body, role)
        return reading.responder.answer(request, body, position, f"{document.tag}-{role.label}")

    async def _past(self, request: Request, project_id: UUID, moment: Moment, role: Role) -> Response:
        """Answer a project as it was, with the role that the caller has now."""
        past = await deck_at(self._reading, project_id, moment)
        if past.deck.project is None:
            raise NotFound(NOT_YET)
        body = _with_role(orjson.dumps(queries.document(past.deck.project)), role)
        return self._reading.responder.answer(
            request, body, moment.position, body_tag(body), settled=moment.settled
        )

    async def many(self, request: Request) -> Response:
        """Answer a page of the caller's projects, the newest first."""
        reading = self._reading
        user = reading.principal(request).user
        parameters = Parameters.of(request)
        limit = parameters.limit
        place = reading.cursors.decode(LIST, parameters.values.get("cursor"), str, str)
        try:
            before = (datetime.fromisoformat(str(place[0])), UUID(str(place[1]))) if place else None
        except ValueError:
            raise Invalid.at("cursor", "is not a cursor of this list; start from its first page") from None
        text = (parameters.values.get("q") or "").strip()[:TEXT_LIMIT] or None
        archived = parameters.flag("archived")
        load = partial(
            queries.page,
            user=user,
            partitions=reading.settings.stream_partitions,
            text=text,
            archived=archived,
            before=before,
            limit=limit + 1,
        )
        position, rows = await of_all(reading, LIST, parameters.min_position, load)
        # Who is listed by a projection that lags is asked of the log before anything is shown.
        shown = rows[:limit]
        for row in shown:
            reading.side.rights.seen(row.project_id, row.version)
        roles = await reading.side.rights.roles([r.project_id for r in shown], user)
        items = [
            {**queries.document(r), "role": roles[r.project_id].label} for r in shown if r.project_id in roles
        ]
        last = shown[-1] if len(rows) > limit else None
        cursor = (
            reading.cursors.encode(LIST, last.created_at.isoformat(), str(last.project_id)) if last else None
        )
        return reading.responder.page(request, items, cursor, position)


def routes(reading: Reading) -> list[Route]:
    """Return the routes of projects."""
    projects = ProjectQueries(reading)
    return [
        Route("/api/projects/{project}", guarded(projects.one), methods=["GET"], include_in_schema=False),
        Route("/api/projects", guarded(projects.many), methods=["GET"], include_in_schema=False),
    ]
