"""Which moment of a project a request asks for."""

import time
from dataclasses import dataclass
from uuid import UUID

from infra.http.errors import NotFound
from read_api.parameters import Parameters
from read_api.past import PastDeck
from read_api.side import Reading

# Seconds: an instant this old is behind all appends under way, whatever the clocks say.
SETTLED_AGE = 60.0
NOT_YET = "the project did not exist then"


@dataclass(frozen=True, slots=True)
class Moment:
    """A position that the log has reached; `settled` if the same request will always mean it."""

    position: int
    settled: bool


async def moment_of(
    reading: Reading, project_id: UUID, parameters: Parameters, known: int | None = None
) -> Moment:
    """Find the moment that a request asks for.

    Args:
        reading: the process.
        project_id: the project; the caller may read it.
        parameters: `at_position`, or `at`: the project's last event recorded by then, also where that
            instant is still to come.
        known: the position that an earlier page of the same list found.

    Raises:
        Invalid: a parameter is wrong.
        NotFound: the project did not exist at that instant.
        Unavailable: the log did not come that far in time.
    """
    instant = parameters.at
    position = parameters.at_position if known is None else known
    if position is not None or instant is None:
        position = position or 0
        await reading.come_to(project_id, max(position, parameters.min_position))
        return Moment(position, settled=True)
    await reading.come_to(project_id, parameters.min_position)
    position = await reading.side.decks.position_at(project_id, instant)
    if not position:
        raise NotFound(NOT_YET)
    return Moment(position, settled=instant.timestamp() < time.time() - SETTLED_AGE)


async def deck_at(reading: Reading, project_id: UUID, moment: Moment) -> PastDeck:
    """Return a project as of a moment.

    Raises:
        NotFound: it did not exist then.
    """
    past = await reading.past.at(project_id, moment.position)
    if past is None:
        raise NotFound(NOT_YET)
    return past
