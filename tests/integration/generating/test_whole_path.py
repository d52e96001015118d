"""From an uploaded report to files that other programs open: offline, and with a model."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pydantic_ai.models.openai  # noqa: F401 - seconds on a busy machine: not while a test waits for it
import pypdfium2
import pytest
from labour import JSON, ask, state
from making_decks import generating, with_model
from pptx import Presentation
from running import Deck, Live, system_on

from infra.settings import Settings
from tests.support.model_stub import Stub, stubbed
from tests.support.report import PAGES, TITLE, report

PATIENCE = 90


@asynccontextmanager
async def written_by(provider: str, settings: Settings) -> AsyncIterator[tuple[Settings, Stub | None]]:
    """Give settings with a model that is a stub, or with none."""
    if provider == "offline-extractive":
        yield settings, None
        return
    async with stubbed() as stub:
        yield with_model(settings, stub), stub


async def file_of(deck: Deck, wanted: str) -> io.BytesIO:
    """Export a deck, and fetch the file as a reader does."""
    made = await state(deck, await ask(deck, "export", format=wanted), "succeeded", seconds=PATIENCE)
    answer = await deck.owner.get(f"/api/jobs/{made['id']}/file")
    assert answer.status_code == 200, answer.text
    assert len(answer.content) == made["result"]["size"]
    return io.BytesIO(answer.content)


async def until_succeeded(live: Live, job: str) -> list[JSON]:
    """Return what happened up to the job's end, as it came."""
    found: list[JSON] = []
    while True:
        message = await live.message(PATIENCE)
        assert message["type"] == "event", message
        found.append(message)
        if message["event"] == "job-succeeded" and message["stream"]["id"] == job:
            return found


@pytest.mark.timeout(300)
@pytest.mark.parametrize("provider", ["offline-extractive", "openai-compatible"])
async def test_a_report_becomes_an_outline_slides_and_files(provider: str, settings: Settings) -> None:
    document = report()
    assert len(pypdfium2.PdfDocument(document)) == PAGES
    async with (
        written_by(provider, settings) as (settings, stub),  # noqa: PLR1704 - the same, with a model
        system_on(settings) as system,
        generating(settings),
    ):
        deck = await system.person().deck(slides=0)
        async with deck.owner.live(deck.id) as live:
            sent = await system.client.post(
                f"{system.write_url}/api/assets?project_id={deck.id}",
                content=document,
                headers={**deck.owner.headers, "Content-Type": "application/pdf"},
            )
            assert sent.status_code == 201, sent.text
            asset = sent.json()["asset_id"]
            job = await ask(deck, "generation", prompt=None, source_asset_id=asset, slides=8)
            outline: JSON = (await state(deck, job, "awaiting-approval", seconds=PATIENCE))["outline"]
            assert outline["provider"] == provider
            assert len(outline["slides"]) == 8
            # Nothing is drafted before a person's word; theirs it is then.
            outline["slides"][0]["title"] = "Deltas, and what to do"
            del outline["slides"][-1]
            answer = await deck.owner.post(
                "approve-outline", {"project_id": deck.id, "job_id": job, "outline": outline}
            )
            assert answer.status_code == 202, answer.text
            happened = await until_succeeded(live, job)

        # Who comes and goes is written down too, some time after.
        names = [e["event"] for e in happened if not e["event"].startswith("session-")]
        assert names[:3] == ["generation-requested", "job-started", "job-outlined"]
        assert names[3:5] == ["outline-approved", "job-started"]
        appeared = [
            e["data"]["content"]["title"]
            for e in happened[5:]
            if e["event"] == "block-added" and e["data"]["type"] == "slide"
        ]
        assert appeared == [slide["title"] for slide in outline["slides"]]
        assert appeared[0] == "Deltas, and what to do"
        if stub is None:
            assert outline["title"] == TITLE
            assert "Why they sink" in appeared
        else:
            # The model was told what the report says.
            assert "Pumping of ground water" in stub.asked[0].words
            assert appeared[1:] == [f"Idea {i}" for i in range(1, 7)]

        presentation: Any = Presentation(await file_of(deck, "pptx"))
        assert [s.shapes.title.text for s in presentation.slides] == appeared
        pages = pypdfium2.PdfDocument(await file_of(deck, "pdf"))
        assert len(pages) == len(appeared)
        for page, title in zip(pages, appeared, strict=True):
            shown = " ".join(page.get_textpage().get_text_range().split())
            assert title in shown
