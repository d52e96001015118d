"""Pictures from an endpoint, and what it may answer instead of one."""

from collections.abc import AsyncIterator

import orjson
import pydantic_ai.models.openai  # noqa: F401 - seconds on a busy machine: not while a test waits for it
import pytest

from domain.theme import BUILT_IN
from tests.support.model_stub import Asked, Reply, Stub, a_png, picture, refused, stubbed
from workers.jobs.ports import FinalError, RetryableError
from workers.models.endpoint import Endpoint
from workers.picturing.endpoint import EndpointPainter
from workers.picturing.ports import Wish

WISH = Wish("A delta", next(iter(BUILT_IN.values())), "16:9")


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    async with stubbed() as serving:
        yield serving


def painter(stub: Stub, timeout: float = 10.0) -> EndpointPainter:
    return EndpointPainter(Endpoint(stub.url, "a-key", "image-1", timeout))


async def test_a_picture_comes_as_data_in_the_way_that_the_endpoint_knows(stub: Stub) -> None:
    def knows_no_format(asked: Asked) -> Reply:
        return refused(400) if "response_format" in asked.body else picture(a_png())

    stub.otherwise = knows_no_format
    asker = painter(stub)
    made = await asker.paint(WISH)
    assert (made.data, made.media_type, made.alt) == (a_png(), "image/png", "A delta")
    await asker.paint(WISH)
    assert [a.path for a in stub.asked] == ["/v1/images/generations"] * 3
    assert ["response_format" in a.body for a in stub.asked] == [True, False, False]
    assert stub.asked[0].body["model"] == "image-1"


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (refused(429, Retry_After="9"), RetryableError, "provider-busy"),
        (refused(500), RetryableError, "provider-unavailable"),
        (refused(401), FinalError, "provider-refused"),
        (refused(400), FinalError, "provider-refused"),
        (picture(b"<svg/>"), RetryableError, "provider-nonsense"),
        (picture(a_png()[:60]), RetryableError, "provider-nonsense"),
        (Reply(body=b"{}"), RetryableError, "provider-nonsense"),
        (Reply(body=b"<html>"), RetryableError, "provider-nonsense"),
        (
            Reply(body=orjson.dumps({"data": [{"url": "http://127.0.0.1/a.png"}]})),
            FinalError,
            "unsupported",
        ),
    ],
)
async def test_what_is_no_picture_is_none(stub: Stub, reply: Reply, kind: type[Exception], code: str) -> None:
    stub.otherwise = lambda _: reply
    with pytest.raises(kind) as failed:
        await painter(stub).paint(WISH)
    assert failed.value.code == code  # type: ignore[attr-defined]
    assert all(a.path == "/v1/images/generations" for a in stub.asked)


async def test_a_picture_that_stops_in_the_middle_is_given_up_in_time(stub: Stub) -> None:
    stub.script = [Reply(body=picture(a_png()).body, stall=True)]
    with pytest.raises(RetryableError):
        await painter(stub, timeout=0.5).paint(WISH)


async def test_an_endpoint_that_is_away_is_left_alone(stub: Stub) -> None:
    now = [0.0]
    asker = EndpointPainter(Endpoint(stub.url, "a-key", "image-1", 10.0), lambda: now[0])
    stub.otherwise = lambda _: refused(500)
    afters = []
    for _ in range(7):
        with pytest.raises(RetryableError) as failed:
            await asker.paint(WISH)
        afters.append(failed.value.after)
    assert afters == [None] * 5 + [10.0] * 2
    assert len(stub.asked) == 5
    now[0] = 10.0
    stub.otherwise = lambda _: picture(a_png())
    assert (await asker.paint(WISH)).media_type == "image/png"
