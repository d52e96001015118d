"""Documents at three levels: this process, Redis, the read tables.

A cached document says as of which position it is true. It still is true if its subject was not touched
since, which the hub knows; then it is as fresh as the hub. So nothing has to be invalidated, and a missed
invalidation cannot happen.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from infra.http.errors import Unavailable
from infra.redis.document_cache import DocumentCache
from projections.ports import Database, Session
from read_api.checkpoints import CheckpointWatch
from read_api.live.hub import Hub
from read_api.responses import body_tag


@dataclass(frozen=True, slots=True)
class Subject:
    """What a document is about.

    `touched` names what changes it, `key` is its Redis key, `model` the read model that `load` asks:
    it returns the model's checkpoint and the document, None if there is none.
    """

    key: str
    touched: tuple[UUID, str]
    model: str
    partition: int
    ttl: float
    load: Callable[[Session], Awaitable[tuple[int, bytes | None]]]


@dataclass(frozen=True, slots=True)
class Document:
    """A document, the position as of which it is true, and a tag of its bytes."""

    as_of: int
    body: bytes
    tag: str


@dataclass(slots=True)
class CacheCounts:
    """How often each level had the answer."""

    l1: int = 0
    l2: int = 0
    tables: int = 0


def _document(as_of: int, body: bytes) -> Document:
    return Document(as_of, body, body_tag(body))


class Documents:
    """Gets documents, each miss loaded once a process however many ask."""

    def __init__(
        self,
        hub: Hub,
        watch: CheckpointWatch,
        database: Database,
        cache: DocumentCache,
        *,
        capacity: int,
        patience: float,
    ) -> None:
        self._hub = hub
        self._watch = watch
        self._database = database
        self._cache = cache
        self._capacity = capacity
        self._patience = patience
        self._known: OrderedDict[str, Document] = OrderedDict()
        self._loading: dict[str, asyncio.Task[tuple[int, Document | None]]] = {}
        self._floor = 0
        self.counts = CacheCounts()

    def distrust(self, position: int) -> None:
        """Believe nothing any more that is true as of an earlier position: the tables it is of were replaced."""
        self._floor = max(self._floor, position)

    def cached(self, subject: Subject, min_position: int) -> tuple[Document, int] | None:
        """Return a document that this process holds and knows to be true at `min_position`, or None."""
        document = self._known.get(subject.key)
        if document is None or not self._hub.in_contact(subject.partition):
            return None
        return self._if_true(subject, document, min_position)

    def _if_true(
        self, subject: Subject, document: Document, min_position: int
    ) -> tuple[Document, int] | None:
        if document.as_of < max(self._floor, self._hub.touched.last(subject.touched)):
            return None
        position = max(document.as_of, self._hub.position(subject.partition))
        return (document, position) if position >= min_position else None

    async def get(self, subject: Subject, min_position: int) -> tuple[Document | None, int]:
        """Return a document and the position as of which it is true, `min_position` at least.

        Raises:
            Unavailable: the read model did not come to `min_position` in time.
        """
        if (found := self.cached(subject, min_position)) is not None:
            self.counts.l1 += 1
            self._known.move_to_end(subject.key)
            return found
        if (found := await self._from_redis(subject, min_position)) is not None:
            self.counts.l2 += 1
            return found
        self.counts.tables += 1
        deadline = asyncio.get_running_loop().time() + self._patience
        while True:
            as_of, document = await self._load_once(subject)
            if as_of >= min_position:
                return document, as_of
            if asyncio.get_running_loop().time() >= deadline:
                raise Unavailable(f"position {min_position} has not been reached yet; it is {as_of}")
            await self._watch.reach(subject.model, subject.partition, min_position)

    async def _from_redis(self, subject: Subject, min_position: int) -> tuple[Document, int] | None:
        if not self._hub.in_contact(subject.partition):
            return None
        value = await self._cache.get(subject.key)
        if value is None:
            return None
        found = self._if_true(subject, _document(*value), min_position)
        if found is not None:
            self._keep(subject.key, found[0])
        return found

    async def _load_once(self, subject: Subject) -> tuple[int, Document | None]:
        task = self._loading.get(subject.key)
        if task is None:
            task = asyncio.create_task(self._load(subject))
            self._loading[subject.key] = task
            task.add_done_callback(lambda _: self._loading.pop(subject.key, None))
        return await asyncio.shield(task)

    async def _load(self, subject: Subject) -> tuple[int, Document | None]:
        async with self._database.session() as session:
            as_of, body = await subject.load(session)
        if body is None:
            return as_of, None
        document = _document(as_of, body)
        self._keep(subject.key, document)
        await self._cache.put(subject.key, as_of, body, subject.ttl)
        return as_of, document

    def _keep(self, key: str, document: Document) -> None:
        if not self._capacity:
            return
        known = self._known.get(key)
        if known is None or known.as_of <= document.as_of:
            self._known[key] = document
            self._known.move_to_end(key)
            if len(self._known) > self._capacity:
                self._known.popitem(last=False)
