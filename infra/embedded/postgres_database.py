"""The database in the embedded PostgreSQL, and its owner."""

from typing import Any

import psycopg
from psycopg import sql

from infra.postgres.roles import WRITER

# What an operator's verbs need beyond one's own tables: statistics, ending a query, a checkpoint.
_GRANTED = sql.SQL("pg_monitor, pg_signal_backend, pg_checkpoint")


async def provide_database(
    connection: psycopg.AsyncConnection[Any], database: str, owner: str, password: str
) -> None:
    """Make a database and its owner, who is no superuser but may make more databases, where they are missing.

    Args:
        connection: The superuser's, in autocommit.
        database: The database's name.
        owner: The owner's name.
        password: The owner's password.

    Raises:
        psycopg.Error: The server refused or went away.
    """
    found = await connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [owner])
    if await found.fetchone() is None:
        # The verifier, not the password: a failing statement is written into the log.
        verifier = connection.pgconn.encrypt_password(password.encode(), owner.encode(), b"scram-sha-256")
        statement = sql.SQL("CREATE ROLE {} LOGIN CREATEDB IN ROLE {} PASSWORD {}")
        await connection.execute(
            statement.format(sql.Identifier(owner), _GRANTED, sql.Literal(verifier.decode()))
        )
    found = await connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [WRITER])
    if await found.fetchone() is None:
        await connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(WRITER)))
    await connection.execute(
        sql.SQL("GRANT {} TO {} WITH INHERIT FALSE").format(sql.Identifier(WRITER), sql.Identifier(owner))
    )
    found = await connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
    if await found.fetchone() is None:
        statement = sql.SQL("CREATE DATABASE {} OWNER {}")
        await connection.execute(statement.format(sql.Identifier(database), sql.Identifier(owner)))
