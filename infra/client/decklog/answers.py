"""What the service answers, typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from decklog.errors import Problem, problem_of

_REFUSED = 400


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream that a command wrote to, and its version since."""

    id: str
    kind: str
    version: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command was answered. `outcome` is `applied`, `merged`, `overwritten` or `unchanged`.

    A query that has to show what was written takes `position` as its `min_position`; the client does so by itself.
    """

    position: int
    project_id: str
    streams: Sequence[Stream]
    outcome: str
    conflicts: Sequence[Mapping[str, Any]]
    result: Mapping[str, Any]
    # Whether the command had been carried out before, under the same key.
    replayed: bool = False

    @classmethod
    def of(cls, document: Mapping[str, Any], *, replayed: bool = False) -> Self:
        """Read an answer."""
        return cls(
            position=document["position"],
            project_id=document["project_id"],
            streams=tuple(Stream(s["id"], s["kind"], s["version"]) for s in document["streams"]),
            outcome=document["outcome"],
            conflicts=tuple(document["conflicts"]),
            result=document["result"],
            replayed=replayed,
        )


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """What a batch was answered: of each command its answer, or its refusal where the batch was not atomic."""

    position: int
    results: Sequence[Answer | Problem]
    replayed: bool = False

    @classmethod
    def of(cls, document: Mapping[str, Any], *, replayed: bool = False) -> Self:
        """Read an answer."""
        results = [
            problem_of(r["status"], r) if r.get("status", 0) >= _REFUSED else Answer.of(r, replayed=replayed)
            for r in document["results"]
        ]
        return cls(document["position"], tuple(results), replayed)


@dataclass(frozen=True, slots=True)
class Document:
    """What a query was answered, true as of `position`."""

    body: Any
    position: int
    etag: str | None
