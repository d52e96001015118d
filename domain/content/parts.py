"""The kinds of value that contents are made of: texts, ids, addresses, lists without repeats."""

import re
from collections.abc import Sequence
from typing import Annotated, Final, Protocol, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from domain.content import limits

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_BACKGROUND: Final = re.compile(
    r"#(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})|[a-z][a-z0-9-]{0,63}|asset:[\w-]{1,64}"
)


def refused(why: str, at: str = "", limit: int | None = None) -> PydanticCustomError:
    """Make the error of a rule of ours.

    Args:
        why: What is asked for, in the client's words.
        at: Where, below the place that the rule stands at; dotted.
        limit: The limit that was passed, where it is one.
    """
    context: dict[str, str | int] = {"why": why}
    if at:
        context["at"] = at
    if limit is not None:
        context["limit"] = limit
    return PydanticCustomError("refused", "{why}", context)


class Part(BaseModel):
    """What every content, and every object in one, has in common: fixed fields, exact types, no change."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class BlockContent(Part):
    """The content of a block of some type."""


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


_Listed = TypeVar("_Listed", bound=Sequence[_Identified])


def _each_once(entries: _Listed) -> _Listed:
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        if entry.id in seen:
            raise refused("is the id of an earlier entry too", f"{index}.id")
        seen.add(entry.id)
    return entries


def _without_nul(text: str) -> str:
    """Let through what PostgreSQL's text and jsonb can hold. A pattern would do, at 15 µs for a long text."""
    if "\0" in text:
        raise refused("must not contain NUL characters")
    return text


def _loadable(url: str) -> str:
    """Let through what a page may load as an image: http, https, or relative to the deck."""
    # A browser drops control characters and spaces before it reads the scheme, so they could hide one.
    if not url.isprintable() or " " in url:
        raise refused("must not contain spaces or control characters")
    if _SCHEME.match(url) and not url.lower().startswith(("http://", "https://")):
        raise refused("must be an http or https address, or a relative one")
    return url


def _background(value: str) -> str:
    if _BACKGROUND.fullmatch(value):
        return value
    if value.lower().startswith(("http://", "https://")):
        return _loadable(value)
    raise refused("must be a colour (#rgb, #rrggbb, #rrggbbaa or a name), asset:<id>, or an http(s) address")


UniqueIds: Final = AfterValidator(_each_once)
Text = Annotated[str, Field(max_length=limits.TEXT), AfterValidator(_without_nul)]
Id = Annotated[str, Field(min_length=1, max_length=limits.ID), AfterValidator(_without_nul)]
Url = Annotated[str, Field(min_length=1, max_length=limits.URL), AfterValidator(_loadable)]
Background = Annotated[str, Field(min_length=1, max_length=limits.URL), AfterValidator(_background)]
Language = Annotated[str, Field(max_length=limits.LANGUAGE), AfterValidator(_without_nul)]
Number = Annotated[float, Field(allow_inf_nan=False)]
