import base64

import orjson
import pytest
from running import Deck, System


@pytest.fixture(scope="module")
async def deck(system: System) -> Deck:
    made = await system.person().deck(slides=3)
    await made.owner.see(made.path, min_position=made.position)
    return made


LISTS = [
    "/api/projects",
    "{p}/blocks",
    "{p}/history",
    "{p}/members",
    "{p}/blocks/{b}/history",
    "{p}/conflicts",
    "{p}/suggestions",
    "{p}/versions",
    "{p}/comments",
    "{p}/sessions",
    "/api/themes",
]
EVERYTHING = [*LISTS, "{p}", "{p}/blocks/{b}"]


def filled(path: str, deck: Deck) -> str:
    return path.format(p=deck.path, b=deck.blocks[0])


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("value", "limit"), [("0", 1), ("-1", 1), ("501", 500), ("1e2", None), ("", None), ("9" * 5000, None)]
)
async def test_a_wrong_limit_is_named(deck: Deck, path: str, value: str, limit: int | None) -> None:
    answer = await deck.owner.get(filled(path, deck), limit=value)
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    problem = answer.json()
    assert problem["code"] == "validation"
    assert problem["errors"][0]["field"] == "limit"
    assert problem["errors"][0].get("limit") == limit


@pytest.mark.parametrize("path", EVERYTHING)
@pytest.mark.parametrize("value", ["-1", "x", "", str(2**63), "1.5"])
async def test_a_wrong_min_position_is_named(deck: Deck, path: str, value: str) -> None:
    answer = await deck.owner.get(filled(path, deck), min_position=value)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "min_position"


def forged(epoch: str, *place: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([epoch, *place])).decode().rstrip("=")


@pytest.mark.parametrize("path", LISTS)
async def test_what_is_no_cursor_of_a_list_is_refused(system: System, deck: Deck, path: str) -> None:
    epoch = (await system.table.value("select epoch from log_head")).hex[:8]
    kinds = (
        *("projects", "blocks", "history False", "history True", "members", "block history"),
        *("versions", "comments", "sessions", "themes", "conflicts", "suggestions"),
    )
    bad = [
        "",
        "x",
        "é",
        "AAAA",
        "%00",
        forged("00000000", "blocks", "a"),
        forged(epoch),
        forged(epoch, "blocks", None),
    ]
    bad += [forged(epoch, "projects", "yesterday", deck.id), forged(epoch, "projects", "2026-01-01", "no id")]
    bad += [forged(epoch, "projects", "2026-01-01T00:00:00", deck.id) + "x", forged(epoch, "members", 5)]
    bad += [forged(epoch, kind, 1.5) for kind in kinds] + [forged(epoch, kind, "a\0b") for kind in kinds]
    for cursor in bad:
        answer = await deck.owner.get(filled(path, deck), cursor=cursor)
        assert answer.status_code == 422, (cursor, answer.text)
        assert answer.json()["errors"][0]["field"] == "cursor"


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        ("{p}/blocks", "type", "poem"),
        ("{p}/blocks", "type", "te\0xt"),
        ("{p}/history", "order", "up"),
        ("{p}/history", "after", "-5"),
        ("/api/projects", "archived", "maybe"),
        ("/api/projects", "q", "a\0b"),
        *[
            (path, "at_position", value)
            for path in ("{p}", "{p}/blocks", "{p}/blocks/{b}")
            for value in ("-1", "x", "", "1.5", str(2**63))
        ],
        *[
            (path, "at", value)
            for path in ("{p}", "{p}/blocks", "{p}/blocks/{b}")
            for value in (
                "",
                "yesterday",
                "2026-01-01",
                "2026-01-01T00:00:00",
                "2026-02-30T00:00:00Z",
                "1",
                "0001-01-01T00:00:00+23:59",
                "2026-01-01T00:00:00ZZ",
                "٢026-01-01T00:00:00Z",
            )
        ],
    ],
)
async def test_other_parameters_are_checked(deck: Deck, path: str, name: str, value: str) -> None:
    answer = await deck.owner.get(filled(path, deck), **{name: value})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == name


@pytest.mark.parametrize(
    "path",
    ["/api/projects/nonsense", "/api/projects/%00", "{p}/blocks/nonsense", "{p}/blocks/%ff", "{p}/nothing", "/api/x",
     "/api/projects/nonsense/blocks", "/api/projects/nonsense/history", "/api/projects/nonsense/members",
     "/api/projects/nonsense/events", "{p}/blocks/nonsense/history"],
)  # fmt: skip
async def test_what_is_not_there_is_not_found(deck: Deck, path: str) -> None:
    answer = await deck.owner.get(filled(path, deck))
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_another_method_is_refused_as_a_problem(deck: Deck) -> None:
    answer = await deck.owner.system.client.post(
        deck.owner.system.read_url + deck.path, headers=deck.owner.headers
    )
    assert answer.status_code == 405
    assert answer.headers["Content-Type"] == "application/problem+json"
