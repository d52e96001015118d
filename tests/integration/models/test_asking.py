"""Asking a model over HTTP, and all the ways in which that can fail."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pydantic_ai.models.openai  # noqa: F401 - seconds on a busy machine: not while a test waits for it
import pytest
from pydantic import BaseModel

from tests.support.model_stub import Asked, Reply, Stub, refused, said, stubbed
from workers.jobs.ports import FinalError, RetryableError
from workers.models import asking
from workers.models.asking import BudgetSpent, Model, Question
from workers.models.endpoint import Endpoint
from workers.models.usage import Usage


class Pair(BaseModel):
    name: str
    count: int


GOOD = {"name": "silt", "count": 3}


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    async with stubbed() as serving:
        yield serving


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "FIRST_PAUSE", 0.01)


def model(stub: Stub, **more: Any) -> Model:
    return Model(Endpoint(stub.url, "a-key", "stub-1", **{"timeout": 10.0, **more}))


def question(**more: Any) -> Question[Pair]:
    return Question(Pair, "You count.", "Count the silt.", **more)


async def test_the_shape_goes_along_and_the_cost_comes_back(stub: Stub) -> None:
    stub.script = [said(GOOD)]
    answer = await model(stub).ask(question())
    assert answer.said == Pair(name="silt", count=3)
    assert answer.usage == Usage(1, 100, 20)
    [asked] = stub.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == "Bearer a-key"
    assert asked.body["model"] == "stub-1"
    assert asked.schema is not None
    assert asked.schema["type"] == "json_schema"


async def test_an_endpoint_that_knows_no_schemas_is_told_in_words(stub: Stub) -> None:
    def old(asked: Asked) -> Reply:
        return refused(400) if asked.schema else said(GOOD)

    stub.otherwise = old
    asker = model(stub)
    assert (await asker.ask(question())).said.count == 3
    assert (await asker.ask(question())).said.count == 3
    # The second question is not tried with a schema any more.
    assert [bool(a.schema) for a in stub.asked] == [True, False, False]
    assert '"count"' in stub.asked[1].words
    assert ["max_tokens" in a.body for a in stub.asked] == [False, True, True]


async def test_a_bad_request_in_any_words_is_final(stub: Stub) -> None:
    stub.otherwise = lambda _: refused(400)
    with pytest.raises(FinalError) as failed:
        await model(stub).ask(question())
    assert failed.value.code == "provider-refused"
    assert "sk-secret" not in str(failed.value)
    assert len(stub.asked) == 2


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_who_is_refused_does_not_ask_again(stub: Stub, status: int) -> None:
    stub.otherwise = lambda _: refused(status)
    with pytest.raises(FinalError) as failed:
        await model(stub).ask(question())
    assert (failed.value.code, len(stub.asked)) == ("provider-refused", 1)
    assert "sk-secret" not in str(failed.value)


async def test_a_redirect_leads_nowhere(stub: Stub) -> None:
    async with stubbed() as other:
        stub.otherwise = lambda _: refused(307, Location=other.url + "/chat/completions")
        with pytest.raises(FinalError):
            await model(stub).ask(question())
        assert other.asked == []


async def test_too_many_requests_are_left_to_the_queue_for_as_long_as_is_asked_for(stub: Stub) -> None:
    stub.otherwise = lambda _: refused(429, Retry_After="17")
    with pytest.raises(RetryableError) as failed:
        await model(stub).ask(question())
    assert (failed.value.code, failed.value.after, len(stub.asked)) == ("provider-busy", 17.0, 1)


async def test_what_fails_in_passing_is_asked_again_a_few_times(stub: Stub) -> None:
    stub.script = [refused(500), refused(503), said(GOOD)]
    assert (await model(stub).ask(question())).said.count == 3
    stub.otherwise = lambda _: refused(500)
    with pytest.raises(RetryableError) as failed:
        await model(stub).ask(question())
    assert failed.value.code == "provider-unavailable"
    assert len(stub.asked) == 3 + 3


async def test_an_answer_that_stops_in_the_middle_is_given_up_in_time(stub: Stub) -> None:
    stub.script = [Reply(body=said(GOOD).body, stall=True)]
    began = time.monotonic()
    with pytest.raises(RetryableError) as failed:
        await model(stub, timeout=0.5, retries=0).ask(question())
    assert failed.value.code in ("provider-timeout", "provider-unavailable")
    assert time.monotonic() - began < 30


async def test_an_endpoint_that_is_not_there_is_away(stub: Stub) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    with pytest.raises(RetryableError) as failed:
        await Model(Endpoint(f"http://127.0.0.1:{port}/v1", "", "m", retries=1)).ask(question())
    assert failed.value.code == "provider-unavailable"
    assert stub.asked == []


@pytest.mark.parametrize(
    "nonsense",
    [said(""), said("no JSON"), said('{"name": "silt"'), said({"name": "silt"}), said({"count": "many"})],
    ids=["empty", "words", "cut", "incomplete", "wrong"],
)
async def test_nonsense_is_sent_back_and_then_given_up(stub: Stub, nonsense: Reply) -> None:
    stub.script = [nonsense, said(GOOD)]
    answer = await model(stub).ask(question())
    assert (answer.said.count, answer.usage.requests) == (3, 2)
    stub.otherwise = lambda _: nonsense
    with pytest.raises(RetryableError) as failed:
        await model(stub, retries=0).ask(question())
    assert failed.value.code == "provider-nonsense"


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"choices": []}', b"[1"])
async def test_a_body_that_is_no_answer_is_no_answer(stub: Stub, body: bytes) -> None:
    stub.otherwise = lambda _: Reply(body=body)
    with pytest.raises(RetryableError) as failed:
        await model(stub, retries=0).ask(question())
    assert failed.value.code in ("provider-nonsense", "provider-unavailable")


async def test_what_will_not_do_is_sent_back_with_the_reason(stub: Stub) -> None:
    def check(pair: Pair) -> None:
        if pair.count > 2:
            raise ValueError("count to two at most")

    stub.script = [said(GOOD), said({**GOOD, "count": 2})]
    assert (await model(stub).ask(question(check=check))).said.count == 2
    assert "count to two at most" in stub.asked[1].words


async def test_a_job_asks_no_more_than_its_budget(stub: Stub) -> None:
    asker = model(stub, budget=300)
    stub.otherwise = lambda _: said(GOOD)
    first = await asker.ask(question(), Usage(1, 100, 20))
    assert first.usage.tokens == 120
    with pytest.raises(BudgetSpent):
        await asker.ask(question(), Usage(2, 250, 50))
    assert len(stub.asked) == 1
    stub.otherwise = lambda _: said("nonsense", total_tokens=200)
    with pytest.raises((BudgetSpent, RetryableError)):
        await asker.ask(question(), Usage(1, 200, 0))
    assert len(stub.asked) == 2


async def test_an_endpoint_that_is_away_is_left_alone_and_tried_once_now_and_then(stub: Stub) -> None:
    now = [100.0]
    asker = Model(Endpoint(stub.url, "a-key", "stub-1", timeout=10.0, retries=0), lambda: now[0])

    async def failure() -> RetryableError:
        with pytest.raises(RetryableError) as failed:
            await asker.ask(question())
        return failed.value

    stub.otherwise = lambda _: refused(503)
    for _ in range(5):
        assert (await failure()).after is None
    assert len(stub.asked) == 5
    # Five in a row were enough: whoever asks now is told when to come back, and the endpoint hears nothing.
    spared = await failure()
    assert (spared.code, spared.after, len(stub.asked)) == ("provider-unavailable", 10.0, 5)
    now[0] += 4
    assert (await failure()).after == 6.0
    # One is let through to see, and it is still away: a longer rest.
    now[0] += 6
    assert (await failure()).after is None
    assert (await failure()).after == 20.0
    assert len(stub.asked) == 6
    # It is back.
    now[0] += 20
    stub.otherwise = lambda _: said(GOOD)
    for _ in range(2):
        assert (await asker.ask(question())).said.count == 3
    # And what went wrong before counts no more.
    stub.otherwise = lambda _: refused(503)
    for _ in range(5):
        assert (await failure()).after is None


async def test_an_endpoint_that_answers_is_not_away_whatever_it_answers(stub: Stub) -> None:
    asker = model(stub, retries=0)
    for _ in range(4):
        for status, kind in (
            (503, RetryableError),
            (429, RetryableError),
            (503, RetryableError),
            (401, FinalError),
        ):
            stub.otherwise = lambda _, status=status: refused(status)
            with pytest.raises(kind):
                await asker.ask(question())
    assert len(stub.asked) == 16
