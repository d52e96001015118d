import asyncio
import base64
import contextlib
import time
from collections.abc import Callable

import jwt
import orjson
import pytest
from running import System, eventually, live_url, opened_socket
from websockets.exceptions import ConnectionClosed

PATHS = [
    "{p}",
    "{p}/blocks",
    "{p}/blocks/{b}",
    "{p}/blocks/{b}/history",
    "{p}/history",
    "{p}/members",
    "{p}/versions",
    "{p}/comments",
    "{p}/sessions",
    "{p}/events",
]


@pytest.mark.parametrize("path", PATHS)
async def test_a_foreign_project_is_not_found_everywhere(system: System, path: str) -> None:
    ada, eve = system.person(), system.person()
    deck = await ada.deck()
    place = path.format(p=deck.path, b=deck.blocks[0])
    foreign = await eve.get(place)
    nothing = await eve.get(
        path.format(p="/api/projects/5cb2a1a6-0000-4000-8000-000000000000", b=deck.blocks[0])
    )
    assert foreign.status_code == 404
    # Whether it exists may not show.
    assert foreign.content == nothing.content
    assert foreign.json()["code"] == "not-found"
    assert ada.user not in foreign.text


async def test_a_block_of_another_project_is_not_found(system: System) -> None:
    ada = system.person()
    mine = await ada.deck()
    other = await ada.deck()
    position = {"min_position": other.position}
    for path in (f"{mine.path}/blocks/{other.blocks[0]}", f"{mine.path}/blocks/{other.blocks[0]}/history"):
        answer = await ada.get(path, **position)
        assert answer.status_code == 404, path


async def test_others_projects_are_not_listed(system: System) -> None:
    ada, eve = system.person(), system.person()
    deck = await ada.deck()
    assert (await eve.see("/api/projects", min_position=deck.position))["items"] == []


def none_token() -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(orjson.dumps(value)).decode().rstrip("=")

    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part({'sub': 'ada', 'exp': int(time.time()) + 600})}."


def other_algorithm(system: System) -> str:
    claims = {"sub": "ada", "exp": int(time.time()) + 600}
    return jwt.encode(claims, system.settings.jwt_secret * 2, algorithm="HS512")


def changed(system: System) -> str:
    head, _, signature = system.token("ada").split(".")
    return f"{head}.{none_token().split('.')[1]}.{signature}"


BAD_TOKENS: dict[str, Callable[[System], str | None]] = {
    "none": lambda _: None,
    "empty": lambda _: "Bearer",
    "basic": lambda _: "Basic YWRhOmFkYQ==",
    "garbage": lambda _: "Bearer garbage",
    "dots": lambda _: "Bearer ..",
    "bytes": lambda _: "Bearer \xff\xfe.\xe9.\xe9",
    "long": lambda _: "Bearer " + "x" * 5_000,
    "expired": lambda s: f"Bearer {s.token('ada', ttl=-1)}",
    "wrong key": lambda s: f"Bearer {s.token('ada', secret='another secret, also long enough for HS256')}",
    "alg none": lambda _: f"Bearer {none_token()}",
    "other algorithm": lambda s: f"Bearer {other_algorithm(s)}",
    "changed": lambda s: f"Bearer {changed(s)}",
    "no end": lambda s: "Bearer " + jwt.encode({"sub": "ada"}, s.settings.jwt_secret, algorithm="HS256"),
    "no subject": lambda s: "Bearer " + jwt.encode({"exp": 2**33}, s.settings.jwt_secret, algorithm="HS256"),
    "empty subject": lambda s: "Bearer " + jwt.encode({"sub": "", "exp": 2**33}, s.settings.jwt_secret, algorithm="HS256"),
    "a number for subject": lambda s: "Bearer " + jwt.encode({"sub": 7, "exp": 2**33}, s.settings.jwt_secret, algorithm="HS256"),
    "NUL in subject": lambda s: "Bearer " + jwt.encode({"sub": "a\0", "exp": 2**33}, s.settings.jwt_secret, algorithm="HS256"),
    "half a character in subject": lambda s: "Bearer "
    + jwt.encode({"sub": "a\ud800", "exp": 2**33}, s.settings.jwt_secret, algorithm="HS256"),
    "a number for scope": lambda s: "Bearer "
    + jwt.encode({"sub": "ada", "exp": 2**33, "scope": 7}, s.settings.jwt_secret, algorithm="HS256"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD_TOKENS)
async def test_without_a_valid_token_nothing_is_answered(system: System, kind: str) -> None:
    header = BAD_TOKENS[kind](system)
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    project = "/api/projects/5cb2a1a6-0000-4000-8000-000000000000"
    before = await system.table.head()
    asked = [
        system.client.get(system.read_url + path, headers=headers)
        for path in ("/api/projects", *(p.format(p=project, b=project[-36:]) for p in PATHS))
    ]
    posted = [
        system.client.post(
            system.write_url + "/api/commands/create-project", json={"title": "x"}, headers=headers
        ),
        system.client.post(system.write_url + "/api/commands/no-such-command", json={}, headers=headers),
        system.client.post(
            system.write_url + "/api/commands",
            json={"commands": [{"type": "create-project", "title": "x"}]},
            headers=headers,
        ),
    ]
    for answer in await asyncio.gather(*asked, *posted):
        assert answer.status_code == 401, (answer.url, answer.text)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.json()["code"] == "unauthenticated"
    assert await system.table.head() == before


async def test_a_token_that_ends_is_refused_from_then_on(system: System) -> None:
    ada = system.person()
    short = system.person(ada.user)
    short.token = system.token(ada.user, ttl=1.5)
    assert (await short.get("/api/projects")).status_code == 200

    async def refused() -> bool:
        return (await short.get("/api/projects")).status_code == 401

    await eventually(refused, 3)
    assert (await ada.get("/api/projects")).status_code == 200


@pytest.mark.parametrize("workers", ["running", "none"])
async def test_a_revoked_member_has_no_access_a_second_later(
    system: System, idle: System, workers: str
) -> None:
    place = system if workers == "running" else idle
    ada, grace = place.person(), place.person()
    deck = await ada.deck()
    await deck.grant(grace, "editor")
    paths = [f"{deck.path}/history", f"{deck.path}/members", f"{deck.path}/blocks/{deck.blocks[0]}/history"]
    if workers == "running":
        await grace.see(deck.path, min_position=deck.position)
        paths += [deck.path, f"{deck.path}/blocks", f"{deck.path}/blocks/{deck.blocks[0]}"]
    for path in paths:
        assert (await grace.get(path)).status_code == 200, path
    await grace.do("edit-block", project_id=deck.id, block_id=deck.blocks[0], changes={"title": "hers"})
    await deck.revoke(grace)
    revoked = time.monotonic()

    async def ask(path: str) -> None:
        async def gone() -> bool:
            asked = time.monotonic()
            answer = await grace.get(path)
            assert answer.status_code in (200, 404)
            assert answer.status_code == 404 or asked - revoked < 1, path
            return answer.status_code == 404

        await eventually(gone, 2)

    async def edit() -> None:
        async def gone() -> bool:
            asked = time.monotonic()
            fields = {"project_id": deck.id, "block_id": deck.blocks[0], "changes": {"title": f"{asked}"}}
            answer = await grace.post("edit-block", fields)
            assert answer.status_code == 404 or asked - revoked < 1
            return answer.status_code == 404

        await eventually(gone, 2)

    await asyncio.gather(edit(), *map(ask, paths))
    if workers == "running":
        assert (await grace.see("/api/projects"))["items"] == []
    assert (await ada.get(paths[0])).status_code == 200


async def test_a_revoked_member_gets_no_socket(idle: System) -> None:
    ada, grace = idle.person(), idle.person()
    deck = await ada.deck()
    await deck.grant(grace, "viewer")
    async with grace.live(deck.id):
        pass
    await deck.revoke(grace)

    async def refused() -> bool:
        async with opened_socket(live_url(idle.read_url, deck.id, after=0), grace.token) as opened:
            with contextlib.suppress(ConnectionClosed):
                await opened.recv()
            return opened.close_code in (4403, 4404)

    await eventually(refused, 1.2)
