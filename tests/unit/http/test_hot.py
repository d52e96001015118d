"""Routes served before the framework's layers: which of them serves what, and what is passed on."""

from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from infra.http.hot import Hot, HotRoutes


def telling(name: str) -> Any:
    async def endpoint(request: Request) -> Response:
        return PlainTextResponse(f"{name} {dict(request.path_params)}")

    return endpoint


async def elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("elsewhere")(scope, receive, send)


async def ask(app: HotRoutes, path: str, method: str = "POST") -> tuple[str, Scope]:
    said: list[Message] = []
    scope: Scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": []}

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        said.append(message)

    await app(scope, receive, send)
    return said[1]["body"].decode(), scope


FIXED = Route("/api/commands/edit-block", telling("fixed"), methods=["POST"])
PATTERN = Route("/api/commands/{name}", telling("pattern"), methods=["POST"])


async def test_a_path_without_parameters_goes_before_a_pattern_that_fits_too() -> None:
    app = HotRoutes(elsewhere, Hot([PATTERN, FIXED]))
    told, scope = await ask(app, "/api/commands/edit-block")
    assert told == "fixed {}"
    assert scope["route"] is FIXED


async def test_what_no_fixed_path_is_the_patterns_are_tried_for() -> None:
    told, scope = await ask(HotRoutes(elsewhere, Hot([FIXED, PATTERN])), "/api/commands/other")
    assert told == "pattern {'name': 'other'}"
    assert scope["route"] is PATTERN


async def test_another_method_or_path_is_passed_on() -> None:
    app = HotRoutes(elsewhere, Hot([FIXED, PATTERN]))
    assert (await ask(app, "/api/commands/edit-block", "GET"))[0] == "elsewhere"
    assert (await ask(app, "/api/commands/edit-block/more"))[0] == "elsewhere"


async def test_routes_that_come_when_the_app_starts_or_begins_anew_are_served() -> None:
    hot = Hot()
    app = HotRoutes(elsewhere, hot)
    assert (await ask(app, "/api/commands/edit-block"))[0] == "elsewhere"
    hot.replace([FIXED, PATTERN])
    assert (await ask(app, "/api/commands/edit-block"))[0] == "fixed {}"
    # As many, for the same paths: what was before serves nobody any more.
    hot.replace([Route(r.path, telling("new"), methods=["POST"]) for r in (FIXED, PATTERN)])
    assert (await ask(app, "/api/commands/edit-block"))[0] == "new {}"
    assert (await ask(app, "/api/commands/other"))[0] == "new {'name': 'other'}"
