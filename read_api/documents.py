"""Documents at three levels: this process, Redis, the read tables.

A cached document says as of which position it is true. It still is true if its subject was not touched
since, which the hub knows; then it is as fresh as the hub. So nothing has to be invalidated, and a missed
invalidation cannot happen. That there is no such thing is true as of a position too, and is cached alike.

A miss is loaded once: by one request of a process, and by one process, as far as Redis is there to say so.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from uuid import UUID

from infra.http.errors import Unavailable
from infra.redis.document_cache import Absent, DocumentCache, Kept
from projections.ports import Session
from read_api.cache_counts import Counts, CountsByKind
from read_api.checkpoints import CheckpointWatch
from read_api.live.hub import Hub
from read_api.memory import Document, Memory
from read_api.responses import body_tag
from read_api.tables import Tables

# Seconds: how long a process waits for another that loads the same, and between looks at Redis.
LEASE_PATIENCE = 0.25
LOOK, LOOK_MOST = 0.005, 0.04


@dataclass(frozen=True, slots=True)
class Subject:
    """What a document is about.

    `touched` names what changes it, `key` is its Redis key, `model` the read model that `load` asks:
    it returns the model's checkpoint and the document, None if there is none. For `stale_for` seconds
    what is not true any more is answered under its own position while the new one is being loaded.
    """

    kind: str
    key: str
    touched: tuple[UUID, str]
    model: str
    partition: int
    ttl: float
    load: Callable[[Session], Awaitable[tuple[int, bytes | None]]]
    stale_for: float = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is held in the process, how long readers wait, and how long it is believed that nothing is there."""

    entries: int
    bytes: int
    patience: float
    missing_ttl: float


@dataclass(frozen=True, slots=True)
class _Found:
    document: Document
    position: int
    level: str


class Documents:
    """Gets documents, each miss loaded once however many ask."""

    def __init__(
        self, hub: Hub, watch: CheckpointWatch, tables: Tables, cache: DocumentCache, limits: Limits
    ) -> None:
        self._hub = hub
        self._watch = watch
        self._tables = tables
        self._cache = cache
        self._limits = limits
        self._memory = Memory(limits.entries, limits.bytes)
        self._loading: dict[str, asyncio.Task[_Found]] = {}
        self._floor = 0
        # Goes up when an operator clears the cache: what is being loaded then is not kept.
        self._cleared = 0
        self._invalidated = 0
        # How often what was held was not believed, for want of contact; and the longest silence in which it was.
        self._bypassed = 0
        self._stalest = 0.0
        self.counts = CountsByKind()

    def distrust(self, position: int) -> None:
        """Believe nothing any more that is true as of an earlier position: the tables it is of were replaced."""
        self._floor = max(self._floor, position)

    def clear(self, pattern: str) -> None:
        """Forget the documents whose keys match a pattern; without one, which may have been missed, all."""
        self._cleared += 1
        self._invalidated += self._memory.drop(lambda key: not pattern or fnmatchcase(key, pattern))

    def stats(self) -> dict[str, Any]:
        """Return what the levels hold and did, in this process."""
        memory = {"entries": len(self._memory), "bytes": self._memory.bytes}
        lost = {"evictions": self._memory.evictions, "invalidations": self._invalidated}
        held = {**memory, **lost, "bypassed": self._bypassed}
        staleness = {
            "most_ms": round(1000 * self._stalest, 1),
            "bound_ms": round(1000 * self._hub.patience, 1),
        }
        return {"counts": self.counts.raw(), "l1": held, "staleness": staleness, "redis": self._cache.stats()}

    async def get(self, subject: Subject, min_position: int) -> tuple[Document | None, int]:
        """Return a document and the position as of which it is true, `min_position` at least.

        Raises:
            Unavailable: the read model did not come to `min_position` in time.
        """
        counts = self.counts[subject.kind]
        held = self._memory.get(subject.key)
        if held is not None and self._believed(subject.partition):
            position = self._true_as_of(subject, held, min_position)
            if position is not None and time.monotonic() < held.until:
                counts.l1 += 1
                return _answered(held, position, counts)
            if subject.stale_for and self._may_be_stale(subject, held, min_position):
                counts.stale += 1
                self._load_once(subject, min_position)
                return _answered(held, held.as_of if position is None else position, counts)
        return await self._missed(subject, min_position, counts)

    def _believed(self, partition: int) -> bool:
        """Tell whether what is held may be answered, and measure how old the knowledge is by which it would be."""
        silence = self._hub.silence(partition)
        if silence > self._hub.patience:
            self._bypassed += 1
            return False
        self._stalest = max(self._stalest, silence)
        return True

    def _true_as_of(self, subject: Subject, document: Document, min_position: int) -> int | None:
        """Return the latest position as of which a document is known to be true, None if not at `min_position`."""
        if document.as_of < max(self._floor, self._hub.touched.last(subject.touched)):
            return None
        position = max(document.as_of, self._hub.position(subject.partition))
        return position if position >= min_position else None

    def _may_be_stale(self, subject: Subject, held: Document, min_position: int) -> bool:
        if held.as_of < max(self._floor, min_position):
            return False
        now = time.monotonic()
        held.stale_since = min(held.stale_since, now)
        return now - held.stale_since < subject.stale_for

    async def _missed(
        self, subject: Subject, min_position: int, counts: Counts
    ) -> tuple[Document | None, int]:
        deadline = time.monotonic() + self._limits.patience
        joined = subject.key in self._loading
        while True:
            found = await asyncio.shield(self._load_once(subject, min_position))
            if found.position >= min_position:
                level = "joined" if joined else found.level
                setattr(counts, level, getattr(counts, level) + 1)
                return _answered(found.document, found.position, counts)
            if time.monotonic() >= deadline:
                counts.tables += 1
                raise Unavailable(f"position {min_position} has not been reached yet; it is {found.position}")
            joined = False
            await self._watch.reach(subject.model, subject.partition, min_position)

    def _load_once(self, subject: Subject, min_position: int) -> "asyncio.Task[_Found]":
        task = self._loading.get(subject.key)
        if task is None:
            task = asyncio.create_task(self._load(subject, min_position))
            self._loading[subject.key] = task
            task.add_done_callback(lambda done: self._loaded(subject.key, done))
        return task

    def _loaded(self, key: str, task: "asyncio.Task[_Found]") -> None:
        self._loading.pop(key, None)
        # Who answers what is stale does not wait for it: its failure is told to whom asks next.
        if not task.cancelled():
            task.exception()

    def _needed(self, subject: Subject, min_position: int) -> int:
        """Return the position as of which a document has to be true to be true now, and at `min_position`."""
        needed = max(self._floor, self._hub.touched.last(subject.touched))
        return needed if self._hub.position(subject.partition) >= min_position else max(needed, min_position)

    async def _load(self, subject: Subject, min_position: int) -> _Found:
        cleared = self._cleared
        answer: Kept | Absent = Absent("", None)
        if self._hub.in_contact(subject.partition):
            answer = await self._from_redis(subject, min_position)
        if isinstance(answer, Kept):
            # Since it was found to be true, nothing was waited for.
            position = max(answer.as_of, self._hub.position(subject.partition))
            return _Found(self._keep(subject, answer, cleared), position, "l2")
        as_of, body = await self._tables.look(self._needed(subject, min_position), subject.load)
        kept = Kept(as_of, body)
        document = self._keep(subject, kept, cleared)
        await self._cache.put(subject.key, kept, answer, self._ttl(subject, kept))
        return _Found(document, as_of, "tables")

    async def _from_redis(self, subject: Subject, min_position: int) -> Kept | Absent:
        """Get a document, or the lease to load it; or neither, when who has the lease takes too long."""
        deadline, pause = time.monotonic() + LEASE_PATIENCE, LOOK
        while True:
            answer = await self._cache.get(subject.key, self._needed(subject, min_position))
            if isinstance(answer, Kept):
                # It may have been touched while Redis was asked.
                if answer.as_of >= self._needed(subject, min_position):
                    return answer
                continue
            if answer.token is not None or time.monotonic() + pause > deadline:
                return answer
            await asyncio.sleep(pause)
            pause = min(2 * pause, LOOK_MOST)

    def _ttl(self, subject: Subject, kept: Kept) -> float:
        return subject.ttl if kept.body is not None else min(subject.ttl, self._limits.missing_ttl)

    def _keep(self, subject: Subject, kept: Kept, cleared: int) -> Document:
        body = kept.body or b""
        until = time.monotonic() + self._ttl(subject, kept)
        document = Document(kept.as_of, body, body_tag(body), until)
        known = self._memory.get(subject.key)
        if known is not None and self._true_as_of(subject, document, 0) is None:
            document.stale_since = known.stale_since
        if cleared == self._cleared:
            self._memory.keep(subject.key, document)
        return document


def _answered(document: Document, position: int, counts: Counts) -> tuple[Document | None, int]:
    if document.body:
        return document, position
    counts.missing += 1
    return None, position
