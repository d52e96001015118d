"""A writer that stops between Execute and Sync holds the head of the log: for two seconds, not longer."""

import asyncio
import time
from uuid import uuid4

import psycopg
import pytest

from commands.ports import Appended
from infra.postgres.arrays import texts
from infra.postgres.batch import single_arguments
from infra.postgres.connections import connect_for_append
from infra.postgres.event_log import structural_topics
from infra.settings import Settings
from tests.integration.logs import created, opened
from tests.integration.postgres.test_event_log import request

STALL = 2.0


@pytest.fixture
async def hung(settings: Settings) -> psycopg.AsyncConnection[tuple[object, ...]]:
    """A connection of an appender that has executed an append and never says Sync."""
    connection = await connect_for_append(settings)
    stream = uuid4()
    pgconn = connection.pgconn
    pgconn.enter_pipeline_mode()
    pgconn.send_query_params(
        b"select append_single($1::text[], $2::uuid[], $3::boolean[], $4::bytea[], $5::int2[], $6::bytea[],"
        b" $7::uuid[], $8::uuid[], $9::int8[], $10::int8[], $11::text[], $12::text[], $13::bytea[], $14::text[])",
        single_arguments([request(stream, 0, created(stream))], texts(structural_topics())),
        param_formats=[1] * 14,
        result_format=1,
    )
    pgconn.send_flush_request()
    while pgconn.flush():
        pass
    loop = asyncio.get_running_loop()
    executed = asyncio.Event()
    loop.add_reader(pgconn.socket, executed.set)
    await asyncio.wait_for(executed.wait(), 5)
    loop.remove_reader(pgconn.socket)
    return connection


async def test_others_are_stalled_for_two_seconds_at_most(
    settings: Settings, hung: psycopg.AsyncConnection[tuple[object, ...]]
) -> None:
    async with opened(settings) as log:
        stream = uuid4()
        begun = time.monotonic()
        outcome = await log.append(request(stream, 0, created(stream)))
        waited = time.monotonic() - begun
    # It did hold the lock, it was made to let go, and what it had executed is not in the log.
    assert waited > STALL / 2
    assert waited < 2 * STALL
    assert outcome == Appended(0)
    await hung.close()
