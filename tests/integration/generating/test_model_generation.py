"""Decks made by a model, over an endpoint that is a stub."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pydantic_ai.models.openai  # noqa: F401 - seconds on a busy machine: not while a test waits for it
import pytest
from labour import ask, events, state
from making_decks import generating, shown, with_model
from running import system_on

from infra.settings import Settings
from tests.conftest import environment
from tests.support.model_stub import Asked, Reply, Stub, a_png, refused, said, sensible, stubbed


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    async with stubbed() as serving:
        yield serving


async def test_a_model_outlines_and_drafts_and_is_named(settings: Settings, stub: Stub) -> None:
    settings = with_model(settings, stub)
    async with system_on(settings) as system, generating(settings):
        deck = await system.person().deck(slides=0)
        stub.script = [refused(429, Retry_After="0"), refused(500)]
        job = await ask(deck, "generation", prompt="Stubs", slides=3)
        waiting = await state(deck, job, "awaiting-approval", seconds=90)
        outline = waiting["outline"]
        assert (outline["provider"], outline["model"]) == ("openai-compatible", "stub-1")
        assert outline["usage"] == {"requests": 1, "input_tokens": 100, "output_tokens": 20}
        outline["slides"][1]["title"] = "An idea of mine"
        answer = await deck.owner.post(
            "approve-outline", {"project_id": deck.id, "job_id": job, "outline": outline}
        )
        assert answer.status_code == 202, answer.text
        stub.script = [said("nonsense")]
        done = await state(deck, job, "succeeded", seconds=90)
        assert done["result"]["provider"] == done["result"]["drafted_by"] == "openai-compatible"
        assert done["result"]["model"] == "stub-1"
        # The outline, three slides, and one answer that was sent back.
        assert done["result"]["usage"] == {"requests": 5, "input_tokens": 500, "output_tokens": 100}
        slides = await shown(deck)
        assert [s.title for s in slides] == ["Stubs", "An idea of mine", "Idea 2"]
        assert slides[1].blocks[0][1]["items"][0]["text"] == "Drafted for An idea of mine"
        assert slides[1].notes == "Say it."

        asked = len(stub.asked)
        undone = await deck.change("undo", job_id=job)
        assert undone["outcome"] == "applied"
        assert await shown(deck) == []
        assert len(stub.asked) == asked


@asynccontextmanager
async def worker_process(settings: Settings, stub: Stub) -> AsyncIterator[Process]:
    """A worker of its own process, to be killed for good."""
    told = {"LLM_BASE_URL": stub.url, "LLM_MODEL": "stub-1", "JOB_LEASE_MS": "1000"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "workers.cli", "serve", "workers", env=environment(settings) | told,
        stdout=DEVNULL, stderr=DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.timeout(300)
async def test_a_killed_worker_s_deck_goes_on_from_its_last_slide(settings: Settings, stub: Stub) -> None:
    async with system_on(settings) as system:
        deck = await system.person().deck(slides=0)
        drafted = asyncio.Event()

        def stop_at_the_third(request: Asked) -> Reply:
            if "Write slide 3" in request.words and not drafted.is_set():
                stub.gate.clear()
                drafted.set()
            return sensible(request)

        stub.otherwise = stop_at_the_third
        job = await ask(deck, "generation", prompt="Stubs", slides=4, auto_approve=True)
        async with worker_process(settings, stub), asyncio.timeout(120):
            await drafted.wait()
        # Killed with two slides at least in the log; what it asks now is never answered.
        before = len(stub.asked)
        stub.gate.set()
        async with generating(with_model(settings, stub, job_lease_ms=1_000)):
            done = await state(deck, job, "succeeded", seconds=120)
        assert [s.title for s in await shown(deck)] == ["Stubs", "Idea 1", "Idea 2", "Idea 3"]
        assert done["result"]["resumed"] in (2, 3)
        later = [a.words for a in stub.asked[before:]]
        assert not any("You plan presentations" in w or "Write slide 1," in w for w in later)
        assert not any("Write slide 2," in w for w in later)
        told = await events(deck, job)
        assert told[0] == "generation-requested"
        assert [e for e in told if e in ("succeeded", "failed", "cancelled")] == ["succeeded"]


async def test_a_job_that_has_spent_its_tokens_puts_down_its_outline(settings: Settings, stub: Stub) -> None:
    settings = with_model(settings, stub, llm_token_budget=250)
    async with system_on(settings) as system, generating(settings):
        deck = await system.person().deck(slides=0)
        job = await ask(deck, "generation", prompt="Stubs", slides=4, auto_approve=True)
        done = await state(deck, job, "succeeded", seconds=90)
        slides = await shown(deck)
        assert [s.title for s in slides] == ["Stubs", "Idea 1", "Idea 2", "Idea 3"]
        assert any("budget of 250 tokens" in w for w in done["result"]["warnings"])
        assert slides[3].blocks[0][1]["items"][0]["text"] == "first of 3"


async def test_an_endpoint_that_refuses_ends_the_job_in_words(settings: Settings, stub: Stub) -> None:
    stub.otherwise = lambda _: refused(401)
    settings = with_model(settings, stub, llm_api_key="sk-secret")
    async with system_on(settings) as system, generating(settings):
        deck = await system.person().deck(slides=0)
        job = await ask(deck, "generation", prompt="Stubs")
        failed = await state(deck, job, "failed", seconds=90)
        assert failed["error"]["code"] == "provider-refused"
        assert "sk-secret" not in str(failed)
        assert stub.asked[0].headers["authorization"] == "Bearer sk-secret"


async def test_a_model_criticises_and_revises_and_paints(settings: Settings, stub: Stub) -> None:
    settings = with_model(settings, stub, image_model="image-1")
    async with system_on(settings) as system, generating(settings):
        deck = await system.person().deck(slides=2, texts=1)
        stub.script = [refused(503)]
        job = await ask(deck, "thinking", instruction="Better titles")
        done = await state(deck, job, "succeeded", seconds=90)
        assert (done["result"]["provider"], done["result"]["model"]) == ("openai-compatible", "stub-1")
        assert done["result"]["suggestions"] == 2
        assert done["result"]["aims"] == ["every slide has a title that says something"]
        # The plan, and of each slide what is wrong with it and what to make of it.
        assert done["result"]["usage"]["requests"] == 5
        found = await deck.owner.all_pages(f"{deck.path}/suggestions", min_position=done["position"])
        assert [s["changes"] for s in found] == [{"title": "A title that says it"}] * 2
        await deck.change("accept-suggestion", suggestion_id=found[0]["id"])
        await deck.change("reject-suggestion", suggestion_id=found[1]["id"])
        assert [s.title for s in await shown(deck)] == ["A title that says it", "Slide 1"]

        made = await state(deck, await ask(deck, "image", prompt="A delta"), "succeeded", seconds=90)
        assert (made["result"]["provider"], made["result"]["model"]) == ("openai-compatible", "image-1")
        got = await deck.owner.get(f"/api/assets/{made['result']['asset_id']}")
        assert got.content == a_png()
