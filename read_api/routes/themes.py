"""`/api/themes` and one theme."""

from functools import partial
from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.http.errors import Invalid, NotFound
from projections.ports import Session
from projections.themes import queries
from read_api.documents import Subject
from read_api.parameters import Parameters, path_id
from read_api.responses import body_tag
from read_api.routes.guarding import guarded
from read_api.side import Reading
from read_api.waiting import of_all

LIST = "themes"
# Seconds: a theme that was revised is shown as it was, under the position of then, while it is being loaded.
STALE_FOR = 5.0
_BUILT_IN = [queries.built_in_document(theme) for theme in queries.BUILT_IN.values()]


async def _load(session: Session, partition: int, theme_id: UUID) -> tuple[int, bytes | None]:
    as_of, row = await queries.find_one(session, theme_id, partition=partition)
    return as_of, orjson.dumps(queries.document(row)) if row else None


class ThemeQueries:
    """The themes that a user can choose from."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._keys = reading.side.keys(reading.epoch)

    async def one(self, request: Request) -> Response:
        """Answer a theme: a built-in one, one of the caller's, or that of a project of which the caller is a member."""
        reading = self._reading
        user = reading.principal(request).user
        theme_id = path_id(request, "theme")
        parameters = Parameters.of(request)
        if (built_in := queries.BUILT_IN.get(theme_id)) is not None:
            body = orjson.dumps(queries.built_in_document(built_in))
            # It was so at every position that there is.
            await reading.come_to(theme_id, parameters.min_position)
            position = max(reading.hub.position(reading.partition(theme_id)), parameters.min_position)
            return reading.responder.answer(request, body, position, body_tag(body), public=True)
        document, position = await reading.documents.get(self._subject(theme_id), parameters.min_position)
        if document is None:
            raise NotFound("no such theme")
        owner = orjson.loads(document.body)["owner"]
        if owner != user and not await self._is_shown(theme_id, user, parameters):
            raise NotFound("no such theme")
        return reading.responder.answer(request, document.body, position, document.tag)

    def _subject(self, theme_id: UUID) -> Subject:
        """What is cached of a theme. Its events stand under its own id, so that is where its partition is."""
        reading = self._reading
        partition = reading.partition(theme_id)
        return Subject(
            kind="theme",
            key=self._keys.document(theme_id, "theme"),
            touched=(theme_id, "theme"),
            model=LIST,
            partition=partition,
            ttl=reading.settings.cache_theme_ttl,
            load=partial(_load, partition=partition, theme_id=theme_id),
            stale_for=STALE_FOR,
        )

    async def _is_shown(self, theme_id: UUID, user: str, parameters: Parameters) -> bool:
        """Tell whether a project of the user's is shown in the theme; the log is asked for the membership."""
        reading = self._reading
        load = partial(
            queries.shown_in, theme_id=theme_id, user=user, partitions=reading.settings.stream_partitions
        )
        _, candidates = await of_all(reading, "projects", parameters.min_position, load)
        return bool(await reading.side.rights.roles(candidates, user))

    async def many(self, request: Request) -> Response:
        """Answer a page of the built-in themes and then the caller's own, the newest first."""
        reading = self._reading
        user = reading.principal(request).user
        parameters = Parameters.of(request)
        limit = parameters.limit
        skipped, before = self._place(parameters)
        built_in = _BUILT_IN[skipped : skipped + limit + 1]
        load = partial(
            queries.page,
            owner=user,
            partitions=reading.settings.stream_partitions,
            before=before,
            limit=limit + 1 - len(built_in),
        )
        position, rows = await of_all(reading, LIST, parameters.min_position, load)
        found: list[tuple[int, int, dict[str, Any]]] = [
            *((n, 0, theme) for n, theme in enumerate(built_in, skipped + 1)),
            *((len(_BUILT_IN), row.defined, queries.document(row)) for row in rows),
        ]
        shown = found[:limit]
        cursor = reading.cursors.encode(LIST, *shown[-1][:2]) if len(found) > limit else None
        return reading.responder.page(request, [theme for *_, theme in shown], cursor, position)

    def _place(self, parameters: Parameters) -> tuple[int, int | None]:
        """Return how many built-in themes were shown, and the position before which to go on with the others."""
        place = self._reading.cursors.decode(LIST, parameters.values.get("cursor"), int, int)
        if place is None:
            return 0, None
        skipped, before = int(place[0]), int(place[1])
        if skipped < 0:
            raise Invalid.at("cursor", "is not a cursor of this list; start from its first page")
        return skipped, before or None


def routes(reading: Reading) -> list[Route]:
    """Return the routes of themes."""
    themes = ThemeQueries(reading)
    return [
        Route("/api/themes", guarded(themes.many), methods=["GET"], include_in_schema=False),
        Route("/api/themes/{theme}", guarded(themes.one), methods=["GET"], include_in_schema=False),
    ]
