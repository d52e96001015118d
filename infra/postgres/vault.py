"""The keys of persons: in a table, and for a moment in this process.

What is cached is believed while this process keeps asking, each second, what was shredded of late; a
notification makes it forget at once. A process that cannot ask believes nothing after `TRUST` seconds: so
a shred holds everywhere within 5 s, also where a notification was lost or a process was stopped meanwhile.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import psycopg
from psycopg_pool import AsyncConnectionPool

from domain.errors import Unavailable
from infra.cancelling import stop_if_cancelled
from infra.postgres.connections import Connection, borrowed
from infra.postgres.listener import listen
from infra.sealing import KeyWrap, PersonKey, Unreadable
from infra.settings import Settings

logger = logging.getLogger(__name__)

CHANNEL = "decklog_shredded"
LOOK_EVERY = 1.0
TRUST = 3.0
# Far longer than a look may be late: it covers shreds that committed out of order.
LOOK_BACK = "30 seconds"
REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class PersonKeys:
    """All generations of a person's key, None where it was shredded, and the live one."""

    generations: Mapping[int, PersonKey | None]
    live: PersonKey | None


NOBODY = PersonKeys({}, None)


class Vault:
    """Finds and makes keys."""

    def __init__(
        self, settings: Settings, pool: AsyncConnectionPool[Connection], clock: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._clock = clock
        self._wrap = KeyWrap(settings.sealing_secret)
        self._known: OrderedDict[str, PersonKeys] = OrderedDict()
        self._making: dict[str, asyncio.Task[PersonKey]] = {}
        self._checked = float("-inf")
        # Counts what was forgotten: a load that was under way then may bring what is no more.
        self._forgotten = 0
        self._watching: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to hear of shreds."""
        listening = listen(self._settings, CHANNEL, self.forget)
        self._watching = [asyncio.create_task(self._watch()), asyncio.create_task(listening)]

    async def stop(self) -> None:
        """Stop hearing, and forget all keys."""
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        self.forget("")

    def forget(self, person: str) -> None:
        """Drop what is cached of a person; of everybody, if it is empty."""
        self._forgotten += 1
        if person:
            self._known.pop(person, None)
        else:
            self._known.clear()

    def live(self, person: str) -> PersonKey | None:
        """Return the key that seals now, if it is cached and may be believed."""
        known = self._cached(person)
        return known.live if known else None

    async def live_or_new(self, person: str) -> PersonKey:
        """Return the key that seals now; whoever has none (any more) gets the next generation.

        Raises:
            Unavailable: the keys cannot be reached, or the secret they are wrapped under is another.
        """
        key = self.live(person)
        if key is not None:
            return key
        # Many commands of one person meet: one of them asks for all.
        making = self._making.get(person)
        if making is None:
            making = self._making[person] = asyncio.create_task(self._find_or_make(person))
            making.add_done_callback(lambda _: self._making.pop(person, None))
        try:
            return await asyncio.shield(making)
        except (psycopg.OperationalError, psycopg.InternalError, OSError) as away:
            raise Unavailable("the keys of persons cannot be reached", retry_after=2) from away

    async def generations(self, wanted: Iterable[tuple[str, int]]) -> Mapping[str, PersonKeys]:
        """Return what there is of these persons' keys, the generations asked for included if they exist.

        Raises:
            Unavailable: they cannot be reached.
        """
        found: dict[str, PersonKeys] = {}
        missing: set[str] = set()
        for person, generation in wanted:
            known = self._cached(person)
            if known is not None and generation in known.generations:
                found[person] = known
            else:
                missing.add(person)
        if missing:
            found |= await self._load(missing)
        return found

    def _cached(self, person: str) -> PersonKeys | None:
        if self._clock() - self._checked > TRUST:
            return None
        known = self._known.get(person)
        if known is not None:
            self._known.move_to_end(person)
        return known

    async def _load(self, persons: Iterable[str]) -> dict[str, PersonKeys]:
        names = list(persons)
        before = self._forgotten
        async with borrowed(self._pool) as connection:
            cursor = await connection.execute(
                "select person, generation, key from person_keys where person = any(%s) order by generation",
                [names],
                binary=True,
            )
            rows = await cursor.fetchall()
        generations: dict[str, dict[int, PersonKey | None]] = {name: {} for name in names}
        for person, generation, wrapped in rows:
            try:
                opened = None if wrapped is None else self._wrap.unwrap(person, generation, wrapped)
            except Unreadable:
                logger.error("key %d of %s does not open: is it PERSON_KEY_SECRET's?", generation, person)  # noqa: TRY400 - the trace says nothing
                continue
            generations[person][generation] = opened
        loaded = {p: PersonKeys(g, next((k for k in g.values() if k), None)) for p, g in generations.items()}
        if before == self._forgotten:
            self._keep(loaded)
        return loaded

    def _keep(self, loaded: Mapping[str, PersonKeys]) -> None:
        for person, keys in loaded.items():
            if keys.generations:
                self._known[person] = keys
                self._known.move_to_end(person)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    async def _find_or_make(self, person: str) -> PersonKey:
        for _ in range(3):
            if (key := (await self._load([person]))[person].live) is not None:
                return key
            await self._make(person)
        raise Unavailable(f"the key of {person} does not open: PERSON_KEY_SECRET is another than it was")

    async def _make(self, person: str) -> None:
        """Insert the next generation, unless somebody is quicker."""
        async with borrowed(self._pool) as connection:
            cursor = await connection.execute(
                "select coalesce(max(generation), 0) + 1 from person_keys where person = %s", [person]
            )
            row = await cursor.fetchone()
            generation: int = row[0] if row else 1
            await connection.execute(
                "insert into person_keys (person, generation, key) values (%s, %s, %s) on conflict do nothing",
                [person, generation, self._wrap.make(person, generation)],
            )

    async def _watch(self) -> None:
        """Ask again and again what was shredded; who cannot ask stops believing what is cached."""
        while True:
            asked = self._clock()
            try:
                async with borrowed(self._pool) as connection:
                    cursor = await connection.execute(
                        "select distinct person from person_keys"
                        " where shredded_at > clock_timestamp() - %s::interval",
                        [LOOK_BACK],
                    )
                    for (person,) in await cursor.fetchall():
                        self.forget(person)
                self._checked = asked
            except (psycopg.Error, Unavailable, OSError) as away:
                logger.warning("cannot ask whose data was shredded: %s", away)
            stop_if_cancelled()
            await asyncio.sleep(LOOK_EVERY)
