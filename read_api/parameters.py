"""Query parameters and path ids, parsed once at the edge."""

import base64
import binascii
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

import orjson
from starlette.requests import Request

from infra.http.errors import DomainError, Invalid, NotFound

PAGE = 100
PAGE_LIMIT = 500
# Ids kept at hand.
IDS = 20_000
POSITION_LIMIT = 2**62
_NOTHING: Mapping[str, str] = {}
# RFC 3339. Where a client left the plus of an offset unescaped, a space arrives.
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?)([Zz]|[+ -]\d\d:\d\d)", re.ASCII)


def path_id(request: Request, name: str) -> UUID:
    """Parse an id of the path.

    Raises:
        NotFound: it is no UUID, so nothing has it.
    """
    try:
        return _id(request.path_params[name])
    except ValueError:
        raise NotFound(f"no such {name}") from None


@lru_cache(maxsize=IDS)
def _id(text: str) -> UUID:
    """Parse an id; the same ones are asked for again and again."""
    return UUID(text)


@dataclass(frozen=True, slots=True)
class Parameters:
    """The query parameters of a request."""

    values: Mapping[str, str]

    @classmethod
    def of(cls, request: Request) -> "Parameters":
        """Read a request's parameters.

        Raises:
            Invalid: one has a character that none may have.
        """
        # Most reads have none, and parsing costs as much as the rest of a cached read.
        if not request.scope["query_string"]:
            return cls(_NOTHING)
        values = dict(request.query_params)
        for name, value in values.items():
            if "\0" in value:
                raise Invalid.at(name, "must not contain NUL characters")
        return cls(values)

    def number(self, name: str, default: int, *, least: int = 0, most: int = POSITION_LIMIT) -> int:
        """Parse a whole number within bounds.

        Raises:
            Invalid: it is none, or out of bounds.
        """
        text = self.values.get(name)
        if text is None:
            return default
        try:
            number = int(text)
        except ValueError:
            raise Invalid.at(name, "must be a whole number") from None
        if number < least:
            raise Invalid.at(name, f"must be at least {least:,}", least)
        if number > most:
            raise Invalid.at(name, f"must be at most {most:,}", most)
        return number

    def decimal(self, name: str, default: float, *, least: float, most: float) -> float:
        """Parse a number within bounds.

        Raises:
            Invalid: it is none, or out of bounds.
        """
        text = self.values.get(name)
        if text is None:
            return default
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if math.isnan(number):
            raise Invalid.at(name, "must be a number")
        if not least <= number <= most:
            raise Invalid.at(name, f"must be from {least:g} to {most:,.0f}", int(most))
        return number

    @property
    def min_position(self) -> int:
        """The position that the answer has to have reached."""
        return self.number("min_position", 0)

    @property
    def past(self) -> bool:
        """Whether a moment of the past is asked for."""
        return "at_position" in self.values or "at" in self.values

    @property
    def at_position(self) -> int | None:
        """The position of which the state is asked for; None: it is not asked for by position."""
        return self.number("at_position", 0) if "at_position" in self.values else None

    @property
    def at(self) -> datetime | None:
        """The instant of which the state is asked for; None: it is not asked for by an instant.

        Raises:
            Invalid: it is none, or a position is asked for too.
        """
        if "at" in self.values and "at_position" in self.values:
            raise Invalid.at("at", "cannot be asked for together with `at_position`")
        return self.instant("at")

    def instant(self, name: str) -> datetime | None:
        """Parse an instant (RFC 3339); None: it is not asked for.

        Raises:
            Invalid: it is none.
        """
        text = self.values.get(name)
        if text is None:
            return None
        match = _INSTANT.fullmatch(text)
        refused = Invalid.at(name, "must be an instant such as 2026-01-31T09:30:00Z")
        if match is None:
            raise refused
        try:
            return datetime.fromisoformat((match[1] + match[2].replace(" ", "+")).upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            raise refused from None

    @property
    def limit(self) -> int:
        """The most items of a page."""
        return self.number("limit", PAGE, least=1, most=PAGE_LIMIT)

    def flag(self, name: str) -> bool:
        """Parse `true` or `false` (the default).

        Raises:
            Invalid: it is neither.
        """
        text = self.values.get(name, "false").lower()
        if text not in ("true", "false", "1", "0"):
            raise Invalid.at(name, "must be true or false")
        return text in ("true", "1")

    def choice(self, name: str, *known: str) -> str:
        """Parse one of the known words; the first is the default.

        Raises:
            Invalid: it is none of them.
        """
        text = self.values.get(name, known[0])
        if text not in known:
            raise Invalid.at(name, f"must be one of {', '.join(known)}")
        return text


class Cursors:
    """Opaque page cursors, good for one epoch of the log and one kind of list."""

    def __init__(self, epoch: UUID) -> None:
        self._epoch = epoch.hex[:8]

    def encode(self, kind: str, *place: str | int) -> str:
        """Write down where a page ended."""
        return base64.urlsafe_b64encode(orjson.dumps([self._epoch, kind, *place])).decode().rstrip("=")

    def decode(self, kind: str, cursor: str | None, *types: type[str] | type[int]) -> list[str | int] | None:
        """Read where the page before ended; None for the first page.

        Raises:
            Invalid: it is not a cursor of this list, or the log has another epoch since.
        """
        if cursor is None:
            return None
        refused: DomainError = Invalid.at("cursor", "is not a cursor of this list; start from its first page")
        try:
            epoch, known, *place = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        except (ValueError, TypeError, binascii.Error):
            raise refused from None
        fits = len(place) == len(types) and all(isinstance(p, t) for p, t in zip(place, types, strict=False))
        fits = fits and not any(isinstance(p, str) and "\0" in p for p in place)
        if epoch != self._epoch or known != kind or not fits:
            raise refused
        return list(place)
