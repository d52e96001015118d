"""From the claims of a token to what a command says of its caller."""

import time
from typing import Any
from uuid import UUID

import jwt
import pytest

from commands.bus import Request, _metadata
from commands.ports import Caller
from infra.http.auth import Authenticator

SECRET = "a secret of these tests, long enough for HS256"
COMMAND = UUID(int=7)


def claimed(**claims: Any) -> tuple[str | None, str | None]:
    token = jwt.encode({"sub": "ada", "exp": time.time() + 60, **claims}, SECRET, algorithm="HS256")
    principal = Authenticator(SECRET, time.time).token(token)
    return principal.name, principal.email


def test_a_token_may_say_who_somebody_is() -> None:
    assert claimed(name=" Ada Lovelace ", email="ada@example.org") == ("Ada Lovelace", "ada@example.org")
    assert claimed() == (None, None)


@pytest.mark.parametrize("name", ["", "  ", 7, ["Ada"], None, "a\0b", "\ud800", "x" * 321])
def test_what_is_no_name_is_left_out(name: object) -> None:
    assert claimed(name=name, email=name) == (None, None)


def metadata(caller: Caller) -> dict[str, Any]:
    return _metadata(Request(caller, COMMAND, b"", ()))


def test_metadata_names_whoever_has_a_name() -> None:
    assert metadata(Caller("ada"))["actor"] == {"id": "ada", "kind": "person"}
    assert metadata(Caller("ada", name="Ada", email="a@b"))["actor"] == {
        "id": "ada",
        "kind": "person",
        "name": "Ada",
        "email": "a@b",
    }
