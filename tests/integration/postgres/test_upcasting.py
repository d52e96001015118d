"""A row of version 1, as the release before stored it, read by everything that reads the log."""

import asyncio
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import JSONTranscoder, Mapper
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from eventsourcing.utils import clear_topic_cache, register_topic
from logs import one, opened, renamed
from running import Table, looking

from commands.ports import EventQuery
from commands.repository import Repository
from domain.catalogue import event_registry, public_event
from domain.project import ProjectCreated
from infra.postgres.connections import pool
from infra.postgres.read_database import PostgresDatabase
from infra.settings import Settings
from projections.projects import queries
from projections.projects.projector import ProjectsModel
from projections.runner import Runner

OLD = b'{"title":"From before","owner":"ada"}'


async def insert_v1(table: Table, state: bytes = OLD) -> UUID:
    """Store a project's first event as version 1 was stored, with its hash."""
    project = uuid4()
    await table.connection.execute(
        """
        with head as (update log_head set position = position + 1 returning position, recorded_at)
        insert into stored_events
        select %(id)s, 1, 'decklog.project.created', %(state)s, h.position, %(id)s, %(command)s, h.recorded_at,
            %(metadata)s::text::json, sha256(''::bytea || event_fields(%(id)s, 1::bigint, h.position, %(id)s, %(command)s,
                int8send((extract(epoch from h.recorded_at) * 1000000)::bigint), 'decklog.project.created',
                %(state)s, %(metadata)s::text))
        from head h
        """,
        {
            "id": project,
            "command": uuid4(),
            "state": state,
            "metadata": '{"actor":{"id":"ada","kind":"person"}}',
        },
    )
    return project


def today(project: UUID, aspect: str = "16:9") -> ProjectCreated:
    return ProjectCreated(
        originator_id=project,
        originator_version=1,
        title="From before",
        owner="ada",
        aspect=aspect,
        theme_id=None,
    )


async def test_the_log_reads_it_by_every_way(settings: Settings) -> None:
    async with opened(settings) as log, looking(settings) as table:
        project = await insert_v1(table)
        for read in (
            await log.stream(project),
            await log.project(project, 0),
            await log.after(0),
            await log.read(EventQuery(topics=("decklog.project.created",))),
        ):
            assert [r.event for r in read] == [today(project)]
        assert public_event(read[0])["data"] == {
            "title": "From before",
            "owner": "ada",
            "aspect": "16:9",
            "theme_id": None,
        }


async def test_what_was_stored_with_the_fields_before_the_version_was_raised_keeps_them(
    settings: Settings,
) -> None:
    async with opened(settings) as log, looking(settings) as table:
        project = await insert_v1(table, OLD[:-1] + b',"aspect":"4:3","theme_id":null}')
        assert (await log.stream(project))[0].event == today(project, "4:3")


async def test_replay_and_further_commands_stand_on_it(settings: Settings) -> None:
    async with opened(settings) as log, looking(settings) as table:
        project = await insert_v1(table)
        await log.append(one(project, 1, renamed(project, 2, "Later")))
        state = (await Repository(log, lambda: 0.0).project(project)).state
        assert (state.title, state.aspect, state.theme_id, state.version) == ("Later", "16:9", None, 2)


async def test_its_read_model_has_what_it_did_not_say(settings: Settings) -> None:
    connections = pool(settings, "test")
    await connections.open()
    async with opened(settings) as log, looking(settings) as table:
        project = await insert_v1(table)
        database = PostgresDatabase(connections)
        await Runner([ProjectsModel()], database, 0, log, 1).deliver(await log.after(0), 1)
        async with database.session() as session:
            row = (await queries.load(session, [project]))[project]
        assert (row.title, row.aspect, row.theme_id, row.members) == (
            "From before",
            "16:9",
            None,
            {"ada": "owner"},
        )
    await connections.close()


@pytest.fixture
def topics() -> Iterator[None]:
    for topic, event_type in event_registry().types.items():
        register_topic(topic, event_type)
    yield
    clear_topic_cache()


@pytest.mark.usefixtures("topics")
async def test_the_stock_librarys_mapper_reads_both_versions(settings: Settings) -> None:
    async with opened(settings) as log, looking(settings) as table:
        old, new = await insert_v1(table), uuid4()
        await log.append(one(new, 0, today(new, "4:3")))
    at = psycopg.conninfo.conninfo_to_dict(settings.dsn)

    def read() -> list[object]:
        with PostgresDatastore(
            str(at["dbname"]), str(at["host"]), str(at["port"]), str(at["user"]), str(at["password"])
        ) as store:
            recorder = PostgresApplicationRecorder(store, events_table_name="stored_events")
            mapper: Mapper[UUID] = Mapper(JSONTranscoder())
            return [mapper.to_domain_event(e) for e in recorder.select_notifications(start=1, limit=10)]

    assert await asyncio.to_thread(read) == [today(old), today(new, "4:3")]


async def test_what_is_written_now_says_its_version(settings: Settings) -> None:
    async with opened(settings) as log, looking(settings) as table:
        project = uuid4()
        await log.append(one(project, 0, today(project)))
        state = await table.value(
            "select convert_from(state, 'UTF8')::json ->> 'class_version' from stored_events"
        )
        assert state == "2"
