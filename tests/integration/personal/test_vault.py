"""Keys: one a person, the same in every process, believed for a moment only."""

import asyncio
import time
from uuid import uuid4

import pytest
from people import Writer, writer_on
from running import Table, eventually

from domain.errors import Unavailable
from infra.postgres.vault import LOOK_EVERY, TRUST, Vault
from infra.sealing import Unreadable
from infra.settings import Settings

PLACE = "here"
BLOCKED = "select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"


async def test_processes_that_make_a_key_at_once_end_with_one(
    settings: Settings, writer: Writer, table: Table
) -> None:
    async with writer_on(settings) as other:
        keys = await asyncio.gather(*(v.live_or_new("ada") for v in [writer.vault, other.vault] * 10))

    sealed = keys[0].seal("Ada", PLACE)
    assert {k.open(sealed, PLACE) for k in keys} == {"Ada"}
    assert await table.rows("select person, generation, key is null, shredded_at from person_keys") == [
        ("ada", 1, False, None)
    ]


async def test_a_key_in_the_table_is_not_the_key(writer: Writer, table: Table) -> None:
    key = await writer.vault.live_or_new("ada")
    wrapped = await table.value("select key from person_keys")

    assert len(wrapped) == 12 + 32 + 16
    assert key._cipher is not None
    again = (await writer.vault._load(["ada"]))["ada"].live
    assert again is not None
    assert again.open(key.seal("x", PLACE), PLACE) == "x"


async def test_a_shred_drops_the_key_and_the_next_one_has_a_number_of_its_own(writer: Writer) -> None:
    sealed = (await writer.vault.live_or_new("ada")).seal("Ada", PLACE)

    done = await writer.shred("ada")

    assert (done.dropped, done.earlier) == ([1], {})
    await eventually(lambda: forgotten(writer.vault, "ada"))
    second = await writer.vault.live_or_new("ada")
    assert second.generation == 2
    with pytest.raises(Unreadable):
        second.open(sealed, PLACE)
    found = (await writer.vault.generations([("ada", 1), ("ada", 2)]))["ada"].generations
    assert found[1] is None
    assert found[2] is not None


async def forgotten(vault: Vault, person: str) -> bool:
    return vault.live(person) is None


async def test_a_shred_may_be_repeated(writer: Writer) -> None:
    await writer.vault.live_or_new("ada")
    first = await writer.shred("ada")

    again = await writer.shred("ada")

    assert first.dropped == [1]
    assert again.dropped == []
    assert list(again.earlier) == [1]
    nobody = await writer.shred("nobody")
    assert (nobody.dropped, nobody.earlier) == ([], {})


async def test_others_are_not_touched(writer: Writer) -> None:
    sealed = (await writer.vault.live_or_new("bob")).seal("Bob", PLACE)
    await writer.vault.live_or_new("ada")

    await writer.shred("ada")

    assert (await writer.vault.live_or_new("bob")).open(sealed, PLACE) == "Bob"


async def test_a_lost_notification_does_not_keep_a_key(writer: Writer, table: Table) -> None:
    await eventually(lambda: checked(writer.vault))
    await writer.vault.live_or_new("ada")
    assert writer.vault.live("ada") is not None

    await table.rows("update person_keys set key = null, shredded_at = clock_timestamp() returning 1")

    begun = time.monotonic()
    await eventually(lambda: forgotten(writer.vault, "ada"))
    assert time.monotonic() - begun < LOOK_EVERY + 1.0


async def checked(vault: Vault) -> bool:
    return vault._checked > float("-inf")


async def test_who_cannot_ask_believes_nothing(writer: Writer) -> None:
    now = [0.0]
    vault = Vault(writer.settings, writer.pool, lambda: now[0])
    await vault.live_or_new("ada")
    assert vault.live("ada") is None, "nothing is believed before the first look"

    await vault.start()
    await eventually(lambda: checked(vault))
    await vault.stop()
    await vault.live_or_new("ada")
    assert vault.live("ada") is not None

    now[0] += TRUST + 0.1
    assert vault.live("ada") is None
    assert (await vault.live_or_new("ada")).generation == 1


async def test_a_load_that_a_shred_overtakes_is_not_kept(writer: Writer, table: Table) -> None:
    await eventually(lambda: checked(writer.vault))
    await writer.vault.live_or_new("ada")
    writer.vault.forget("ada")
    async with table.connection.transaction():
        await table.connection.execute("lock table person_keys in access exclusive mode")
        loading = asyncio.create_task(writer.vault.generations([("ada", 1)]))
        await eventually(lambda: table.rows(BLOCKED))
        writer.vault.forget("ada")

    assert (await loading)["ada"].live is not None
    assert writer.vault.live("ada") is None


async def test_another_secret_opens_nothing_and_makes_nothing(writer: Writer, table: Table) -> None:
    await writer.vault.live_or_new("ada")
    other = writer.settings.model_copy(update={"person_key_secret": "another secret that is long enough"})

    async with writer_on(other) as strange:
        with pytest.raises(Unavailable, match="PERSON_KEY_SECRET"):
            await strange.vault.live_or_new("ada")
        assert (await strange.vault.generations([("ada", 1)]))["ada"].generations == {}

    assert await table.value("select count(*) from person_keys") == 1


async def test_the_cache_is_bounded(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.postgres.vault.REMEMBERED", 3)
    await eventually(lambda: checked(writer.vault))
    people = [uuid4().hex for _ in range(8)]
    for person in people:
        await writer.vault.live_or_new(person)

    assert list(writer.vault._known) == people[-3:]


async def test_a_shred_that_is_cut_off_has_not_happened_and_is_repeated(writer: Writer, table: Table) -> None:
    await writer.vault.live_or_new("ada")
    async with table.connection.transaction():
        await table.rows("select 1 from person_keys for update")
        shredding = asyncio.create_task(writer.shred("ada"))
        pids = await eventually(lambda: table.rows(BLOCKED))
        await table.rows("select pg_terminate_backend(%s)", pids[0][0])
        with pytest.raises(Exception, match="terminat"):
            await shredding
    assert await table.value("select key is not null from person_keys")

    assert (await writer.shred("ada")).dropped == [1]
    assert await table.value("select key is null from person_keys")
