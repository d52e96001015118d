"""The handler of generation jobs over a log in memory: what an attempt does, and the one after it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from commands.bus import Request
from commands.messages import Command
from commands.ports import Caller
from domain.job import GenerationRequested, Job, JobState
from infra.postgres.blobs import asset_id_of
from tests.support.memory_decks import InMemoryDecks
from tests.support.scenario import PROJECT, World, shared_deck
from tests.support.slides import demo
from workers.exporting import render
from workers.exporting.source import tree
from workers.generating.offline import OfflineWriter
from workers.jobs.handlers.generation import GenerationHandler
from workers.jobs.ports import FinalError

PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


@dataclass
class Files:
    """Implements `Blobs`, in memory."""

    kept: dict[UUID, tuple[bytes, str]] = field(default_factory=dict)

    async def put(self, project_id: UUID, data: bytes, media_type: str) -> UUID:
        found = asset_id_of(project_id, sha256(data).digest(), media_type)
        self.kept[found] = (data, media_type)
        return found

    async def get(self, _: UUID, asset_id: UUID) -> tuple[bytes, str] | None:
        return self.kept.get(asset_id)


@dataclass
class Attempt:
    """Implements `JobContext`: runs commands as a worker does."""

    job: Job
    world: World
    proposed: Mapping[str, Any] | None = None
    approved: bool = False
    told: list[tuple[int, int]] = field(default_factory=list)

    async def progress(self, done: int, total: int, message: str = "") -> None:
        assert message
        self.told.append((done, total))

    async def run(self, name: str, *commands: Command) -> Mapping[str, Any]:
        if name == "approve":
            self.approved = True
            return {}
        caller = Caller("machine:generation", "machine", job_id=self.job.id, on_behalf_of="ada")
        key = uuid5(self.job.id, name)
        answer = await self.world.process().bus.run(Request(caller, key, b"", commands, batch=True))
        document: dict[str, Any] = json.loads(answer.body)
        assert answer.status == 200, document
        return document

    async def propose(self, outline: Mapping[str, Any]) -> None:
        self.proposed = outline


@dataclass
class Making:
    """One job, attempt by attempt."""

    world: World
    files: Files
    job: Job

    @property
    def handler(self) -> GenerationHandler:
        return GenerationHandler(OfflineWriter(), InMemoryDecks(self.world.log), self.files)

    async def outlined(self) -> dict[str, Any]:
        attempt = Attempt(self.job, self.world)
        assert await self.handler.run(attempt) is None
        assert attempt.proposed is not None
        return json.loads(json.dumps(attempt.proposed))  # type: ignore[no-any-return]

    async def drafted(self, outline: Mapping[str, Any]) -> tuple[Mapping[str, Any], Attempt]:
        attempt = Attempt(replace(self.job, outline=outline, approved=True), self.world)
        result = await self.handler.run(attempt)
        assert result is not None
        return result, attempt

    async def slides(self) -> list[tuple[str, list[str]]]:
        deck = await InMemoryDecks(self.world.log).at(PROJECT)
        assert deck is not None
        # The first two were there before.
        return [(s.content["title"], [n.type for n in s.children]) for s in tree(deck)[2:]]


async def making(**wanted: Any) -> Making:
    world, files = World(), Files()
    await world.given(*shared_deck())
    if data := wanted.pop("file", None):
        wanted["source_asset_id"] = str(await files.put(PROJECT, data, PPTX))
    request = GenerationRequested(
        originator_id=uuid4(),
        originator_version=1,
        project_id=str(PROJECT),
        priority=5,
        ttl=None,
        **{"prompt": None, "source_text": None, "source_asset_id": None, "slides": None, **wanted},
        auto_approve=wanted.get("auto_approve", False),
    )
    return Making(world, files, replace(Job.evolve(None, request), state=JobState.RUNNING))


async def test_a_presentation_is_taken_over_with_its_pictures_but_for_what_was_left_out() -> None:
    one = await making(file=render(demo(), "pptx").data)
    outline = await one.outlined()
    assert outline["provider"] == "offline-pptx"
    assert len(outline["slides"]) == 22
    outline["slides"] = [{**outline["slides"][1], "title": "Sand"}, *outline["slides"][11:13]]
    result, attempt = await one.drafted(outline)
    assert result["drafted_by"] == "offline-pptx"
    # A slide that had no title has none.
    assert await one.slides() == [
        ("Sand", ["bullets"]),
        ("", ["text"]),
        ("From above", ["image", "text"]),
    ]
    assert attempt.told[-1] == (3, 3)
    assert sum(kind.startswith("image/") for _, kind in one.files.kept.values()) == 1


async def test_a_presentation_with_a_wish_is_a_source_like_any_other() -> None:
    one = await making(file=render(demo(), "pptx").data, slides=5)
    outline = await one.outlined()
    assert (outline["provider"], len(outline["slides"])) == ("offline-extractive", 5)


async def test_an_attempt_goes_on_where_the_one_before_it_ended() -> None:
    one = await making(prompt="Deltas", slides=4)
    outline = await one.outlined()
    first = {**outline, "slides": outline["slides"][:2]}
    result, _ = await one.drafted(first)
    assert (result["slides"], result["resumed"]) == (2, 0)
    result, _ = await one.drafted(outline)
    assert (result["slides"], result["resumed"]) == (4, 2)
    assert [title for title, _ in await one.slides()] == [s["title"] for s in outline["slides"]]
    before = len(one.world.log.events)
    await one.drafted(outline)
    assert len(one.world.log.events) == before


@pytest.mark.parametrize("file", [b"PK\x03\x04 broken", b"\x00\xff\x01" * 50, b" "])
async def test_a_document_that_cannot_be_read_ends_the_job_in_words(file: bytes) -> None:
    one = await making(file=file)
    with pytest.raises(FinalError) as failed:
        await one.outlined()
    assert failed.value.code == "unreadable-source"


async def test_a_document_that_is_not_there_ends_it_too() -> None:
    one = await making(source_asset_id=str(uuid4()))
    with pytest.raises(FinalError) as failed:
        await one.outlined()
    assert failed.value.code == "no-source"
