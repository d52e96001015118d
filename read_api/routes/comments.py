"""`/api/projects/{project}/comments` and the replies to one. Texts are revealed for each answer."""

from functools import partial
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.http.errors import Invalid, NotFound
from projections.comments import queries
from projections.comments.telling import told_replies, told_threads
from read_api.parameters import Parameters, path_id
from read_api.routes.guarding import guarded
from read_api.side import Reading
from read_api.waiting import of_project

LIST = "comments"


class CommentQueries:
    """What people remarked on a project and on its blocks."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def many(self, request: Request) -> Response:
        """Answer a page of a project's threads, the newest first, each with its latest replies."""
        reading = self._reading
        user = reading.principal(request).user
        project_id = path_id(request, "project")
        parameters = Parameters.of(request)
        limit = parameters.limit
        resolved = parameters.flag("resolved") if "resolved" in parameters.values else None
        block_id = _block_id(parameters)
        place = reading.cursors.decode(LIST, parameters.values.get("cursor"), int)
        await reading.role(project_id, user, parameters.min_position)
        partition = reading.partition(project_id)
        asked = queries.ThreadsQuery(resolved, block_id, int(place[0]) if place else None, limit + 1)
        load = partial(queries.page, partition=partition, project_id=project_id, query=asked)
        position, threads = await of_project(reading, "comments", partition, parameters.min_position, load)
        shown = threads[:limit]
        cursor = reading.cursors.encode(LIST, shown[-1][0].opened) if len(threads) > limit else None
        items = await told_threads(shown, reading.side.personal)
        return reading.responder.page(request, items, cursor, position)

    async def replies(self, request: Request) -> Response:
        """Answer a page of a thread's replies, the oldest first."""
        reading = self._reading
        user = reading.principal(request).user
        project_id, thread_id = path_id(request, "project"), path_id(request, "thread")
        parameters = Parameters.of(request)
        limit = parameters.limit
        kind = f"replies {thread_id}"
        place = reading.cursors.decode(kind, parameters.values.get("cursor"), int)
        await reading.role(project_id, user, parameters.min_position)
        partition = reading.partition(project_id)
        load = partial(
            queries.replies_page,
            partition=partition,
            project_id=project_id,
            thread_id=thread_id,
            after=int(place[0]) if place else 0,
            limit=limit + 1,
        )
        position, found = await of_project(reading, "comments", partition, parameters.min_position, load)
        if found is None:
            raise NotFound("no such thread")
        shown = found[:limit]
        cursor = reading.cursors.encode(kind, shown[-1].number) if len(found) > limit else None
        items = await told_replies(shown, reading.side.personal)
        return reading.responder.page(request, items, cursor, position)


def _block_id(parameters: Parameters) -> UUID | None:
    text = parameters.values.get("block_id")
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise Invalid.at("block_id", "must be a UUID") from None


def routes(reading: Reading) -> list[Route]:
    """Return the routes of comments."""
    comments = CommentQueries(reading)
    base = "/api/projects/{project}/comments"
    return [
        Route(base, guarded(comments.many), methods=["GET"], include_in_schema=False),
        Route(
            base + "/{thread}/replies", guarded(comments.replies), methods=["GET"], include_in_schema=False
        ),
    ]
