"""The log holds ciphertext only, its chain is over ciphertext, and what was moved does not open."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, cast
from uuid import UUID, uuid4

import orjson
import pytest
from logs import created, one, opened, renamed, request
from people import Writer, everything_in, writer_on
from running import Table, eventually

from commands.ports import NO_STREAM, Append, Appended
from domain.catalogue import CATALOGUE
from domain.events import Event
from domain.personal import is_sealed
from infra.postgres.codec import encode
from infra.postgres.vault import Vault
from projections.history import told
from tests.support.chains import chain_of

NAME, EMAIL = "Ada Lovelace, Countess", "countess@example.org"
SECRETS = [NAME.encode(), EMAIL.encode()]


@dataclass(frozen=True, kw_only=True)
class Remarked(Event):
    """A comment as it may come to be: its text is personal."""

    TOPIC: ClassVar[str] = "test.remarked"
    KIND: ClassVar[str] = "remark"
    PERSONAL: ClassVar[tuple[str, ...]] = ("text", "reply")

    text: Any
    reply: Any
    about: str


@pytest.fixture(autouse=True)
def remarks() -> Iterator[None]:
    """Logs that are opened now know remarks."""
    catalogue = cast("dict[type[Event], Any]", CATALOGUE)
    catalogue[Remarked] = ("remarked", lambda e: {"text": e.text, "reply": e.reply, "about": e.about})
    yield
    del catalogue[Remarked]


def by(user: str = "ada", **fields: Any) -> dict[str, Any]:
    return {"actor": {"id": user, "kind": "person", **fields}, "correlation_id": str(uuid4())}


def ada(stream: UUID, *events: Event, expected: int = NO_STREAM) -> Append:
    return one(stream, expected, *events, metadata=by(name=NAME, email=EMAIL))


def remark(stream: UUID, text: str = "I disagree", version: int = 1) -> Remarked:
    return Remarked(originator_id=stream, originator_version=version, text=text, reply=None, about="a slide")


async def seen(writer: Writer, project: UUID) -> list[dict[str, Any]]:
    return [
        e async for chunk in writer.log.project_in_chunks(project) for e in await told(chunk, writer.personal)
    ]


async def test_a_name_comes_back_and_stands_nowhere(writer: Writer, table: Table) -> None:
    project = uuid4()
    await writer.log.append(ada(project, created(project)))

    assert (await seen(writer, project))[0]["actor"] == {"id": "ada", "kind": "person", "name": NAME}
    stored = await everything_in(table)
    assert b"ada" in stored
    assert not any(secret in stored for secret in SECRETS)


async def test_an_e_mail_is_kept_and_not_shown(writer: Writer) -> None:
    project = uuid4()
    await writer.log.append(one(project, NO_STREAM, created(project), metadata=by(email=EMAIL)))

    [recorded] = await writer.log.project(project, 0)
    assert is_sealed(recorded.metadata["actor"]["email"])
    assert (await seen(writer, project))[0]["actor"] == {"id": "ada", "kind": "person"}


async def test_declared_fields_are_sealed_and_revealed(writer: Writer, table: Table) -> None:
    thread = uuid4()
    await writer.log.append(one(thread, NO_STREAM, remark(thread), metadata=by()))

    assert (await seen(writer, thread))[0]["data"] == {
        "text": "I disagree",
        "reply": None,
        "about": "a slide",
    }
    assert b"disagree" not in await everything_in(table)

    await writer.shred("ada")
    await eventually(lambda: forgotten(writer.vault))
    assert (await seen(writer, thread))[0]["data"] == {
        "text": None,
        "reply": None,
        "about": "a slide",
        "shredded": True,
    }


async def forgotten(vault: Vault) -> bool:
    return vault.live("ada") is None


async def test_who_says_nothing_of_themselves_has_no_key(writer: Writer, table: Table) -> None:
    project = uuid4()
    await writer.log.append(one(project, NO_STREAM, created(project), metadata=by()))

    assert await table.value("select count(*) from person_keys") == 0
    metadata = await table.value("select metadata->'actor' from stored_events")
    assert metadata == {"id": "ada", "kind": "person"}


async def test_batches_of_many_streams_are_sealed_as_well(writer: Writer) -> None:
    project, other = uuid4(), uuid4()
    batch = request(
        project,
        [(project, NO_STREAM), (other, NO_STREAM)],
        [(0, created(project)), (1, remark(other)), (1, remark(other, "twice", 2))],
        metadata=by(name=NAME),
    )
    assert isinstance(await writer.log.append(batch), Appended)

    found = await seen(writer, project)
    assert [e["actor"]["name"] for e in found] == [NAME] * 3
    assert [e["data"].get("text") for e in found] == [None, "I disagree", "twice"]


async def test_a_process_without_a_vault_refuses_what_is_personal(writer: Writer, table: Table) -> None:
    project = uuid4()
    async with opened(writer.settings) as log:
        with pytest.raises(RuntimeError, match="no vault"):
            await log.append(ada(project, created(project)))
        with pytest.raises(RuntimeError, match="no vault"):
            await log.append(one(project, NO_STREAM, remark(project), metadata=by()))
    assert await table.head() == 0


async def test_what_was_moved_is_not_shown(writer: Writer, table: Table) -> None:
    """Whoever can write to the table cannot make one person's words another's, or put them elsewhere."""
    first, second, thread = uuid4(), uuid4(), uuid4()
    await writer.log.append(ada(first, created(first)))
    await writer.log.append(ada(second, created(second)))
    await writer.log.append(one(thread, NO_STREAM, remark(thread), metadata=by("bob", name="Bob")))
    names = dict(await table.rows("select originator_id, metadata->'actor'->'name' from stored_events"))

    async def put(stream: UUID, name: object) -> dict[str, Any]:
        await table.rows(
            "update stored_events set metadata ="
            " jsonb_set(metadata::jsonb, '{actor,name}', %s::jsonb)::json where originator_id = %s returning 1",
            orjson.dumps(name).decode(),
            stream,
        )
        actor: dict[str, Any] = (await seen(writer, stream))[0]["actor"]
        return actor

    assert (await put(second, names[second]))["name"] == NAME
    for foreign in (names[first], names[thread], {"sealed": "AAAA", "key": 1}, {**names[second], "key": 7}):
        assert await put(second, foreign) == {"id": "ada", "kind": "person", "name": None}

    email = await table.value(
        "select metadata->'actor'->'email' from stored_events where originator_id = %s", first
    )
    assert (await put(first, email))["name"] is None

    state = orjson.loads(
        await table.value("select state from stored_events where originator_id = %s", thread)
    )
    swapped = orjson.dumps({**state, "text": None, "reply": state["text"]})
    await table.rows(
        "update stored_events set state = %s where originator_id = %s returning 1", swapped, thread
    )
    assert (await seen(writer, thread))[0]["data"]["reply"] is None


async def test_a_lost_key_is_not_called_shredded(writer: Writer, table: Table) -> None:
    project = uuid4()
    await writer.log.append(ada(project, created(project)))
    await table.rows("delete from person_keys returning 1")
    writer.vault.forget("ada")

    assert (await seen(writer, project))[0]["actor"] == {"id": "ada", "kind": "person", "name": None}


async def test_the_chain_is_over_ciphertext(writer: Writer, table: Table) -> None:
    streams = [uuid4() for _ in range(4)]
    for stream in streams:
        await writer.log.append(ada(stream, created(stream)))
        await writer.log.append(ada(stream, renamed(stream, 2), expected=1))
        await writer.log.append(one(stream, 2, remark(stream, version=3), metadata=by()))
    before = await chain_of(table.connection)

    await writer.shred("ada")

    assert len(before) == 12
    assert await chain_of(table.connection) == before


async def test_people_may_go_on_while_their_data_is_shredded(writer: Writer, table: Table) -> None:
    """Eight writers in two processes, three shreds: every append succeeds, and each is readable or marked."""
    stop = asyncio.Event()
    streams = [uuid4() for _ in range(8)]

    async def write(by_whom: Writer, stream: UUID) -> int:
        version = 0
        while not stop.is_set():
            event = renamed(stream, version + 1) if version else created(stream)
            outcome = await by_whom.log.append(ada(stream, event, expected=version))
            assert isinstance(outcome, Appended)
            version += 1
        return version

    async with writer_on(writer.settings) as other:
        tasks = [asyncio.create_task(write(w, s)) for w, s in zip([writer, other] * 4, streams, strict=True)]
        for _ in range(3):
            await asyncio.sleep(0.6)
            assert len((await writer.shred("ada")).dropped) == 1
        await asyncio.sleep(0.6)
        stop.set()
        versions = await asyncio.gather(*tasks)

        found = [e for stream in streams for e in await seen(other, stream)]
    actors = [e["actor"] for e in sorted(found, key=lambda e: e["position"])]
    assert len(actors) == sum(versions) == await table.head()
    marked = {"id": "ada", "kind": "person", "name": None, "shredded": True}
    assert all(a in (marked, {"id": "ada", "kind": "person", "name": NAME}) for a in actors)
    assert actors[0] == marked
    assert actors[-1]["name"] == NAME
    generations = await table.rows("select generation, key is null from person_keys order by 1")
    assert generations == [(1, True), (2, True), (3, True), (4, False)]
    assert len(await chain_of(table.connection)) == len(actors)


def test_what_is_encoded_is_what_was_sealed() -> None:
    sealed = {"sealed": "AAAA", "key": 1}
    event = Remarked(originator_id=uuid4(), originator_version=1, text=sealed, reply=None, about="x")
    assert orjson.loads(encode(event)) == {"text": sealed, "reply": None, "about": "x"}
