"""What an endpoint's HTTP statuses mean to a job. What it says besides stays out of it: it may quote the key."""

from typing import Final

from workers.jobs.ports import FinalError, RetryableError

# Statuses of requests that could not be understood, as those with a schema are where schemas are not known.
_BAD_REQUEST: Final = (400, 422)
_TOO_MANY: Final = 429
_NO_USE: Final = (401, 402, 403, 404, 405)
_TIMEOUT: Final = 408
_SERVER: Final = 500
REDIRECT: Final = range(300, 400)


class NotUnderstood(Exception):
    """The endpoint does not know something that the request says; a simpler one may do."""


def of_status(status: int, after: float | None, *, simplest: bool) -> Exception:
    """Return the failure that a status is.

    Args:
        status: of HTTP.
        after: the seconds that the endpoint asks to wait for.
        simplest: whether there is no simpler way to ask the same.
    """
    if status == _TOO_MANY:
        return RetryableError("provider-busy", "the model's endpoint is too busy", after)
    if status in _BAD_REQUEST and not simplest:
        return NotUnderstood(f"HTTP {status}")
    if status in _NO_USE:
        return FinalError("provider-refused", f"the model's endpoint refuses: HTTP {status}")
    if status in REDIRECT:
        return FinalError("provider-refused", f"the model's endpoint is elsewhere: HTTP {status}")
    if status >= _SERVER or status == _TIMEOUT:
        return RetryableError(
            "provider-unavailable", f"the model's endpoint is out of order: HTTP {status}", after
        )
    return FinalError("provider-refused", f"the model's endpoint refuses the request: HTTP {status}")
