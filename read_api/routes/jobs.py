"""`/api/projects/{project}/jobs`, `/api/jobs/{job}` and `/api/admin/queues/stats`."""

from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.http.errors import Forbidden, NotFound
from infra.postgres.queue_settings import QueueSettings
from infra.queues import queue_stats, queues_of
from projections.jobs import queries
from projections.jobs.rows import KINDS, RUNNING, STATES, JobRow
from read_api.files import file_answer, plain_name
from read_api.parameters import Parameters, path_id
from read_api.responses import body_tag
from read_api.routes.guarding import guarded
from read_api.side import Reading
from read_api.waiting import of_project

LIST = "jobs"
ALL = "all"
SUCCEEDED = "succeeded"


class JobQueries:
    """The jobs of a project, and one job."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        keys = reading.side.keys(reading.epoch)
        self._queues = queues_of(reading.settings, reading.side.redis, keys)
        self._decisions = QueueSettings(reading.side.pool)

    async def many(self, request: Request) -> Response:
        """Answer a page of a project's jobs, the newest first."""
        reading = self._reading
        user = reading.principal(request).user
        project_id = path_id(request, "project")
        parameters = Parameters.of(request)
        state = parameters.choice("state", ALL, *STATES)
        kind = parameters.choice("kind", ALL, *KINDS)
        limit = parameters.limit
        place = reading.cursors.decode(LIST, parameters.values.get("cursor"), int)
        await reading.role(project_id, user, parameters.min_position)
        partition = reading.partition(project_id)
        load = partial(
            queries.page,
            partition=partition,
            project_id=project_id,
            state=state if state != ALL else None,
            kind=kind if kind != ALL else None,
            before=int(place[0]) if place else None,
            limit=limit + 1,
        )
        position, rows = await of_project(reading, LIST, partition, parameters.min_position, load)
        shown = rows[:limit]
        cursor = reading.cursors.encode(LIST, shown[-1].requested) if len(rows) > limit else None
        items = [queries.document(r, await self._progress(r)) for r in shown]
        return reading.responder.page(request, items, cursor, position)

    async def one(self, request: Request) -> Response:
        """Answer one job."""
        reading = self._reading
        row, position = await self.row(request)
        body = orjson.dumps(queries.document(row, await self._progress(row)))
        return reading.responder.answer(request, body, position, body_tag(body))

    async def file(self, request: Request) -> Response:
        """Answer the file that a job made."""
        row, _ = await self.row(request)
        result = row.result or {}
        asset_id = result.get("asset_id")
        if row.state != SUCCEEDED or asset_id is None:
            raise NotFound(f"the job has no file; it is {row.state}")
        found = await self._reading.side.blobs.get(row.project_id, UUID(asset_id))
        if found is None:
            raise NotFound("the job's file is gone")
        data, media_type = found
        name = result.get("name") or plain_name(str(row.job_id), media_type)
        return file_answer(data, media_type, sha256(data).hexdigest(), name)

    async def row(self, request: Request) -> tuple[JobRow, int]:
        """Return a job that the caller may see, and the position as of which that is true.

        Raises:
            NotFound: there is none, or the caller may not know that there is.
        """
        reading = self._reading
        user = reading.principal(request).user
        parameters = Parameters.of(request)
        job_id = path_id(request, "job")
        # The path does not name the project; the log does.
        project_id = await reading.side.log.project_of(job_id)
        if project_id is None:
            raise NotFound("no such job")
        try:
            await reading.role(project_id, user, parameters.min_position)
        except NotFound:
            raise NotFound("no such job") from None
        partition = reading.partition(project_id)
        load = partial(queries.one, partition=partition, project_id=project_id, job_id=job_id)
        position, row = await of_project(reading, LIST, partition, parameters.min_position, load)
        if row is None:
            raise NotFound("no such job")
        return row, position

    async def stats(self, request: Request) -> Response:
        """Answer how the queues stand, to whom the token's scope says is an admin."""
        reading = self._reading
        if "admin" not in reading.principal(request).scopes:
            raise Forbidden("this needs a token with the scope admin")
        side = reading.side
        found = await queue_stats(reading.settings, side.database, self._queues, self._decisions)
        return Response(
            orjson.dumps({"queues": found}),
            media_type="application/json",
            headers={"Cache-Control": "no-store"},
        )

    async def _progress(self, row: JobRow) -> dict[str, Any] | None:
        """Return how far a running job is, as far as Redis knows."""
        if row.state != RUNNING:
            return None
        try:
            told = await self._queues[row.kind].progress(row.job_id)
        except (RedisError, OSError, TimeoutError):
            return None
        progress: dict[str, Any] | None = orjson.loads(told) if told else None
        return progress


def routes(reading: Reading) -> list[Route]:
    """Return the routes of jobs."""
    jobs = JobQueries(reading)
    return [
        Route(path, guarded(endpoint), methods=["GET"], include_in_schema=False)
        for path, endpoint in (
            ("/api/projects/{project}/jobs", jobs.many),
            ("/api/jobs/{job}", jobs.one),
            ("/api/jobs/{job}/file", jobs.file),
            ("/api/admin/queues/stats", jobs.stats),
        )
    ]
