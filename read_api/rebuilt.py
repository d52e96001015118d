"""Noticing that read models were rebuilt: what was cached of the tables before may have been wrong."""

import asyncio
import logging

import psycopg

from infra.http.errors import Unavailable
from projections import checkpoints
from projections.ports import Database
from read_api.documents import Documents

logger = logging.getLogger(__name__)

LOOK_AGAIN = 1.0


class RebuiltWatch:
    """Tells the documents as of which position the tables were last swapped; fed by LISTEN."""

    def __init__(self, documents: Documents, database: Database) -> None:
        self._documents = documents
        self._database = database
        self._look = asyncio.Event()
        self._look.set()

    def notified(self, payload: str) -> None:
        """Take a notification (a position); an empty one says that some may have been missed."""
        if payload:
            self._documents.distrust(int(payload))
        else:
            self._look.set()

    async def run(self) -> None:
        """Look at the table whenever a notification may have been missed, until cancelled."""
        while True:
            await self._look.wait()
            try:
                async with self._database.session() as session:
                    self._documents.distrust(await checkpoints.last_swap(session))
                self._look.clear()
            except (psycopg.Error, Unavailable) as away:
                logger.warning("cannot tell whether read models were rebuilt: %s", away)
                await asyncio.sleep(LOOK_AGAIN)
