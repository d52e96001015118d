import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from running import Deck, System


@pytest.fixture(scope="module")
async def deck(idle: System) -> Deck:
    return await idle.person().deck(slides=2, texts=1)


@pytest.fixture(autouse=True)
async def nothing_written(idle: System, deck: Deck) -> AsyncIterator[None]:
    """No test of this module may change the log, or be remembered as done."""
    count = "select position, (select count(*) from stored_events), (select count(*) from command_results) from log_head"
    before = await idle.table.rows(count)
    assert before[0][0] >= deck.position
    yield
    assert await idle.table.rows(count) == before


async def send(deck: Deck, path: str, body: bytes, **headers: str) -> httpx.Response:
    url = f"{deck.owner.system.write_url}/api/commands{path}"
    return await deck.owner.system.client.post(url, content=body, headers={**deck.owner.headers, **headers})


def check(answer: httpx.Response, status: int, code: str, field: str | None = None) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert (problem["code"], problem["status"]) == (code, status)
    assert problem["type"]
    assert problem["title"]
    if field:
        assert field in {e["field"] for e in problem["errors"]}, problem["errors"]
    return problem


@pytest.mark.parametrize(
    "name", ["make-coffee", "Create-Project", "create-project%00", "%ff", "x" * 3_000, "create_project"]
)
async def test_an_unknown_command_is_not_found(deck: Deck, name: str) -> None:
    check(await send(deck, f"/{name}", b'{"title":"x"}'), 404, "not-found")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"1", b"null", b'"x"', b'{"title":"x"', b'{"title":"\xff\xfe"}', b'{"title":"\xed\xa0\x80"}',
     b'{"title":"\\ud800"}', b"\x00", b'\xef\xbb\xbf{"title":"x"}', b'{"title":"x"}{"title":"y"}', b"[" * 100_000,
     b'{"title":"x","theme_id":NaN}'],
    ids=lambda b: repr(b[:24]),
)  # fmt: skip
async def test_a_body_that_is_no_object_in_json_is_refused(deck: Deck, body: bytes) -> None:
    for path in ("/create-project", "/import-markdown", ""):
        check(await send(deck, path, body), 422, "validation")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "title"),
        ({"title": None}, "title"),
        ({"title": 5}, "title"),
        ({"title": ""}, "title"),
        ({"title": " x"}, "title"),
        ({"title": "a\0b"}, "title"),
        ({"title": "a\nb"}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "x", "colour": "red"}, "colour"),
        ({"title": "x", "aspect": "1:1"}, "aspect"),
        ({"title": "x", "project_id": "5"}, "project_id"),
        ({"title": "x", "project_id": 5}, "project_id"),
        ({"title": "x", "owner": "eve"}, "owner"),
    ],
)
async def test_a_wrong_field_is_named(deck: Deck, fields: dict[str, Any], field: str) -> None:
    problem = check(await deck.owner.post("create-project", fields), 422, "validation", field)
    if len(str(fields.get("title"))) > 200:
        assert problem["errors"][0]["limit"] == 200


@pytest.mark.parametrize(
    ("kind", "content", "field"),
    [
        ("poem", {}, "type"),
        ("te\0xt", {}, "type"),
        ("text", {"text": "a\0b"}, "content.text"),
        ("text", {"text": "x" * 10_001}, "content.text"),
        ("text", {"text": 5}, "content.text"),
        ("text", {"words": "x"}, "content.words"),
        ("heading", {"text": "x", "level": 7}, "content.level"),
        ("heading", {"text": "x", "level": 10**30}, "content.level"),
        ("heading", {"text": "x", "level": True}, "content.level"),
        ("code", {"language": "a\0", "text": ""}, "content.language"),
        ("image", {"url": "javascript:alert(1)"}, "content.url"),
        ("chart", {"kind": "bar", "categories": ["a"], "series": [{"name": "n", "values": [10**400]}]}, None),
    ],
)
async def test_a_wrong_content_is_named(deck: Deck, kind: str, content: Any, field: str | None) -> None:
    body = json.dumps({"project_id": deck.id, "parent_id": deck.blocks[0], "type": kind, "content": content})
    check(await send(deck, "/add-block", body.encode()), 422, "validation", field)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
async def test_numbers_that_json_does_not_have_are_refused(deck: Deck, number: str) -> None:
    content = '{"kind":"bar","categories":["a"],"series":[{"name":"n","values":[' + number + "]}]}"
    body = f'{{"project_id":"{deck.id}","parent_id":"{deck.blocks[0]}","type":"chart","content":{content}}}'
    check(await send(deck, "/add-block", body.encode()), 422, "validation")
    command = '{"type":"add-block","block_type":"chart",' + body[1:].replace('"type":"chart",', "")
    check(await send(deck, "", f'{{"commands":[{command}]}}'.encode()), 422, "validation")


@pytest.mark.parametrize(
    "changes", [{"title": 10**30}, {"title": ["x"] * 5}, {"nothing": 1}, {"title": {"a": {"b": 10**40}}}, {}]
)
async def test_wrong_changes_are_refused(deck: Deck, changes: Any) -> None:
    fields = {"project_id": deck.id, "block_id": deck.blocks[0], "changes": changes}
    body = json.dumps(fields)
    if changes:
        check(await send(deck, "/edit-block", body.encode()), 422, "validation")
        batch = json.dumps({"commands": [{"type": "edit-block", **fields}]})
        problem = check(await send(deck, "", batch.encode()), 422, "validation")
        assert problem["index"] == 0
    nested = body.replace(": {", ": " + '{"title":' * 400 + "{", 1)[:-1] + "}" * 400 + "}"
    check(await send(deck, "/edit-block", nested.encode()), 422, "validation")
    check(
        await send(deck, "", f'{{"commands":[{{"type":"edit-block",{nested[1:]}]}}'.encode()),
        422,
        "validation",
    )


@pytest.mark.parametrize("version", [0, -1, 10**6, 10**30, 1.5, "1", True])
async def test_a_wrong_base_version_is_named(deck: Deck, version: Any) -> None:
    fields = {
        "project_id": deck.id,
        "block_id": deck.blocks[0],
        "changes": {"title": "x"},
        "base_version": version,
    }
    body = json.dumps(fields)
    check(await send(deck, "/edit-block", body.encode()), 422, "validation", "base_version")
    batch = json.dumps({"commands": [{"type": "edit-block", **fields}]})
    check(await send(deck, "", batch.encode()), 422, "validation", "base_version")


async def test_a_body_over_its_limit_is_refused(deck: Deck) -> None:
    big = b'{"title":"' + b"x" * 262_144 + b'"}'
    problem = check(await send(deck, "/create-project", big), 413, "payload-too-large")
    assert problem["limit"] == 262_144
    huge = b'{"text":"' + b"x" * 4_194_304 + b'"}'
    for path in ("/import-markdown", ""):
        assert check(await send(deck, path, huge), 413, "payload-too-large")["limit"] == 4_194_304
    # 400,000 characters are the limit of a text that fits in the body.
    check(await deck.owner.post("import-markdown", {"text": "x" * 400_001}), 422, "validation", "text")


async def test_a_body_of_unknown_length_is_read_up_to_its_limit(deck: Deck) -> None:
    url = httpx.URL(deck.owner.system.write_url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = f"POST /api/commands/create-project HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {deck.owner.token}\r\n"
    writer.write(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(5):
        writer.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
    # The end of the body is never sent.
    async with asyncio.timeout(5):
        await writer.drain()
        assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("garbage", [bytes(range(256)) * 40, b"\x89PNG\r\n\x1a\n" + bytes(1_000), b"a\0b"])
async def test_markdown_that_is_garbage_is_refused(deck: Deck, garbage: bytes) -> None:
    check(
        await deck.owner.post("import-markdown", {"text": garbage.decode("latin-1")}),
        422,
        "validation",
        "text",
    )
    check(await send(deck, "/import-markdown", b'{"text":"' + garbage + b'"}'), 422, "validation")


async def test_what_is_elsewhere_is_not_found(idle: System, deck: Deck) -> None:
    other = "5cb2a1a6-0000-4000-8000-000000000000"
    eve = idle.person()
    for command, fields in {
        "rename-project": {"title": "x"},
        "grant-access": {"user": eve.user, "role": "owner"},
        "revoke-access": {"user": deck.owner.user},
        "archive-project": {},
        "unarchive-project": {},
        "add-block": {"type": "slide"},
        "edit-block": {"block_id": deck.blocks[0], "changes": {"title": "x"}},
        "move-block": {"block_id": deck.blocks[0], "after_id": deck.blocks[2]},
        "delete-block": {"block_id": deck.blocks[0]},
        "undelete-block": {"block_id": deck.blocks[0]},
    }.items():
        foreign = await eve.post(command, {"project_id": deck.id, **fields})
        nothing = await eve.post(command, {"project_id": other, **fields})
        check(foreign, 404, "not-found")
        assert foreign.content == nothing.content, command
    mine = {"project_id": deck.id, "block_id": other}
    for command, more in {
        "edit-block": {"changes": {}},
        "move-block": {},
        "delete-block": {},
        "undelete-block": {},
    }.items():
        check(await deck.owner.post(command, {**mine, **more}), 404, "not-found")


@pytest.mark.parametrize(
    "batch",
    [{}, {"commands": []}, {"commands": {}}, {"commands": [5]}, {"commands": [{}]}, {"commands": [{"type": 5}]},
     {"commands": [{"type": "create-project", "title": "x"}], "atomic": "yes"},
     {"commands": [{"type": "create-project", "title": "x"}], "more": 1},
     {"commands": [{"type": "create-project", "title": "x"}] * 501}],
    ids=lambda b: str(b)[:40],
)  # fmt: skip
async def test_a_wrong_batch_is_refused(deck: Deck, batch: Any) -> None:
    check(await deck.owner.post("", batch), 422, "validation")


async def test_a_batch_fails_as_a_whole_and_names_the_culprit(deck: Deck) -> None:
    good = {"type": "rename-project", "project_id": deck.id, "title": "Never"}
    for bad, status, code in (
        ({"type": "make-coffee"}, 404, "not-found"),
        ({**good, "title": ""}, 422, "validation"),
        ({**good, "project_id": "5cb2a1a6-0000-4000-8000-000000000000"}, 404, "not-found"),
        ({"type": "add-block", "project_id": deck.id, "block_type": "poem"}, 422, "validation"),
    ):
        assert (
            check(await deck.owner.post("", {"commands": [good, good, bad, good]}), status, code)["index"]
            == 2
        )


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_wrong_idempotency_key_is_named(deck: Deck, key: str) -> None:
    answer = await deck.owner.post("create-project", {"title": "x"}, **{"Idempotency-Key": key})
    check(answer, 422, "validation", "Idempotency-Key")


async def test_a_viewer_may_not_write(idle: System, deck: Deck) -> None:
    grace = idle.person()
    fields = {"project_id": deck.id, "block_id": deck.blocks[0], "changes": {"title": "x"}}
    check(await grace.post("edit-block", fields), 404, "not-found")


async def test_other_methods_and_addresses(idle: System, deck: Deck) -> None:
    url = idle.write_url
    for method, path, status in (
        ("GET", "/api/commands/create-project", 405),
        ("DELETE", "/api/commands", 405),
        ("POST", "/api/nothing", 404),
        ("POST", "/api/commands/create-project/x", 404),
    ):
        answer = await idle.client.request(method, url + path, headers=deck.owner.headers)
        assert answer.status_code == status, path
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert orjson.loads((await idle.client.get(f"{url}/api/health")).content)["status"] == "ok"
