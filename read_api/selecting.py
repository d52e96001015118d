"""Which events of a project a request asks for: by whom, what, in which stream, between when and when."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from infra.http.errors import Invalid
from projections.history import KINDS, NAMES, Selection, topics_of
from read_api.parameters import Parameters
from read_api.side import Reading

# Characters of an actor's id.
ACTOR_LIMIT = 200
TOPICS_LIMIT = 50
_MOMENT = timedelta(microseconds=1)
# No event has it: what was asked for cannot be.
_NONE = ("",)


async def selection_of(
    reading: Reading, project_id: UUID, parameters: Parameters, head: int, stream_id: UUID | None = None
) -> Selection:
    """Read the filters of a history.

    Args:
        reading: the process.
        project_id: the project; the caller may read it.
        parameters: `actor`, `topic` (names of the catalogue, several by commas), `stream` (an id, or a kind of
            stream), `since` and `until` (instants), `after` and `to` (positions), `order`.
        head: the log's head; nothing behind it is selected, so that a stream ends.
        stream_id: the block, where the path names it.

    Raises:
        Invalid: one of them is wrong.
    """
    after, to = parameters.number("after", 0), min(parameters.number("to", head), head)
    since, until = parameters.instant("since"), parameters.instant("until")
    if since is not None:
        # Time does not run backwards along the log, so that an instant is a position.
        after = max(after, await reading.side.log.position_at(since - _MOMENT))
    if until is not None:
        to = min(to, await reading.side.log.position_at(until))
    selection = Selection(
        project_id,
        after,
        to,
        stream_id=stream_id,
        topics=_topics(parameters.values),
        actor=_actor(parameters.values),
        descending=parameters.choice("order", "asc", "desc") == "desc",
    )
    return selection if stream_id is not None else _within(selection, parameters.values.get("stream"))


def _topics(values: Mapping[str, str]) -> tuple[str, ...]:
    text = values.get("topic")
    if text is None:
        return ()
    names = [name.strip() for name in text.split(",") if name.strip()]
    if len(names) > TOPICS_LIMIT:
        raise Invalid.at("topic", f"must be at most {TOPICS_LIMIT} names", TOPICS_LIMIT)
    try:
        return tuple(sorted(topics_of(names))) or _NONE
    except LookupError as unknown:
        raise Invalid.at(
            "topic", f"{str(unknown)[:60]} is no event; there are {', '.join(sorted(NAMES))}"
        ) from None


def _actor(values: Mapping[str, str]) -> str | None:
    actor = values.get("actor")
    if actor is not None and len(actor) > ACTOR_LIMIT:
        raise Invalid.at("actor", f"must be at most {ACTOR_LIMIT} characters", ACTOR_LIMIT)
    return actor


def _within(selection: Selection, stream: str | None) -> Selection:
    """Leave out what is of another stream, or of another kind of stream."""
    if stream is None:
        return selection
    if (topics := KINDS.get(stream)) is not None:
        kept = topics.intersection(selection.topics) if selection.topics else topics
        return replace(selection, topics=tuple(sorted(kept)) or _NONE)
    try:
        return replace(selection, stream_id=UUID(stream))
    except ValueError:
        raise Invalid.at("stream", f"must be an id, or one of {', '.join(KINDS)}") from None
