"""A read model kept by the stock library: its application fills a log, its ProjectionRunner follows it.

It runs in a database of its own, told by the configuration; what it prints is how many events a second it folded.
"""

import json
import os
import sys
import time
from typing import Any

import psycopg

from tests.bench.part import say

EVENTS_A_SAVE = 200
PATIENCE = 60.0


def _environment(dsn: str) -> dict[str, str]:
    known = psycopg.conninfo.conninfo_to_dict(dsn)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(known["dbname"]),
        "POSTGRES_HOST": str(known["host"]),
        "POSTGRES_PORT": str(known["port"]),
        "POSTGRES_USER": str(known["user"]),
        "POSTGRES_PASSWORD": str(known["password"]),
    }


def main() -> None:
    config: dict[str, Any] = json.loads(sys.argv[1])
    # The library reads its configuration from there, and only when it is imported and constructed.
    os.environ.update(_environment(config["dsn"]))
    from eventsourcing.application import Application  # noqa: PLC0415
    from eventsourcing.domain import Aggregate, event  # noqa: PLC0415
    from eventsourcing.postgres import PostgresTrackingRecorder  # noqa: PLC0415
    from eventsourcing.projection import Projection, ProjectionRunner  # noqa: PLC0415
    from psycopg.sql import SQL  # noqa: PLC0415

    class Text(Aggregate):
        """A block with a text."""

        @event("Begun")
        def __init__(self, text: str) -> None:
            self.text = text

        @event("Edited")
        def edit(self, text: str) -> None:
            self.text = text

    class Rows(PostgresTrackingRecorder):
        """One row a block."""

        def __init__(self, datastore: Any, **more: Any) -> None:
            super().__init__(datastore, **more)
            self.sql_create_statements.append(
                SQL("create table if not exists stock_rows (id uuid primary key, text text, version bigint)")
            )

        def put(self, changed: Any, tracking: Any) -> None:
            """Keep an event's row together with how far the model is."""
            with self.datastore.transaction(commit=True) as cursor:
                cursor.execute(
                    "insert into stock_rows values (%s, %s, %s) on conflict (id)"
                    " do update set text = excluded.text, version = excluded.version",
                    (changed.originator_id, changed.text, changed.originator_version),
                )
                self._insert_tracking(cursor, tracking)

    folded = 0

    class Keeper(Projection[Rows]):
        """Folds every event."""

        name = "stock_rows"

        def process_event(self, domain_event: Any, tracking: Any) -> None:
            """Keep it."""
            nonlocal folded
            self.view.put(domain_event, tracking)
            folded += 1

    application: Any = Application()
    for _ in range(config["events"] // EVENTS_A_SAVE):
        text = Text(config["text"])
        for n in range(EVENTS_A_SAVE - 1):
            text.edit(f"{n} {config['text']}")
        application.save(text)
    begun = time.monotonic()
    runner = ProjectionRunner(application_class=Application, projection_class=Keeper, view_class=Rows)
    while folded < config["events"] and time.monotonic() < begun + PATIENCE:
        time.sleep(0.01)
    say({"rate": folded / (time.monotonic() - begun)})
    runner.stop()
    os._exit(0)


if __name__ == "__main__":
    main()
