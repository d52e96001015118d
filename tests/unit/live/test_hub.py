"""What the hub looks into: events of projects that somebody here listens to, and no others."""

import asyncio
from collections.abc import MutableMapping, Sequence
from typing import Any, cast
from uuid import UUID, uuid4

import orjson

from infra.postgres.event_log import PostgresEventLog
from infra.settings import Settings
from projections.live import ENVELOPE, LiveItem
from read_api.live.hub import Hub

SETTINGS = Settings.model_validate(
    {"database_url": "postgresql://host/db", "redis_url": "redis://host", "jwt_secret": "x" * 32}
)


class Names:
    """Reveals names, one question at a time, and knows what it was asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.meanwhile: list[Any] = []

    async def reveal(self, documents: Sequence[MutableMapping[str, Any]]) -> None:
        self.asked += [document["position"] for document in documents]
        while self.meanwhile:
            self.meanwhile.pop()()
        await asyncio.sleep(0)
        for document in documents:
            document["actor"] = {"name": "Ada"}


class Listener:
    def __init__(self) -> None:
        self.items: list[LiveItem] = []

    def push(self, item: LiveItem) -> None:
        self.items.append(item)

    def tell(self, note: bytes) -> None:
        raise AssertionError(note)

    def end(self) -> None:
        raise AssertionError


def sealed(position: int, project: UUID) -> LiveItem:
    body = orjson.dumps({"position": position, "actor": {"name": {"sealed": "x"}}})
    return LiveItem(position, project, project, "block", ENVELOPE + body[1:])


def hub_with(names: Names, forgotten: list[UUID]) -> Hub:
    # The log is not asked here: items are handed in.
    return Hub(SETTINGS, cast("PostgresEventLog", None), uuid4(), 0, forgotten.append, personal=names)


async def test_only_what_somebody_here_listens_to_is_looked_into() -> None:
    names = Names()
    hub = hub_with(names, [])
    mine, foreign = uuid4(), uuid4()
    listener = Listener()
    hub.listen(mine, listener)
    await hub._deliver([sealed(1, foreign), sealed(2, mine), sealed(3, foreign), sealed(4, mine)], 4)
    assert names.asked == [2, 4]
    assert [i.position for i in listener.items] == [2, 4]
    assert all(b'"Ada"' in i.message for i in listener.items)
    hub.stop_listening(mine, listener)
    await hub._deliver([sealed(5, mine)], 5)
    assert names.asked == [2, 4]


async def test_who_begins_to_listen_while_names_are_revealed_misses_nothing() -> None:
    names = Names()
    hub = hub_with(names, [])
    mine, late = uuid4(), uuid4()
    listener, later = Listener(), Listener()
    hub.listen(mine, listener)
    names.meanwhile = [lambda: hub.listen(late, later)]
    await hub._deliver([sealed(1, late), sealed(2, mine), sealed(3, late)], 3)
    # Its floor is the hub's position, which has not moved yet.
    assert [i.position for i in later.items] == [1, 3]
    assert [i.position for i in listener.items] == [2]


async def test_what_nobody_listens_to_still_makes_rights_and_documents_old() -> None:
    forgotten: list[UUID] = []
    hub = hub_with(Names(), forgotten)
    project = uuid4()
    await hub._deliver([LiveItem(7, project, project, "project", b"{}")], 7)
    assert forgotten == [project]
    assert hub.touched.last((project, "project")) == 7
