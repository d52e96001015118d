"""Bodies of requests: in one piece or many, announced or not, and never over their limit."""

from collections.abc import Sequence

import pytest
from starlette.requests import Request
from starlette.types import Message

from domain.errors import Invalid
from infra.http.bodies import read_body
from infra.http.fields import fields_of
from infra.http.problems import PayloadTooLarge

LIMIT = 10
GONE: Message = {"type": "http.disconnect"}


def parts(*chunks: bytes) -> list[Message]:
    last = len(chunks) - 1
    return [{"type": "http.request", "body": c, "more_body": n < last} for n, c in enumerate(chunks)]


async def read(messages: Sequence[Message], length: str | None = None) -> tuple[bytes, int]:
    """Return the body, and how many messages were left unread."""
    left = list(messages)

    async def receive() -> Message:
        return left.pop(0)

    headers = [(b"content-length", length.encode())] if length is not None else []
    request = Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, receive)
    body = await read_body(request, LIMIT)
    again = list(messages)

    async def receive_again() -> Message:
        return again.pop(0)

    twin = Request(request.scope, receive_again)
    assert await read_body(twin, LIMIT, fields_of(request.scope)) == body
    return body, len(left)


@pytest.mark.parametrize("chunks", [[b""], [b"whole"], [b"in ", b"two"], [b"", b"", b"late"], [b"x" * LIMIT]])
@pytest.mark.parametrize("announced", [False, True])
async def test_a_body_is_read_to_its_end_and_no_further(chunks: Sequence[bytes], announced: bool) -> None:  # noqa: FBT001 - a parameter of the test
    body = b"".join(chunks)
    assert await read([*parts(*chunks), GONE], str(len(body)) if announced else None) == (body, 1)


@pytest.mark.parametrize("chunks", [[b"x" * (LIMIT + 1)], [b"x" * LIMIT, b"y"], [b"x" * LIMIT, b"y", b"z"]])
async def test_what_is_too_long_is_refused_also_where_nobody_announced_it(chunks: Sequence[bytes]) -> None:
    with pytest.raises(PayloadTooLarge) as refused:
        await read(parts(*chunks))
    assert refused.value.extra["limit"] == LIMIT


async def test_what_is_announced_as_too_long_is_not_read() -> None:
    with pytest.raises(PayloadTooLarge):
        await read([], str(LIMIT + 1))


@pytest.mark.parametrize("length", ["ten", "-1", "1.0", ""])
async def test_a_length_that_is_no_number_is_named(length: str) -> None:
    with pytest.raises(Invalid) as refused:
        await read(parts(b"x"), length)
    assert [e.field for e in refused.value.errors] == ["Content-Length"]


@pytest.mark.parametrize("messages", [[GONE], [*parts(b"half", b"")[:1], GONE]])
async def test_a_client_that_leaves_in_the_middle_has_sent_nothing_that_is_valid(
    messages: Sequence[Message],
) -> None:
    with pytest.raises(Invalid):
        await read(messages)
