"""When to try again."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to try.

    Args:
        attempts: of a request, the first included.
        first, longest: seconds before a second attempt, and before any, at most.
        timeout: seconds that one attempt may take.
    """

    attempts: int = 6
    first: float = 0.2
    longest: float = 10.0
    timeout: float = 30.0

    def pause(self, failures: int, at_least: float = 0.0) -> float:
        """Return the seconds to wait after so many failures in a row.

        They are spread over the whole range: clients that lost the same server must not come back in step.
        """
        ceiling = min(self.first * 2 ** min(failures, 16), self.longest)
        return at_least + random.uniform(self.first / 2, ceiling)  # noqa: S311 - jitter, not a secret
