"""A log that is long already: filled by the database itself, as it would be after so many appends.

The rows are those that `benches/append.py` appends, hashes and recorded answers included, in the order in
which many people would have written them: each stream's next version comes after everybody else's, under an id in the order
of time, as our clients make them. Indexes grow row by row.
"""

from uuid import UUID, uuid4

import psycopg

from domain.block import BlockEdited
from infra.postgres.codec import encode
from infra.settings import Settings
from tests.bench.pgbench import STATE

BLOCKS_A_PROJECT = 20

_STREAMS = """
create temp table stream as
select n, gen_random_uuid() as id, project, ''::bytea as hash
from generate_series(1, %(streams)s::bigint) n
join (select g, gen_random_uuid() as project from generate_series(0, %(streams)s::bigint / %(each)s) g) p
    on g = n / %(each)s
"""

# One more version of every stream.
_MADE = """
create temp table made as
select m.*, sha256(m.hash || event_fields(m.id, %(version)s, m.position, m.project, m.command,
    int8send((extract(epoch from m.moment) * 1000000)::bigint), %(topic)s, %(state)s, m.metadata)) as digest
from (
    select s.*, h.position + row_number() over (order by s.n) as position, c.command, h.moment,
        format('{"actor":{"id":"ada","kind":"person"},"correlation_id":"%%s"}', c.command) as metadata
    from stream s
    cross join (select position, greatest(recorded_at, clock_timestamp()) as moment from log_head) h
    cross join lateral (select uuidv7() as command where s.n > 0) c
) m
"""
_EVENTS = """
insert into stored_events (originator_id, originator_version, topic, state, notification_id, project_id, command_id,
    recorded_at, metadata, hash)
select id, %(version)s, %(topic)s, %(state)s, position, project, command, moment, metadata::json, digest
from made order by position
"""
_RESULTS = """
insert into command_results (caller, command_id, request_hash, status, base, body, recorded_at)
select 'ada', command, sha256(''), 200, position - 1, %(body)s, moment from made order by position
"""
_HEAD = """
update log_head set (position, recorded_at) = (select max(position), max(moment) from made)
"""
_NEXT = "update stream s set hash = m.digest from made m where m.n = s.n"


def edit(stream: UUID, version: int, text: str) -> BlockEdited:
    """Make the edit that benches store."""
    return BlockEdited(originator_id=stream, originator_version=version, changes={"text": text})


def text() -> str:
    """Return a text that makes the stored edit as long as the yardstick's row."""
    empty = len(encode(edit(uuid4(), 1, "")))
    return (STATE.decode()[9:] * 2)[: len(STATE) - empty].replace('"', " ")


async def fill(settings: Settings, events: int, streams: int, body: bytes) -> None:
    """Fill an empty log with about so many events, and leave it vacuumed."""
    event = edit(uuid4(), 1, text())
    values = {"topic": event.TOPIC, "state": encode(event), "body": body}
    async with await psycopg.AsyncConnection.connect(settings.dsn, autocommit=True) as connection:
        await connection.execute(_STREAMS, {"streams": streams, "each": BLOCKS_A_PROJECT})
        for version in range(1, events // streams + 1):
            async with connection.transaction():
                for statement in (_MADE, _EVENTS, _RESULTS, _HEAD, _NEXT, "drop table made"):
                    # Sent as text: a plan for the temporary table would be made anew each time anyway.
                    named = values | {"version": version}
                    await connection.execute(statement, named if "%" in statement else None, prepare=False)
        for table in ("stored_events", "command_results", "log_head"):
            await connection.execute(f"vacuum (analyze) {table}".encode())
