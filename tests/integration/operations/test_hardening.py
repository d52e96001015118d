"""What every answer tells a browser, and what no log tells anybody."""

import logging
import re
from pathlib import Path

import httpx
import pytest
from running import System, opened_socket, serving_write

from infra.settings import Settings
from infra.telemetry.logs import QUIET, JsonLines

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


async def test_every_answer_of_both_apis_has_the_safe_headers(system: System) -> None:
    person = system.person()
    deck = await person.deck()
    read, write = system.read_url, system.write_url
    asked = [
        await person.get(deck.path, min_position=deck.position),
        await person.get("/api/projects/7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11"),
        await person.get("/nowhere"),
        await system.client.get(f"{read}/api/projects"),
        await system.client.put(f"{read}/api/projects"),
        await system.client.get(f"{read}/openapi.json"),
        await system.client.get(f"{read}/metrics"),
        await system.client.get(f"{read}/studio/js/main.js"),
        await system.client.get(f"{write}/api/health"),
        await system.client.post(f"{write}/api/commands/edit-block", content=b"{"),
        await system.client.get(f"{write}/nowhere"),
    ]
    for answer in asked:
        for name, value in ALWAYS.items():
            assert answer.headers[name] == value, answer.url
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'"), answer.url
        assert len(answer.headers.get_list("content-security-policy")) == 1


async def test_the_studios_page_has_a_strict_policy(system: System) -> None:
    answer = await system.client.get(system.read_url + "/")
    policy = dict(
        part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"


async def test_other_origins_may_ask_only_if_they_are_listed(settings: Settings) -> None:
    listed = settings.model_copy(update={"cors_origins": ("https://decks.example",)})
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    async with serving_write(listed) as url, httpx.AsyncClient(timeout=10) as client:
        good = await client.options(
            f"{url}/api/commands/edit-block", headers={"Origin": "https://decks.example", **asked}
        )
        assert good.headers["access-control-allow-origin"] == "https://decks.example"
        assert "access-control-allow-credentials" not in good.headers
        for origin in ("https://evil.example", "https://decks.example.evil.example", "null"):
            bad = await client.options(f"{url}/api/commands/edit-block", headers={"Origin": origin, **asked})
            assert "access-control-allow-origin" not in bad.headers
            answer = await client.get(f"{url}/api/health", headers={"Origin": origin})
            assert "access-control-allow-origin" not in answer.headers


async def test_without_a_list_no_other_origin_may_ask(system: System) -> None:
    for url in (system.write_url, system.read_url):
        answer = await system.client.get(f"{url}/api/health", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in answer.headers


async def test_no_log_tells_a_secret(system: System, caplog: pytest.LogCaptureFixture) -> None:
    """Every line of every logger, as the product would write it, while all goes well and wrong."""
    caplog.set_level(logging.DEBUG)
    settings = system.settings
    person = system.person()
    deck = await person.deck()
    await person.see(deck.path, min_position=deck.position)
    forged = system.token("mallory", secret="another secret, as long as those of the product are")
    for token in (forged, "nonsense", person.token[:-3]):
        headers = {"Authorization": f"Bearer {token}"}
        for url in (system.write_url + "/api/commands/edit-block", system.read_url + "/api/projects"):
            answer = await system.client.request("POST" if "edit" in url else "GET", url, headers=headers)
            assert answer.status_code in (401, 404, 422)
            assert token not in answer.text
    async with person.live(deck.id):
        pass
    async with opened_socket(system.write_url.replace("http", "ws") + "/api/commands/socket", person.token):
        pass
    lines = [JsonLines().format(record) for record in caplog.records if _is_written(record)]
    assert lines
    secrets = {
        settings.jwt_secret,
        settings.sealing_secret,
        person.token,
        person.token.rpartition(".")[2],
        forged,
        *filter(None, (_password(settings.dsn), _password(str(settings.redis_url)))),
    }
    for line in lines:
        for secret in secrets:
            assert secret not in line, line.replace(secret, "[the secret]")


def _is_written(record: logging.LogRecord) -> bool:
    """Whether the product would write a line with LOG_LEVEL=DEBUG; this test's own clients are quiet too."""
    least = max((level for name, level in QUIET.items() if record.name.startswith(name)), default=0)
    return record.levelno >= least


def _password(address: str) -> str | None:
    return httpx.URL(address.replace("postgresql", "http").replace("redis", "http")).password or None


def test_signatures_and_tokens_are_compared_in_constant_time() -> None:
    """Nothing that is secret is compared with `==`: PyJWT, HMAC and Ed25519 have comparisons of their own."""
    source = (Path(__file__).parents[3] / "infra" / "http" / "signing.py").read_text("utf-8")
    assert "hmac.compare_digest(" in source
    assert "== signature" not in source


# Who asks other services, and whose addresses those are: the operators', by settings.
ASKERS = {
    "infra/client/decklog/client.py",  # a client's library, run by clients
    "infra/http/issuers.py",
    "workers/models/asking.py",
    "workers/models/client.py",
    "workers/picturing/endpoint.py",
}
_ASKING = re.compile(
    r"^\s*(import|from) (httpx2?|openai|requests|aiohttp|urllib3?\.request|http\.client|ftplib)\b",
    re.MULTILINE,
)


def test_only_operators_endpoints_are_ever_asked() -> None:
    """A user's text never becomes an address that the service asks: whoever could ask is on a short list."""
    root = Path(__file__).parents[3]
    rooms = ("domain", "commands", "projections", "infra", "read_api", "write_api", "workers")
    found = {
        str(path.relative_to(root))
        for room in rooms
        for path in (root / room).rglob("*.py")
        if _ASKING.search(path.read_text("utf-8")) and "cli" not in path.parts
    }
    assert found == ASKERS
