import orjson
from running import System

PROJECT_KEYS = {
    "id", "title", "owner", "members", "theme_id", "aspect", "archived", "role",
    "version", "position", "created_at", "created_by", "updated_at", "updated_by",
}  # fmt: skip
BLOCK_KEYS = {
    "id", "project_id", "parent_id", "type", "rank", "origin_block_id", "content", "deleted",
    "version", "position", "created_at", "created_by", "updated_at", "updated_by",
}  # fmt: skip
EVENT_KEYS = {"position", "event", "stream", "project_id", "actor", "at", "command_id", "data"}


async def test_a_project_document_has_what_the_contract_promises(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    grace = system.person()
    await deck.grant(grace, "viewer")
    answer = await grace.get(deck.path, min_position=deck.position)
    assert answer.status_code == 200
    document = answer.json()
    assert set(document) == PROJECT_KEYS
    assert document["id"] == deck.id
    assert document["role"] == "viewer"
    assert (document["owner"], document["created_by"], document["updated_by"]) == (ada.user,) * 3
    assert sorted((m["user"], m["role"]) for m in document["members"]) == sorted(
        [(ada.user, "owner"), (grace.user, "viewer")]
    )
    assert (document["version"], document["position"]) == (2, deck.position)
    assert int(answer.headers["X-Decklog-Position"]) >= deck.position


async def test_a_block_document_has_what_the_contract_promises(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    text = await deck.add("text", {"text": "one"}, deck.blocks[0])
    edited = await deck.change("edit-block", block_id=text, changes={"text": "two"})
    answer = await ada.get(f"{deck.path}/blocks/{text}", min_position=deck.position)
    document = answer.json()
    assert set(document) == BLOCK_KEYS
    assert (document["id"], document["project_id"], document["parent_id"]) == (text, deck.id, deck.blocks[0])
    assert (document["type"], document["content"], document["deleted"]) == ("text", {"text": "two"}, False)
    assert (document["version"], document["position"]) == (2, edited["position"])
    assert document["created_at"] <= document["updated_at"]
    assert int(answer.headers["X-Decklog-Position"]) >= deck.position


async def test_an_event_has_what_the_contract_promises(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    page = await ada.see(f"{deck.path}/history", min_position=deck.position)
    assert [e["event"] for e in page["items"]] == ["project-created", "block-added"]
    event = page["items"][1]
    assert set(event) == EVENT_KEYS
    assert event["stream"] == {"id": deck.blocks[0], "kind": "block", "version": 1}
    assert event["actor"] == {"id": ada.user, "kind": "person"}
    assert (event["project_id"], event["position"]) == (deck.id, deck.position)
    assert event["data"]["content"]["title"] == "Slide 0"


async def test_every_list_is_items_and_a_cursor(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    for path in (
        "/api/projects",
        f"{deck.path}/blocks",
        f"{deck.path}/history",
        f"{deck.path}/members",
        f"{deck.path}/blocks/{deck.blocks[0]}/history",
    ):
        answer = await ada.get(path, min_position=deck.position)
        assert answer.status_code == 200, path
        assert set(answer.json()) == {"items", "next_cursor"}, path
        assert len(answer.json()["items"]) >= 1, path
        assert int(answer.headers["X-Decklog-Position"]) >= deck.position, path


async def test_every_answer_has_an_etag_that_saves_sending_it_again(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    for path in (
        deck.path,
        f"{deck.path}/blocks",
        f"{deck.path}/blocks/{deck.blocks[0]}",
        "/api/projects",
        f"{deck.path}/history",
        f"{deck.path}/members",
        f"{deck.path}/blocks/{deck.blocks[0]}/history",
    ):
        first = await ada.get(path, min_position=deck.position)
        assert "ETag" in first.headers, path
        known = {"If-None-Match": f'"other", {first.headers["ETag"]}'}
        again = await ada.get(path, known, min_position=deck.position)
        assert (again.status_code, again.content) == (304, b""), path
        assert again.headers["ETag"] == first.headers["ETag"], path
        assert int(again.headers["X-Decklog-Position"]) >= deck.position, path


async def test_an_etag_changes_with_what_it_stands_for(system: System) -> None:
    ada, grace = system.person(), system.person()
    deck = await ada.deck()
    position = await deck.grant(grace, "viewer")
    paths = (deck.path, f"{deck.path}/blocks", f"{deck.path}/blocks/{deck.blocks[0]}")
    tags = [(await ada.get(p, min_position=position)).headers["ETag"] for p in paths]
    await deck.change("edit-block", block_id=deck.blocks[0], changes={"title": "Other"})
    await deck.change("rename-project", title="Other")
    for path, tag in zip(paths, tags, strict=True):
        answer = await ada.get(path, {"If-None-Match": tag}, min_position=deck.position)
        assert answer.status_code == 200, path
    # Two who see the same project in different roles are told different things.
    mine, hers = [(await p.get(deck.path, min_position=deck.position)) for p in (ada, grace)]
    assert mine.headers["ETag"] != hers.headers["ETag"]


async def test_deleted_blocks_leave_the_tree_but_can_be_read(system: System) -> None:
    ada = system.person()
    deck = await ada.deck(slides=2, texts=1)
    first, text, second, _ = deck.blocks
    await deck.change("delete-block", block_id=first)
    blocks = await ada.see(f"{deck.path}/blocks", min_position=deck.position)
    assert [b["id"] for b in blocks["items"]] == deck.blocks[2:]
    gone = await ada.see(f"{deck.path}/blocks/{first}", min_position=deck.position)
    assert gone["deleted"] is True
    below = await ada.see(f"{deck.path}/blocks/{text}", min_position=deck.position)
    assert below["parent_id"] == first
    await deck.change("undelete-block", block_id=first)
    blocks = await ada.see(f"{deck.path}/blocks", min_position=deck.position)
    assert {b["id"] for b in blocks["items"]} == set(deck.blocks)
    assert second in deck.blocks


async def test_history_as_ndjson_is_the_history_in_pages(system: System) -> None:
    ada = system.person()
    deck = await ada.deck(slides=3, texts=2)
    pages = await ada.all_pages(f"{deck.path}/history", limit=4, min_position=deck.position)
    accept = {"Accept": "application/x-ndjson"}
    stream = await ada.get(f"{deck.path}/history", accept)
    assert stream.headers["Content-Type"].startswith("application/x-ndjson")
    lines = [orjson.loads(line) for line in stream.text.splitlines()]
    assert lines == pages
    assert [e["position"] for e in pages] == await system.table.positions(deck.id)
    after = pages[3]["position"]
    rest = await ada.get(f"{deck.path}/history", accept, after=after)
    assert [orjson.loads(line) for line in rest.text.splitlines()] == pages[4:]
    backwards = await ada.get(f"{deck.path}/history", accept, order="desc")
    assert backwards.headers["Content-Type"].startswith("application/x-ndjson")
    assert [orjson.loads(line) for line in backwards.text.splitlines()] == pages[::-1]


async def test_health_needs_no_token(system: System) -> None:
    for url in (system.read_url, system.write_url):
        answer = await system.client.get(f"{url}/api/health")
        assert answer.status_code == 200
        assert answer.json()["status"] == "ok"
        assert answer.json()["position"] <= await system.table.head()
