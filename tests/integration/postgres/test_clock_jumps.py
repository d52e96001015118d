"""Time along the log does not run backwards, whatever the server's clock does."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from logs import created, one, opened, renamed

from commands.ports import Appended
from infra.settings import Settings
from tests.faults.clock import install_clock, set_clock

HOUR = timedelta(hours=1)


async def test_time_stays_in_order_when_the_clock_jumps(settings: Settings) -> None:
    await install_clock(settings)
    stream = uuid4()
    async with opened(settings) as log:
        for version, ahead in enumerate((0, 3_600, -86_400, 0, 7_200), 1):
            await set_clock(settings, ahead)
            event = created(stream) if version == 1 else renamed(stream, version)
            assert await log.append(one(stream, version - 1, event)) == Appended(version - 1)
        times = [recorded.recorded_at for recorded in await log.stream(stream)]
    now = datetime.now(UTC)
    assert times[0] <= now
    assert now + 0.9 * HOUR < times[1] <= now + HOUR
    # The clock is set back: time stands still until the clock has come there again.
    assert times[3] == times[2] == times[1]
    assert now + 1.9 * HOUR < times[4] <= now + 2 * HOUR
