"""The log's epoch: a new one begins when it is not the same log any more."""

from uuid import UUID

import psycopg

CHANNEL = "decklog_epoch"


def begin_epoch(connection: psycopg.Connection) -> UUID:
    """Give the log another epoch, and tell every process when the transaction commits."""
    row = connection.execute("update log_head set epoch = gen_random_uuid() returning epoch").fetchone()
    if row is None:
        raise psycopg.DataError("the head row is gone")
    epoch: UUID = row[0]
    connection.execute("select pg_notify(%s, %s)", [CHANNEL, str(epoch)])
    return epoch
