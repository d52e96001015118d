"""What a live socket says, typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from decklog.answers import Stream


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it; kind is `person` or `machine`. A name is there as long as it was not shredded."""

    id: str
    kind: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, as history tells it; `raw` is all that was said."""

    position: int
    name: str
    stream: Stream
    project_id: str
    actor: Actor
    at: str
    command_id: str
    data: Mapping[str, Any]
    raw: Mapping[str, Any]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Read an event."""
        stream, actor = told["stream"], told["actor"]
        return cls(
            position=told["position"],
            name=told["event"],
            stream=Stream(stream["id"], stream["kind"], stream["version"]),
            project_id=told["project_id"],
            actor=Actor(actor["id"], actor["kind"], actor.get("name")),
            at=told["at"],
            command_id=told["command_id"],
            data=told["data"],
            raw=told,
        )


@dataclass(frozen=True, slots=True)
class Note:
    """What is no event and has no position: `presence`, `cursor`, `conflict`, `job`, and whatever comes later."""

    type: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reset:
    """The log is another one since: forget what was read. The events of the new one come from the beginning."""

    epoch: str | None


Message = Event | Note | Reset
