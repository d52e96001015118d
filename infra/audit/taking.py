"""The log of the database that the settings name, taken as it stands."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from uuid import UUID

import psycopg

from infra.audit.stored import Head, StoredLog, connect, read_head
from infra.postgres.connections import session_options
from infra.postgres.retention import share
from infra.settings import Settings


@contextmanager
def settled(settings: Settings) -> Iterator[psycopg.Connection]:
    """Keep events from being detached or brought back meanwhile; yield a connection."""
    with closing(connect(settings.direct_dsn, session_options(settings))) as connection:
        share(connection)
        yield connection


def stored_log(settings: Settings, *, project: UUID | None = None, after: int = 0) -> tuple[StoredLog, Head]:
    """Take the log as it stands now; later events are not looked at."""
    options = session_options(settings)
    with connect(settings.direct_dsn, options) as connection:
        head = read_head(connection)
    return StoredLog(settings.direct_dsn, options, head.position, after, project), head
