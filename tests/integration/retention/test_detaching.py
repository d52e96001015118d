import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from logs import added, opened, renamed, request
from retained import Deck, archive, folder, lines, nothing, put, remove, rows, two_decks, value

from commands.ports import ANY_VERSION, EventQuery
from domain.errors import NotFound
from domain.project import ProjectDetached
from domain.tombstone import Tombstone
from infra.audit.attaching import attach, check
from infra.audit.audit import Trust, verify_file, verify_log
from infra.audit.detaching import detach
from infra.audit.moved import NotPossible
from infra.audit.taking import settled
from infra.postgres.retention import Busy
from infra.settings import Settings

UNTRUSTED = Trust()


async def detached(settings: Settings, deck: Deck, path: Path) -> Any:
    return await asyncio.to_thread(detach, settings, deck.id, path, nothing)


async def attached(settings: Settings, path: Path) -> Any:
    return await asyncio.to_thread(attach, settings, path, nothing)


def report_of(settings: Settings, **more: Any) -> Any:
    return verify_log(settings, UNTRUSTED, nothing, **more)


async def test_there_and_back(settings: Settings, file: Path) -> None:
    async with two_decks(settings) as (log, goes, stays):
        before = rows(settings)
        moved = await detached(settings, goes, file)
        assert (moved.events, moved.position) == (15, 25)
        assert len(lines(file)) == 15

        # What is left says where things stood, and nothing of what they were.
        left = rows(settings)
        assert len(left) == 25
        for old, new in zip(before, left, strict=False):
            same = (0, 1, 4, 5, 6, 7, 9)
            assert [old[i] for i in same] == [new[i] for i in same]
            if old[5] == goes.id:
                assert (new[2], new[3]) == ("decklog.tombstone", b"{}")
            else:
                assert old == new
        assert "ecret" not in str([r for r in left if r[5] == goes.id])
        report = report_of(settings)
        assert not report.findings
        assert (report.recomputed.tombstones, len(report.recomputed.detached)) == (15, 1)
        assert not report_of(settings, project=goes.id).findings
        assert not report_of(settings, project=stays.id).findings
        assert not verify_file(file, UNTRUSTED, nothing, project=goes.id).findings
        assert check(settings, file).events == 15

        back = await attached(settings, file)
        assert (back.events, back.position) == (15, 26)
        assert rows(settings)[:24] == before
        report = report_of(settings)
        assert not report.findings
        assert report.recomputed.tombstones == 0
        [again] = [e for e in await log.stream(goes.id) if e.position == 26]
        assert again.event.members == {"ada": "owner"}  # type: ignore[attr-defined]

        # And once more, with what said so the first time.
        await detached(settings, goes, file.with_name("second.ndjson"))
        assert len(lines(file.with_name("second.ndjson"))) == 17
        assert not report_of(settings).findings
        with pytest.raises(NotPossible, match="the file ends after 15 events"):
            await attached(settings, file)
        await attached(settings, file.with_name("second.ndjson"))
        assert not report_of(settings).findings


async def test_only_archived_projects_go(settings: Settings, file: Path) -> None:
    async with two_decks(settings) as (_, goes, stays):
        with pytest.raises(NotPossible, match="not archived"):
            await detached(settings, stays, file)
        with pytest.raises(NotPossible, match="there is no project"):
            await detached(settings, Deck(), file)
        with pytest.raises(NotPossible, match="there is no project"):
            await detached(settings, Deck(goes.blocks[0]), file)
        assert folder(file) == []
        await detached(settings, goes, file)
        with pytest.raises(NotPossible, match="detached already"):
            await detached(settings, goes, file)


async def test_another_file_is_not_overwritten_and_the_same_is_taken(settings: Settings, file: Path) -> None:
    async with two_decks(settings) as (_, goes, _):
        put(file, "something else\n")
        with pytest.raises(NotPossible, match="another file"):
            await detached(settings, goes, file)
        assert lines(file) == [b"something else\n"]
        assert folder(file) == [file.name]
        remove(file)
        before = rows(settings)
        await detached(settings, goes, file)
        await attached(settings, file)
        assert rows(settings)[: len(before)] == before


async def test_no_event_comes_to_a_detached_project(settings: Settings, file: Path) -> None:
    async with two_decks(settings) as (log, goes, stays):
        await detached(settings, goes, file)
        block, fresh, version = goes.blocks[0], uuid4(), goes.version + 1
        for refused in (
            request(goes.id, [(goes.id, version)], [(0, renamed(goes.id, version + 1))]),
            request(goes.id, [(goes.id, ANY_VERSION)], [(0, renamed(goes.id, version + 1))]),
            request(goes.id, [(block, 4)], [(0, renamed(block, 5))]),
            request(goes.id, [(fresh, 0)], [(0, added(goes.id, fresh))]),
            request(goes.id, [(fresh, 0)], [(0, added(goes.id, fresh))], keyed=False),
            request(
                goes.id,
                [(goes.id, version), (fresh, 0)],
                [(0, renamed(goes.id, version + 1)), (1, added(goes.id, fresh))],
            ),
        ):
            with pytest.raises(NotFound):
                await log.append(refused)
        assert len(rows(settings)) == 25
        # A stream never begins anew, and its neighbours in a batch are not harmed.
        outcomes = await asyncio.gather(
            log.append(request(goes.id, [(block, 4)], [(0, renamed(block, 5))])),
            log.append(request(stays.id, [(stays.id, 3)], [(0, renamed(stays.id, 4))])),
            log.append(request(goes.id, [(block, 0)], [(0, added(goes.id, block))])),
            return_exceptions=True,
        )
        assert isinstance(outcomes[0], NotFound)
        assert outcomes[1].base == 25  # type: ignore[union-attr]
        assert outcomes[2].actual == 4  # type: ignore[union-attr]
        await attached(settings, file)
        version += 1
        await log.append(request(goes.id, [(goes.id, version)], [(0, renamed(goes.id, version + 1))]))
        assert not report_of(settings).findings


async def test_readers_meet_tombstones_and_go_on(settings: Settings, file: Path) -> None:
    async with two_decks(settings) as (log, goes, stays):
        await detached(settings, goes, file)
        everything = await log.after(0, 1_000)
        assert [e.position for e in everything] == list(range(1, 26))
        buried = [e for e in everything if isinstance(e.event, Tombstone)]
        assert {e.project_id for e in buried} == {goes.id}
        assert len(buried) == 15
        assert [e.position for e in await log.after(5, 4)] == [6, 7, 8, 9]
        found = [e async for chunk in log.chunks(EventQuery(), 3) for e in chunk]
        assert [e.position for e in found] == list(range(1, 26))
        assert [type(e.event) for e in await log.stream(goes.id)] == [*[Tombstone] * 3, ProjectDetached]
        assert len(await log.rows_after(0)) == 25
        topics = [e async for c in log.chunks(EventQuery(topics=["decklog.tombstone"])) for e in c]
        assert len(topics) == 15
        at = everything[-1].recorded_at
        assert await log.position_at(at) == 25
        structure, _ = await log.structure(goes.id, 0)
        assert structure == []
        assert len((await log.structure(stays.id, 0))[0]) == 3


async def test_the_stock_recorder_reads_tombstones(settings: Settings, file: Path) -> None:
    async with two_decks(settings) as (_, goes, _):
        await detached(settings, goes, file)
    at = psycopg.conninfo.conninfo_to_dict(settings.dsn)

    def read() -> None:
        with PostgresDatastore(
            str(at["dbname"]), str(at["host"]), str(at["port"]), str(at["user"]), str(at["password"])
        ) as store:
            recorder = PostgresApplicationRecorder(store, events_table_name="stored_events")
            assert recorder.max_notification_id() == 25
            assert [n.id for n in recorder.select_notifications(start=1, limit=100)] == list(range(1, 26))
            found = recorder.select_events(goes.blocks[0])
            assert [(e.originator_version, e.topic) for e in found] == [
                (v, "decklog.tombstone") for v in range(1, 5)
            ]

    await asyncio.to_thread(read)


async def test_what_is_read_as_a_whole_is_not_moved_meanwhile(settings: Settings, file: Path) -> None:
    async with two_decks(settings) as (_, goes, _):
        with settled(settings), pytest.raises(Busy):
            await detached(settings, goes, file)
        await detached(settings, goes, file)
        with settled(settings), pytest.raises(Busy):
            await attached(settings, file)
        await attached(settings, file)


async def test_what_comes_while_the_file_is_written_stops_the_detach(settings: Settings, file: Path) -> None:
    async with opened(settings) as log, two_decks(settings) as (_, goes, _):
        loop = asyncio.get_running_loop()
        before = rows(settings)

        def late(_: int) -> None:
            # The file is under way: somebody who has the project from before it was archived adds a block.
            nonlocal done
            if not done:
                done = True
                fresh = uuid4()
                coming = log.append(request(goes.id, [(fresh, 0)], [(0, added(goes.id, fresh))]))
                asyncio.run_coroutine_threadsafe(coming, loop).result(5)

        done = False
        with pytest.raises(NotPossible, match="was written to"):
            await asyncio.to_thread(detach, settings, goes.id, file, late)
        assert rows(settings)[:24] == before
        assert not report_of(settings).findings
        remove(file)
        await detached(settings, goes, file)
        assert len(lines(file)) == 16


@pytest.mark.parametrize("harm", ["byte", "tail", "head", "extra", "other", "no events", "empty", "hash"])
async def test_only_the_very_file_is_taken_back(settings: Settings, file: Path, harm: str) -> None:
    async with two_decks(settings) as (log, goes, stays):
        await archive(log, stays)
        await detached(settings, goes, file)
        other = file.with_name("other.ndjson")
        await detached(settings, stays, other)
        before = rows(settings)
        content = lines(file)
        match harm:
            case "byte":
                content[4] = content[4].replace("ä".encode(), b"a")
            case "tail":
                del content[-1]
            case "head":
                del content[0]
            case "extra":
                content.append(lines(other)[-1])
            case "other":
                content = [
                    line.replace(str(stays.id).encode(), str(goes.id).encode()) for line in lines(other)
                ]
            case "no events":
                content = [b"{}\n"]
            case "empty":
                content = []
            case _:
                content[7] = content[7].replace(b'"chainhash":"', b'"chainhash":"0')
        harmed = file.with_name("harmed.ndjson")
        harmed.write_bytes(b"".join(content))
        with pytest.raises(NotPossible):
            check(settings, harmed)
        with pytest.raises(NotPossible):
            await attached(settings, harmed)
        assert rows(settings) == before
        await attached(settings, file)
        with pytest.raises(NotPossible, match="is not detached"):
            await attached(settings, file)
        await attached(settings, other)
        assert not report_of(settings).findings


async def test_snapshots_go_with_the_project(settings: Settings, file: Path) -> None:
    async with two_decks(settings) as (_, goes, stays):
        insert = (
            "insert into snapshots select originator_id, originator_version, 'project', 1, notification_id, hash,"
            " '{}' from stored_events where originator_version = 2 and originator_id in (%s, %s) returning 1"
        )
        value(settings, insert, goes.id, stays.id)
        await detached(settings, goes, file)
        assert value(settings, "select array_agg(stream_id) from snapshots") == [stays.id]
