"""Exports from the request to the file, through the log, the queue and a worker."""

import io
import zipfile
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from PIL import Image
from running import JSON, Deck, System, eventually

from infra.postgres.blobs import PostgresBlobs
from infra.postgres.connections import pool


async def exported(deck: Deck, wanted: str, **more: Any) -> JSON:
    """Ask for a file and return the result of the job."""
    asked = await deck.owner.post("request-export", {"project_id": deck.id, "format": wanted, **more})
    assert asked.status_code == 202, asked.text
    job = asked.json()["result"]["job_id"]

    async def ended() -> Any:
        rows = await deck.owner.system.table.rows(
            "select state, result, error from job_rows where job_id = %s and ended_at is not null", job
        )
        return rows[0] if rows else None

    state, result, error = await eventually(ended, 20)
    assert state == "succeeded", error
    document: JSON = result
    return document


async def content(system: System, deck: Deck, result: JSON) -> bytes:
    async with pool(system.settings, "test") as connections:
        kept = await PostgresBlobs(connections).get(UUID(deck.id), UUID(result["asset_id"]))
    assert kept is not None
    data, media_type = kept
    assert (media_type, len(data), sha256(data).hexdigest()) == (
        result["type"],
        result["size"],
        result["sha256"],
    )
    return data


async def a_deck(system: System) -> Deck:
    deck = await system.person().deck()
    slide = deck.blocks[0]
    await deck.add("bullets", {"items": [{"text": "silt"}, {"text": "reeds", "level": 1}]}, slide)
    await deck.add(
        "chart",
        {"categories": ["a", "b"], "series": [{"name": "s", "values": [1, None]}], "kind": "bar"},
        slide,
    )
    return deck


async def test_a_file_is_of_the_position_that_was_asked_for(system: System) -> None:
    deck = await a_deck(system)
    then = deck.position
    await deck.change("rename-project", title="Another name")
    old = await exported(deck, "json", at_position=then)
    new = await exported(deck, "json")
    assert orjson.loads(await content(system, deck, old))["project"]["title"].startswith("A deck of")
    assert orjson.loads(await content(system, deck, new))["project"]["title"] == "Another name"
    assert (old["position"], old["format"], old["pages"]) == (then, "json", 1)
    assert new["name"] == "Another name.json"


async def test_an_uploaded_picture_is_in_the_file_and_a_foreign_one_is_told(system: System) -> None:
    deck = await a_deck(system)
    written = io.BytesIO()
    Image.new("RGB", (40, 30), "navy").save(written, "PNG")
    sent = await system.client.post(
        f"{system.write_url}/api/assets?project_id={deck.id}",
        content=written.getvalue(),
        headers={**deck.owner.headers, "Content-Type": "image/png"},
    )
    asset, foreign = sent.json()["asset_id"], str(uuid4())
    for asset_id in (asset, foreign):
        await deck.add("image", {"asset_id": asset_id, "alt": "A sea"}, deck.blocks[0])
    result = await exported(deck, "pptx")
    assert [w for w in result["warnings"] if foreign in w]
    assert not [w for w in result["warnings"] if asset in w]
    with zipfile.ZipFile(io.BytesIO(await content(system, deck, result))) as archive:
        pictures = [name for name in archive.namelist() if name.startswith("ppt/media/")]
        assert [archive.read(name) for name in pictures] == [written.getvalue()]


async def test_the_theme_is_the_one_of_then(system: System) -> None:
    deck = await a_deck(system)
    made = await deck.owner.do("define-theme", name="Mine", colors={"accent": "#123456"})
    theme = made["result"]["theme_id"]
    then = (await deck.change("apply-theme", theme_id=theme))["position"]
    await deck.owner.do("revise-theme", theme_id=theme, colors={"accent": "#654321"})
    await deck.change("rename-project", title="Later")
    old = orjson.loads(await content(system, deck, await exported(deck, "json", at_position=then)))
    new = orjson.loads(await content(system, deck, await exported(deck, "json")))
    assert (old["theme"]["colors"]["accent"], new["theme"]["colors"]["accent"]) == ("#123456", "#654321")


@pytest.mark.parametrize("wanted", ["pptx", "pdf", "html", "markdown", "png", "json"])
async def test_the_same_position_gives_the_same_bytes(system: System, wanted: str) -> None:
    deck = await a_deck(system)
    first = await exported(deck, wanted, at_position=deck.position)
    again = await exported(deck, wanted, at_position=first["position"])
    assert (first["asset_id"], first["sha256"]) == (again["asset_id"], again["sha256"])
