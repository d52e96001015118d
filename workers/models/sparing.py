"""Leaving an endpoint alone that is away: jobs go back to the queue at once, and one call now and then finds out."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from infra.breaker import Breaker
from workers.jobs.ports import FinalError, RetryableError

logger = logging.getLogger(__name__)

# Failures in a row that are still tried through: what passes is over by then. Seconds of the first rest, longer
# than a try is waited for within a call, and of the longest.
TOLERATED: Final = 4
REST: Final = 10.0
LONGEST: Final = 60.0
_AWAY: Final = frozenset({"provider-unavailable", "provider-timeout"})


class Sparing:
    """One endpoint's breaker, in one process.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._breaker = Breaker(clock, rest=REST, longest=LONGEST, tolerated=TOLERATED)

    @contextmanager
    def call(self) -> Iterator[None]:
        """Make a call, unless the endpoint is left alone; whatever it answers but being away counts as an answer.

        Raises:
            RetryableError: it is left alone; `after` is for how long.
        """
        if self._breaker.is_open:
            raise RetryableError(
                "provider-unavailable", "the endpoint is left alone after failures", self._breaker.retry_after
            )
        opened = self._breaker.opened
        try:
            yield
        except RetryableError as failed:
            if failed.code not in _AWAY:
                self._breaker.succeeded()
                raise
            self._breaker.failed()
            if self._breaker.opened != opened:
                logger.warning("an endpoint is left alone for %.0f s: %s", self._breaker.retry_after, failed)
            raise
        except FinalError:
            self._breaker.succeeded()
            raise
        self._breaker.succeeded()
