"""Requests and answers as they are on the wire, where parsing all of their headers costs more than the rest."""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import Scope

JSON = "application/json"
NOT_MODIFIED = 304


def header(scope: Scope, name: bytes) -> str | None:
    """Return a request's header by its name in lower case; None if it has none."""
    for known, value in scope["headers"]:
        if known == name:
            text: bytes = value
            return text.decode("latin-1")
    return None


class Answer(Response):
    """A response of bytes whose headers are ready: names in lower case, values in Latin-1."""

    def __init__(
        self, body: bytes, headers: Mapping[bytes, str], status: int = 200, media_type: str = JSON
    ) -> None:
        self.status_code = status
        self.background = None
        self.body = body
        self.raw_headers = [(name, value.encode("latin-1")) for name, value in headers.items()]
        if status != NOT_MODIFIED:
            self.raw_headers.append((b"content-length", b"%d" % len(body)))
            self.raw_headers.append((b"content-type", media_type.encode("latin-1")))
