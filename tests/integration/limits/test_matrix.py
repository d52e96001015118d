"""Every route and every command against every kind of caller: what is not in the tables here fails."""

import asyncio
import itertools
import re
import time
import warnings
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import jwt
import pytest
from fastapi import FastAPI
from running import Deck, Person, System, opened_socket, serving
from starlette.routing import Mount, Route, WebSocketRoute
from websockets.exceptions import ConnectionClosed

from commands.messages import ALL_COMMANDS
from commands.messages.base import Command
from domain.roles import Role
from infra.http.auth import issue
from read_api.app import create_app as create_read_app
from write_api.app import create_app as create_write_app

JSON = dict[str, Any]

# Who may call what. `open`: anybody; `token`: whoever has one; `member`: of the project, by any role, to all
# others it is not there; `auditor`: the same, and whoever has the scope `audit`; `editor`: members, but lesser
# ones are refused; `admin`: whoever has that scope; `command`: see COMMANDS.
ROUTES: Mapping[str, str] = {
    "GET /": "open",
    "GET /studio/config.json": "open",
    "MOUNT /studio": "open",
    "MOUNT /studio/v-*": "open",
    "GET /api/health": "open",
    "GET /api/health/live": "open",
    "GET /api/health/ready": "open",
    "GET /metrics": "open",
    "GET /asyncapi.json": "open",
    "GET /openapi.json": "open",
    "GET /api/projects": "token",
    "GET /api/quota": "token",
    "GET /api/themes": "token",
    "GET /api/themes/{theme}": "token",
    "GET /api/projects/{project}": "member",
    "GET /api/projects/{project}/blocks": "member",
    "GET /api/projects/{project}/blocks/{block}": "member",
    "GET /api/projects/{project}/blocks/{block}/history": "auditor",
    "GET /api/projects/{project}/comments": "member",
    "GET /api/projects/{project}/comments/{thread}/replies": "member",
    "GET /api/projects/{project}/conflicts": "member",
    "GET /api/projects/{project}/diff": "member",
    "GET /api/projects/{project}/events": "member",
    "GET /api/projects/{project}/history": "auditor",
    "GET /api/projects/{project}/jobs": "member",
    "GET /api/projects/{project}/members": "member",
    "GET /api/projects/{project}/sessions": "member",
    "GET /api/projects/{project}/suggestions": "member",
    "GET /api/projects/{project}/versions": "member",
    "GET /api/jobs/{job}": "member",
    "GET /api/jobs/{job}/file": "member",
    "GET /api/assets/{asset}": "member",
    "GET /api/assets/{asset}/url": "member",
    "GET /api/admin/cache/stats": "admin",
    "GET /api/admin/live/stats": "admin",
    "GET /api/admin/projections/stats": "admin",
    "GET /api/admin/queues/stats": "admin",
    "GET /api/admin/rate-limits/stats": "admin",
    "POST /api/admin/projections/{name}/rebuild": "admin",
    "POST /api/assets": "editor",
    "POST /api/commands": "command",
    "POST /api/commands/{name}": "command",
    "WS /api/commands/socket": "token",
    "WS /api/projects/{project}/live": "member",
}

# The least role that a command needs in its project; None: it is of no project yet.
COMMANDS: Mapping[str, Role | None] = {
    "accept-suggestion": Role.EDITOR,
    "add-block": Role.EDITOR,
    "apply-theme": Role.EDITOR,
    "approve-outline": Role.EDITOR,
    "archive-project": Role.OWNER,
    "branch-project": Role.VIEWER,
    # Of a job that somebody else has asked for, an editor; of one's own, anybody.
    "cancel-job": Role.VIEWER,
    "create-project": None,
    "define-theme": None,
    "delete-block": Role.EDITOR,
    "edit-block": Role.EDITOR,
    "grant-access": Role.OWNER,
    "import-markdown": None,
    "leave-project": Role.VIEWER,
    "merge-branch": Role.EDITOR,
    "move-block": Role.EDITOR,
    "name-version": Role.EDITOR,
    "open-comment": Role.COMMENTER,
    "redo": Role.EDITOR,
    "reject-suggestion": Role.EDITOR,
    "rename-project": Role.EDITOR,
    "reply-comment": Role.COMMENTER,
    "request-export": Role.VIEWER,
    "request-generation": Role.EDITOR,
    "request-image": Role.EDITOR,
    "request-thinking": Role.EDITOR,
    "resolve-comment": Role.COMMENTER,
    "resolve-conflict": Role.EDITOR,
    "restore-project": Role.EDITOR,
    "revise-theme": None,
    "revoke-access": Role.OWNER,
    "transfer-ownership": Role.OWNER,
    "unarchive-project": Role.OWNER,
    "undelete-block": Role.EDITOR,
    "undo": Role.EDITOR,
}
ROLES = {role.name.lower(): role for role in (Role.VIEWER, Role.COMMENTER, Role.EDITOR)}
STRANGE = frozenset({401, 403, 404})
# So many kinds of bad tokens are tried on every route and command; the others on some.
EVERYWHERE = 4


@dataclass
class Stage:
    """A project with one member of each role, and everybody who has no business there."""

    system: System
    apps: tuple[FastAPI, ...]
    deck: Deck
    members: Mapping[str, Person]
    parameters: Mapping[str, str]

    @property
    def stranger(self) -> Person:
        return self.system.person("a-stranger")

    def unknown(self) -> Mapping[str, str | None]:
        """What no route takes for a token."""
        secret, now = self.system.settings.jwt_secret, time.time()
        claims = {"sub": self.deck.owner.user, "exp": now + 60, "scope": "admin audit"}
        good = issue(secret, self.deck.owner.user, now=now, ttl=60)
        head, body, _ = good.split(".")
        with warnings.catch_warnings():
            # Our secret is long enough for HS256, which is all that it is used for.
            warnings.simplefilter("ignore", jwt.warnings.InsecureKeyLengthWarning)
            other = jwt.encode(claims, secret, algorithm="HS512")
        return {
            "no token": None,
            "expired": issue(secret, self.deck.owner.user, now=now - 120, ttl=60, scope="admin"),
            "wrong key": issue("another secret, which is as long", self.deck.owner.user, now=now, ttl=60),
            "alg none": jwt.encode(claims, None, algorithm="none"),
            "no sense": "not.a.token",
            "no signature": f"{head}.{body}.",
            "another algorithm": other,
            "no end": jwt.encode({"sub": self.deck.owner.user}, secret, algorithm="HS256"),
        }

    def url(self, route: str) -> str:
        method, path = route.split(" ")
        base = (
            self.system.write_url if path.startswith("/api/commands") or route == "POST /api/assets" else ""
        )
        filled = re.sub(r"{(\w+)}", lambda m: self.parameters[m[1]], path)
        query = {
            "POST /api/assets": f"?project_id={self.deck.id}",
            "GET /api/projects/{project}/diff": "?from=0",
            "GET /api/projects/{project}/events": "?speed=1000&to=1",
        }.get(route, "")
        assert method in {"GET", "POST"}
        return (base or self.system.read_url) + filled + query

    async def status(self, route: str, token: str | None) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if route == "POST /api/assets":
            headers["Content-Type"] = "text/plain"
        method = route.split(" ", maxsplit=1)[0]
        request = self.system.client.build_request(
            method, self.url(route), headers=headers, content=b"a file" if method == "POST" else None
        )
        answer = await self.system.client.send(request, stream=True)
        try:
            # A stream of events goes on for ever.
            ends = "event-stream" not in answer.headers.get("content-type", "")
            code = (await answer.aread())[:200].decode("utf-8", "replace") if ends else ""
        finally:
            await answer.aclose()
        return answer.status_code, code

    async def command(self, name: str, token: str | None) -> tuple[int, JSON]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{self.system.write_url}/api/commands/{name}"
        answer = await self.system.client.post(url, json=self.body(name), headers=headers)
        return answer.status_code, answer.json()

    def body(self, name: str) -> JSON:
        """Return the command's example, on this project; what else it names need not be there."""
        known = next(c for c in ALL_COMMANDS if name == c.NAME)
        body = dict(known.EXAMPLE)
        if "project_id" in known.model_fields and name != "create-project":
            body["project_id"] = self.deck.id
        if name == "create-project":
            body.pop("project_id", None)
        if "block_id" in body and name != "add-block":
            body["block_id"] = self.deck.blocks[0]
        elif name == "add-block":
            body = {"project_id": self.deck.id, "type": "slide", "content": {"title": "x"}}
        return body


def routes_of(app: FastAPI) -> Iterator[str]:
    """Name all routes of an app: method and path."""
    for route in app.router.routes:
        if isinstance(route, Route):
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield f"{method} {route.path}"
        elif isinstance(route, WebSocketRoute):
            yield f"WS {route.path}"
        else:
            assert isinstance(route, Mount), route
            yield "MOUNT " + re.sub(r"v-[0-9a-f]+", "v-*", route.path)


@pytest.fixture(scope="module")
async def stage(system: System) -> AsyncIterator[Stage]:
    write, read = create_write_app(system.settings), create_read_app(system.settings)
    async with serving(write), serving(read):
        owner = system.person("an-owner", tier="enterprise")
        deck = await owner.deck(slides=1, texts=1)
        members = {"owner": owner}
        for name in ROLES:
            members[name] = system.person(f"a-{name}", tier="enterprise")
            await deck.grant(members[name], name)
        opened = await deck.change("open-comment", text="Why?")
        sent = await system.client.post(
            f"{system.write_url}/api/assets?project_id={deck.id}",
            content=b"a file",
            headers={**owner.headers, "Content-Type": "text/plain"},
        )
        asked = await owner.post("request-export", {"project_id": deck.id, "format": "json"})
        theme = (await owner.see("/api/themes"))["items"][0]["id"]
        for path in ("", "/comments", "/jobs"):
            await owner.see(f"{deck.path}{path}", min_position=asked.json()["position"])
        parameters = {
            "project": deck.id,
            "block": deck.blocks[0],
            "thread": opened["result"]["thread_id"],
            "asset": sent.json()["asset_id"],
            "job": asked.json()["result"]["job_id"],
            "theme": theme,
            "name": "rename-project",
        }
        yield Stage(system, (write, read), deck, members, parameters)


async def test_every_route_and_every_command_is_in_the_table(stage: Stage) -> None:
    found = set(itertools.chain.from_iterable(routes_of(app) for app in stage.apps))
    commands = {f"POST /api/commands/{name}" for name in COMMANDS}
    assert found == set(ROUTES) | commands, "say in ROUTES who may call it"
    assert {c.NAME for c in ALL_COMMANDS} == set(COMMANDS), "say in COMMANDS who may run it"
    for command in ALL_COMMANDS:
        required: Role | None = command.REQUIRES
        assert required == COMMANDS[command.NAME], command.NAME


def plain() -> list[str]:
    return [r for r, who in ROUTES.items() if r.split(" ")[0] in {"GET", "POST"} and who != "command"]


async def test_without_a_good_token_nothing_is_answered_but_what_is_open(stage: Stage) -> None:
    for why, token in list(stage.unknown().items())[:EVERYWHERE]:
        for route in plain():
            if ROUTES[route] == "open":
                continue
            status, body = await stage.status(route, token)
            assert (status, "unauthenticated" in body) == (401, True), (route, why, status, body)
        for name in COMMANDS:
            status, problem = await stage.command(name, token)
            assert (status, problem["code"]) == (401, "unauthenticated"), (name, why)
        batch = await stage.system.client.post(
            f"{stage.system.write_url}/api/commands",
            json={"commands": [{"type": "create-project", "title": "x"}]},
            headers={"Authorization": f"Bearer {token}"} if token else {},
        )
        assert batch.status_code == 401, why


async def test_what_is_open_needs_no_token_and_minds_none(stage: Stage) -> None:
    for route in (r for r in plain() if ROUTES[r] == "open"):
        for token in (None, "not.a.token"):
            status, _ = await stage.status(route, token)
            assert status not in STRANGE, route


async def test_sockets_take_the_same_tokens(stage: Stage) -> None:
    for why, token in stage.unknown().items():
        status, _ = await stage.status("GET /api/quota", token)
        assert status == 401, why
    live = f"{stage.system.read_url}/api/projects/{stage.deck.id}/live".replace("http", "ws", 1)
    commands = f"{stage.system.write_url}/api/commands/socket".replace("http", "ws", 1)
    for why, token in stage.unknown().items():
        for url in (live, commands):
            assert await _closed(url, token) == 4401, (url, why)
    assert await _closed(live, stage.stranger.token) == 4404


async def _closed(url: str, token: str | None) -> int:
    async with opened_socket(url, token) as socket, asyncio.timeout(10):
        try:
            while True:
                await socket.recv()
        except ConnectionClosed as end:
            return end.rcvd.code if end.rcvd else 0


async def test_each_route_is_for_whom_the_table_says(stage: Stage) -> None:
    people = {
        **{name: person.token for name, person in stage.members.items()},
        "stranger": stage.stranger.token,
        "admin": stage.system.token("an-admin", scope="admin"),
        "auditor": stage.system.token("an-auditor", scope="audit"),
        "machine": stage.system.token("a-machine", scope="machine"),
    }
    for route in plain():
        who = ROUTES[route]
        if who in {"open", "token"}:
            people_here = {"a stranger": people["stranger"]}
        elif route.startswith("POST /api/admin"):
            # Begins work that others of this run would wait for.
            people_here = {name: token for name, token in people.items() if name != "admin"}
        else:
            people_here = people
        for name, token in people_here.items():
            status, body = await stage.status(route, token)
            said = (route, name, status, body)
            if who in {"open", "token", name}:
                assert status not in STRANGE, said
            elif who == "admin" or (name in {"viewer", "commenter"} and who == "editor"):
                assert status == 403, said
            elif name in stage.members:
                assert status not in {401, 403}, said
                # A job's file may not be there yet.
                assert status != 404 or route.endswith("/file"), said
            else:
                assert status == 404, said


async def test_each_command_needs_the_role_that_the_table_says(stage: Stage) -> None:
    outside = {
        "stranger": stage.stranger.token,
        "admin": stage.system.token("an-admin", scope="admin"),
        "auditor": stage.system.token("an-auditor", scope="audit"),
    }
    for command in ALL_COMMANDS:
        least = COMMANDS[command.NAME]
        if least is None:
            continue
        for name, token in outside.items():
            status, problem = await stage.command(command.NAME, token)
            assert (status, problem["code"]) == (404, "not-found"), (command.NAME, name, problem)
        for name, role in ROLES.items():
            if role < least:
                status, problem = await stage.command(command.NAME, stage.members[name].token)
                assert (status, problem["code"]) == (403, "forbidden"), (command.NAME, name, problem)


async def test_whoever_has_the_role_may(stage: Stage) -> None:
    """Each least role on a project of its own: what a command changes is in nobody's way."""
    for role in Role:
        commands = [c for c in ALL_COMMANDS if COMMANDS[c.NAME] is role]
        if not commands:
            continue
        owner = stage.system.person(tier="enterprise")
        deck = await owner.deck(slides=1)
        person = owner
        if role is not Role.OWNER:
            person = stage.system.person(tier="enterprise")
            await deck.grant(person, role.name.lower())
        own = Stage(stage.system, stage.apps, deck, {"owner": owner}, stage.parameters)
        for command in sorted(commands, key=_last):
            status, problem = await own.command(command.NAME, person.token)
            assert status not in {401, 403}, (command.NAME, problem)
            # The example names things that are not in this project; the project itself is there.
            assert status != 404 or "no such project" not in problem["detail"], (command.NAME, problem)


def _last(command: type[Command]) -> tuple[bool, str]:
    """What takes the right away comes last."""
    return command.NAME in {"archive-project", "leave-project", "transfer-ownership"}, command.NAME


async def test_a_project_of_another_tenant_is_not_told_from_one_that_is_not_there(stage: Stage) -> None:
    stranger = stage.stranger
    for path in ("", "/blocks", "/history", "/members", "/conflicts", "/versions", "/jobs"):
        theirs = (await stranger.get(f"/api/projects/{stage.deck.id}{path}")).json()
        nothing = (await stranger.get(f"/api/projects/{uuid4()}{path}")).json()
        assert theirs == nothing
