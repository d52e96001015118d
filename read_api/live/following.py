"""A project's events from any position on, first from the log, then live, without gap or repetition."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from infra.postgres.event_log import CHUNK, PostgresEventLog
from projections.live import NOTE, LiveItem, live_item, revealed
from projections.ports import Personal
from read_api.live.hub import Hub


class TooSlow(Exception):
    """The reader fell too far behind; `position` is the last event that it was given."""

    def __init__(self, position: int) -> None:
        super().__init__(f"resume from position {position}")
        self.position = position


class NewEpoch(Exception):
    """The log is another one since: positions of before mean nothing any more."""


async def follow_project(
    hub: Hub, log: PostgresEventLog, personal: Personal, project_id: UUID, after: int
) -> AsyncIterator[Sequence[LiveItem]]:
    """Yield the events after a position, for ever.

    The subscription begins before the log is read: an event that the reading misses was committed later,
    and so comes through the hub; one that comes both ways is dropped by its position.

    Raises:
        TooSlow: the reader does not keep up with what is live.
        NewEpoch: the log was restored, or failed over with a loss.
    """
    subscription = hub.subscribe(project_id)
    try:
        while True:
            subscription.restart()
            events = await log.project(project_id, after)
            while events:
                after = events[-1].position
                yield await revealed([live_item(e) for e in events], personal)
                if len(events) < CHUNK:
                    break
                events = await log.project(project_id, after)
            if not subscription.overflowed:
                break
        while True:
            items = [i for i in await subscription.take() if i.position > after]
            if subscription.ended:
                raise NewEpoch
            if subscription.overflowed:
                raise TooSlow(after)
            if items:
                after = items[-1].position
                yield items
            if notes := subscription.notes():
                yield [LiveItem(after, project_id, project_id, NOTE, note) for note in notes]
    finally:
        hub.unsubscribe(subscription)
