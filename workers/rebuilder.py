"""Rebuilds that are wanted, done by one worker at a time: what an operator asked for, what a release needs.

A model whose code has a higher version than its rows were folded by is not folded any further by this release:
an older one may still do that, beside it. Its rows are built anew, by the new code and beside the live ones, and
swapped in; from then on the older release leaves it alone.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from infra.cancelling import stop_if_cancelled
from infra.postgres.rebuilds import Busy
from infra.settings import Settings
from projections import checkpoints, requests
from projections.model import ReadModel
from projections.ports import Database
from workers.rebuilding import Rebuilt, rebuild

logger = logging.getLogger(__name__)

LOOK_EVERY = 1.0
# Rows that differed, kept with what came of a request.
KEPT = 20
BY_ITSELF = "decklog"


class Rebuilder:
    """Does what is wanted, until cancelled.

    Args:
        wake: set when somebody wants something.
    """

    def __init__(
        self, settings: Settings, database: Database, models: Sequence[ReadModel], wake: asyncio.Event
    ) -> None:
        self._settings = settings
        self._database = database
        self._models = models
        self._wake = wake

    async def run(self) -> None:
        """Look for something to do, again and again.

        Raises:
            psycopg.Error: the database is away; whoever runs this starts it again.
        """
        while True:
            self._wake.clear()
            try:
                await self.once()
            except Busy:
                # Somebody rebuilds from the command line; when that is over, it is this one's turn.
                logger.info("a rebuild is wanted, and has to wait for another one")
            stop_if_cancelled()
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def once(self) -> Rebuilt | None:
        """Do what is wanted most, if anything is.

        Raises:
            Busy: somebody else rebuilds.
        """
        async with self._database.session() as session:
            request = await requests.take(session)
            if request is None:
                versions = {m.name: m.version for m in self._models}
                if not (names := await checkpoints.behind(session, versions)):
                    return None
                logger.warning("%s: rows of another version; they are built anew", ", ".join(names))
                await requests.ask(session, names, reason=requests.VERSION, by=BY_ITSELF)
                request = await requests.take(session)
                if request is None:
                    return None
        return await self._do(request)

    async def _do(self, request: requests.Request) -> Rebuilt | None:
        models = [m for m in self._models if m.name in request.models]
        try:
            rebuilt = await rebuild(self._settings, models, _silent)
        except Busy:
            raise
        except Exception as error:
            logger.exception("the rebuild of %s failed", ", ".join(request.models))
            await self._end(request, {"error": f"{type(error).__name__}: {error}"}, failed=True)
            return None
        await self._end(request, _told(rebuilt))
        return rebuilt

    async def _end(self, request: requests.Request, result: dict[str, Any], *, failed: bool = False) -> None:
        async with self._database.session() as session:
            await requests.end(session, request, result, failed=failed)


def _silent(_: int, __: int) -> None:
    """Who wants to know how far it is, asks the tables."""


def _told(rebuilt: Rebuilt) -> dict[str, Any]:
    shown = [
        {
            "model": d.model,
            "table": d.table,
            "key": {name: str(value) for name, value in d.key.items()},
            "columns": sorted(d.columns),
            "why": d.why,
        }
        for d in rebuilt.differences[:KEPT]
    ]
    return {
        "events": rebuilt.events,
        "rows": rebuilt.rows,
        "position": rebuilt.position,
        "differing": rebuilt.differing,
        "differences": shown,
    }
