"""`/api/projects/{project}/diff`: what changed between two positions, told so that people can read it."""

import asyncio
from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.http.errors import Invalid
from projections.diff import Deck, compared, document
from read_api.moments import Moment, deck_at
from read_api.parameters import Parameters, path_id
from read_api.responses import body_tag
from read_api.routes.guarding import guarded
from read_api.side import Reading

LIST = "diff"


class DiffQueries:
    """Two states of a project, compared."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def one(self, request: Request) -> Response:
        """Answer a page of changes; `to` is now by default, and stays that while pages are turned.

        `from` may be 0 or any position before the project began (then all is new), and may be after `to`:
        then it is told what going back would do.
        """
        reading = self._reading
        user = reading.principal(request).user
        project_id = path_id(request, "project")
        parameters = Parameters.of(request)
        if "from" not in parameters.values:
            raise Invalid.at("from", "is required: the position to compare with")
        begin = parameters.number("from", 0)
        place = reading.cursors.decode(LIST, parameters.values.get("cursor"), int, int, int)
        await reading.role(project_id, user, parameters.min_position)
        end, done = await self._end(project_id, parameters), 0
        if place:
            known, told_to, done = (int(p) for p in place)
            if known != begin or ("to" in parameters.values and told_to != end):
                raise Invalid.at("cursor", "is a cursor of other positions; start from the first page")
            end = told_to
        await reading.come_to(project_id, max(begin, end, parameters.min_position))
        items, more = await self._compare(project_id, begin, end, max(done, 0), parameters.limit)
        cursor = reading.cursors.encode(LIST, begin, end, done + len(items)) if more else None
        body = orjson.dumps({"from": begin, "to": end, "items": items, "next_cursor": cursor})
        settled = "to" in parameters.values or place is not None
        return reading.responder.answer(request, body, end, body_tag(body), settled=settled)

    async def _end(self, project_id: UUID, parameters: Parameters) -> int:
        """Return the position to compare up to: the one asked for, or that of the project's last event."""
        if "to" in parameters.values:
            return parameters.number("to", 0)
        await self._reading.come_to(project_id, parameters.min_position)
        return await self._reading.side.decks.last_position(project_id)

    async def _compare(
        self, project_id: UUID, begin: int, end: int, done: int, limit: int
    ) -> tuple[list[dict[str, Any]], bool]:
        after = await deck_at(self._reading, project_id, Moment(end, settled=True))
        before = await self._reading.past.at(project_id, begin)
        # Thousands of blocks may have changed: other tasks have their turns meanwhile.
        changes = await asyncio.to_thread(compared, before.deck if before else Deck(), after.deck)
        items = await asyncio.to_thread(document, changes[done : done + limit])
        return items, len(changes) > done + limit


def routes(reading: Reading) -> list[Route]:
    """Return the route of the diff."""
    diff = DiffQueries(reading)
    return [
        Route("/api/projects/{project}/diff", guarded(diff.one), methods=["GET"], include_in_schema=False)
    ]
