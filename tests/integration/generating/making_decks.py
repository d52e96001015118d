"""Workers that make decks, and what came of it as a reader sees it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from running import Deck, eventually, lose

from infra.settings import Settings
from tests.support.model_stub import Stub
from workers.app import Workers


def with_model(settings: Settings, stub: Stub, **more: object) -> Settings:
    """Let a stub be the model."""
    given = settings.model_dump() | {
        "llm_base_url": stub.url,
        "llm_model": "stub-1",
        "job_backoff_ms": 1,
        **more,
    }
    return Settings.model_validate(given)


@asynccontextmanager
async def generating(settings: Settings) -> AsyncIterator[asyncio.Task[None]]:
    """Run workers as the product does; cancel the task to lose them."""
    task = asyncio.create_task(Workers(settings).run())
    try:
        yield task
        if task.done() and not task.cancelled():
            task.result()
    finally:
        await lose(task)


@dataclass
class Slide:
    """One slide as it is shown, and what is on it."""

    id: str
    title: str
    notes: str
    layout: str
    blocks: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


async def shown(deck: Deck) -> list[Slide]:
    """Return a deck's slides as they are in the log."""
    position = await deck.owner.system.table.head()

    async def there() -> bool:
        # A read waits two seconds for a position, and a busy machine may need more.
        answer = await deck.owner.get(f"{deck.path}/blocks", min_position=position)
        return answer.status_code == 200

    await eventually(there, 60)
    items = await deck.owner.all_pages(f"{deck.path}/blocks", min_position=position)
    slides: dict[str, Slide] = {}
    for block in items:
        content = block["content"]
        if block["type"] == "slide":
            slides[block["id"]] = Slide(block["id"], content["title"], content["notes"], content["layout"])
        elif block["parent_id"] in slides:
            slides[block["parent_id"]].blocks.append((block["type"], content))
    return list(slides.values())
