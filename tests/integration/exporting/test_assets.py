"""Uploads, and who may see them."""

import io
import time
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from PIL import Image
from running import Deck, Person, System

from infra.http.signing import Signer
from infra.postgres.blobs import BlobLost, PostgresBlobs
from infra.postgres.connections import pool


def a_png(color: str = "red") -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (4, 3), color).save(written, "PNG")
    return written.getvalue()


async def upload(
    person: Person, project: str | None, data: bytes, kind: str = "image/png", **headers: str
) -> httpx.Response:
    return await person.system.client.post(
        f"{person.system.write_url}/api/assets",
        params={"project_id": project} if project else {},
        content=data,
        headers={**person.headers, "Content-Type": kind, **headers},
    )


async def test_what_was_uploaded_is_served_as_it_was(idle: System) -> None:
    deck = await idle.person().deck()
    data = a_png()
    sent = await upload(deck.owner, deck.id, data)
    assert sent.status_code == 201, sent.text
    asset = sent.json()
    assert (asset["size"], asset["type"]) == (len(data), "image/png")
    got = await deck.owner.get(f"/api/assets/{asset['asset_id']}")
    assert (got.status_code, got.content) == (200, data)
    assert got.headers["content-type"] == "image/png"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-security-policy"].startswith("sandbox")
    assert got.headers["content-disposition"].startswith("inline")
    again = await deck.owner.get(f"/api/assets/{asset['asset_id']}", {"If-None-Match": got.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_the_same_file_is_the_same_asset_in_a_project_and_another_elsewhere(idle: System) -> None:
    person = idle.person()
    one, other = await person.deck(), await person.deck()
    data = a_png("blue")
    ids = [(await upload(person, deck.id, data)).json()["asset_id"] for deck in (one, one, other)]
    assert ids[0] == ids[1] != ids[2]


async def test_members_alone_see_a_file_and_editors_alone_add_one(idle: System) -> None:
    deck = await idle.person().deck()
    viewer, stranger = idle.person(), idle.person()
    await deck.grant(viewer, "viewer")
    asset = (await upload(deck.owner, deck.id, a_png())).json()["asset_id"]
    assert (await viewer.get(f"/api/assets/{asset}")).status_code == 200
    assert (await stranger.get(f"/api/assets/{asset}")).status_code == 404
    assert (await stranger.get(f"/api/assets/{asset}/url")).status_code == 404
    assert (await upload(viewer, deck.id, a_png())).status_code == 403
    assert (await upload(stranger, deck.id, a_png())).status_code == 404
    assert (await upload(deck.owner, str(uuid4()), a_png())).status_code == 404
    without = await idle.client.get(f"{idle.read_url}/api/assets/{asset}")
    assert without.status_code == 401


@pytest.mark.parametrize(
    ("data", "kind", "field"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", "Content-Type"),
        (b"<!doctype html><script>1</script>", "text/html", "Content-Type"),
        (b"<!doctype html><script>1</script>", "image/png", "Content-Type"),
        (a_png(), "image/jpeg", "Content-Type"),
        (b"%PDF-1.7", "text/plain", "Content-Type"),
        (b"PK\x03\x04 not a zip", "application/pdf", "Content-Type"),
        (b"\xff\xfe\x00", "text/plain", "Content-Type"),
        (b"", "text/plain", "body"),
    ],
)
async def test_what_is_not_what_it_is_called_is_refused(
    idle: System, data: bytes, kind: str, field: str
) -> None:
    deck = await idle.person().deck()
    answer = await upload(deck.owner, deck.id, data, kind)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field


async def test_a_file_over_the_limit_is_refused(idle: System) -> None:
    deck = await idle.person().deck()
    answer = await upload(deck.owner, deck.id, b"x" * (20 * 2**20 + 1), "text/plain")
    assert answer.status_code == 413
    assert answer.json()["code"] == "payload-too-large"


async def test_a_project_has_to_be_named(idle: System) -> None:
    deck = await idle.person().deck()
    for project in (None, "nonsense"):
        answer = await upload(deck.owner, project, a_png())
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "project_id")


async def signed(person: Person, asset: str) -> str:
    answer = await person.see(f"/api/assets/{asset}/url")
    url: str = answer["url"]
    return person.system.read_url + url


async def test_a_signed_address_needs_no_header_and_cannot_be_changed(idle: System) -> None:
    deck = await idle.person().deck()
    other = (await upload(deck.owner, deck.id, a_png("green"))).json()["asset_id"]
    asset = (await upload(deck.owner, deck.id, a_png())).json()["asset_id"]
    url = await signed(deck.owner, asset)
    assert (await idle.client.get(url)).content == a_png()
    for changed in (
        url.replace(asset, other),
        url.replace("exp=", "exp=9"),
        url.replace("for=", "for=x"),
        url[:-1] + ("0" if url[-1] != "0" else "1"),
    ):
        assert (await idle.client.get(changed)).status_code == 404


async def test_a_signed_address_ends(idle: System) -> None:
    deck = await idle.person().deck()
    asset = (await upload(deck.owner, deck.id, a_png())).json()["asset_id"]
    earlier = Signer(idle.settings.jwt_secret, lambda: time.time() - 301)
    url, _ = earlier.signed(f"/api/assets/{asset}", deck.owner.user)
    assert (await idle.client.get(idle.read_url + url)).status_code == 404


async def test_a_right_taken_away_is_gone_from_signed_addresses_too(system: System) -> None:
    deck = await system.person().deck()
    viewer = system.person()
    await deck.grant(viewer, "viewer")
    asset = (await upload(deck.owner, deck.id, a_png())).json()["asset_id"]
    url = await signed(viewer, asset)
    assert (await system.client.get(url)).status_code == 200
    await deck.revoke(viewer)
    await system.table.caught_up()
    reading = system.person()
    assert (await reading.get(f"/api/assets/{asset}")).status_code == 404
    deadline = time.monotonic() + 1.0
    while (await system.client.get(url)).status_code != 404:
        assert time.monotonic() < deadline


async def a_deck(idle: System) -> Deck:
    return await idle.person().deck()


async def test_a_folder_holds_files_whole_and_says_when_one_is_damaged(idle: System, tmp_path: Path) -> None:
    project = UUID((await a_deck(idle)).id)
    async with pool(idle.settings, "test") as connections:
        blobs = PostgresBlobs(connections, tmp_path)
        asset = await blobs.put(project, b"some text of a folder", "text/plain")
        assert await blobs.get(project, asset) == (b"some text of a folder", "text/plain")
        assert await blobs.get(uuid4(), asset) is None
        (kept,) = [path for path in tmp_path.rglob("*") if path.is_file()]  # noqa: ASYNC240 - nothing else runs
        stored = await idle.table.value("select data from blobs where sha256 = %s", bytes.fromhex(kept.name))
        assert stored is None
        kept.write_bytes(b"something else")
        with pytest.raises(BlobLost):
            await blobs.get(project, asset)
        kept.unlink()
        with pytest.raises(BlobLost):
            await blobs.get(project, asset)
        # Put again, it is whole again; and a process without the folder keeps it in the database.
        await PostgresBlobs(connections).put(project, b"some text of a folder", "text/plain")
        assert await blobs.get(project, asset) == (b"some text of a folder", "text/plain")
