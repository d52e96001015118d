import asyncio
import random
from uuid import UUID, uuid4

from logs import created, one, opened, renamed
from running import looking

from commands.ports import NO_STREAM, Appended, Replayed
from infra.settings import Settings

VERSIONS = 200


async def test_every_acknowledged_request_is_in_the_log_once_whatever_connections_die(
    settings: Settings,
) -> None:
    """Connections of the appenders are ended at random moments; requests are answered all the same."""
    picked = random.Random(11)  # noqa: S311 - the same choices in every run
    done: dict[UUID, tuple[UUID, int]] = {}
    killed = 0
    acknowledged = asyncio.Event()
    async with opened(settings) as here, opened(settings) as there, looking(settings) as table:

        async def write(n: int) -> None:
            log, stream = (here if n % 2 else there), uuid4()
            for version in range(1, VERSIONS + 1):
                command = uuid4()
                event = created(stream) if version == 1 else renamed(stream, version, f"{n} {version}")
                # Half of the requests have no id that a client could repeat: their answers are not kept.
                expected = version - 1 if version > 1 else NO_STREAM
                append = one(stream, expected, event, command=command, keyed=bool(version % 2))
                outcome = await log.append(append)
                # A lost acknowledgement is found again under the command's id.
                assert isinstance(outcome, Appended | Replayed), outcome
                done[command] = (stream, outcome.base + 1)
                acknowledged.set()

        async def kill() -> None:
            nonlocal killed
            while True:
                ended = await table.rows(
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                    " and application_name = 'decklog' and pid <> pg_backend_pid() order by random() limit 1"
                )
                killed += len(ended)
                # However slow the machine is: what is never let finish is refused in the end, and rightly so.
                acknowledged.clear()
                await acknowledged.wait()
                await asyncio.sleep(picked.uniform(0.0, 0.04))

        killing = asyncio.create_task(kill())
        async with asyncio.timeout(60):
            await asyncio.gather(*(write(n) for n in range(40)))
        killing.cancel()
        await asyncio.gather(killing, return_exceptions=True)
        assert killed > 10
        stored = await table.rows(
            "select command_id, originator_id, notification_id from stored_events order by 3"
        )
        assert [position for _, _, position in stored] == list(range(1, 40 * VERSIONS + 1))
        assert {c: (stream, position) for c, stream, position in stored} == done
