"""Who holds the database's connections, and for how long."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from infra.postgres.connections import connect
from infra.settings import Settings

# The part of all connections from where on they run out, and how long one may idle in a transaction.
SHARE = 0.8
IDLE_IN_TRANSACTION = 30.0
_USERS = (
    "select coalesce(nullif(application_name, ''), '(unnamed)'), count(*),"
    " count(*) filter (where state = 'active'), count(*) filter (where state = 'idle'),"
    " count(*) filter (where state like 'idle in transaction%%'),"
    " coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0)::float8,"
    " coalesce(max(extract(epoch from clock_timestamp() - state_change))"
    " filter (where state like 'idle in transaction%%'), 0)::float8,"
    " count(*) filter (where wait_event_type = 'Lock' and state = 'active')"
    " from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
    " group by 1 order by 2 desc, 1"
)


@dataclass(frozen=True, slots=True)
class User:
    """Connections of one kind of process. `longest_s` is the age of its oldest transaction, in seconds."""

    name: str
    all: int
    active: int
    idle: int
    in_transaction: int
    longest_s: float
    idle_in_transaction_s: float
    waiting: int


@dataclass(frozen=True, slots=True)
class Activity:
    """All connections, of all databases of the server: they share its limit."""

    most: int
    users: Sequence[User]

    @property
    def used(self) -> int:
        """How many connections there are."""
        return sum(u.all for u in self.users)

    @property
    def share(self) -> float:
        """The part of them that is used."""
        return self.used / self.most

    @property
    def waiting(self) -> int:
        """How many wait for a lock."""
        return sum(u.waiting for u in self.users)

    @property
    def warnings(self) -> list[str]:
        """What an operator has to look at."""
        found = [
            f"{u.name}: idle in a transaction for {u.idle_in_transaction_s:.0f} s"
            for u in self.users
            if u.idle_in_transaction_s > IDLE_IN_TRANSACTION
        ]
        if self.share > SHARE:
            found.insert(0, f"{self.used} of {self.most} connections are used: they run out")
        return found

    def document(self) -> dict[str, Any]:
        """Render it for machines."""
        return {
            "used": self.used,
            "max": self.most,
            "waiting": self.waiting,
            "users": [asdict(u) for u in self.users],
            "warnings": self.warnings,
        }


async def activity(settings: Settings) -> Activity:
    """Ask the server.

    Raises:
        psycopg.OperationalError: it is not there.
    """
    async with await connect(settings, direct=True) as connection:
        rows = await (await connection.execute(_USERS)).fetchall()
        most = await (
            await connection.execute(
                "select current_setting('max_connections')::int"
                " - current_setting('superuser_reserved_connections')::int"
            )
        ).fetchone()
    return Activity(most[0] if most else 1, [User(*row) for row in rows])
