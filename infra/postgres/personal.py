"""Personal fields on their way into the log, where they are sealed, and out of it, where they are revealed."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from commands.ports import Append, EventWrite
from domain.personal import ACTOR_FIELDS, actor_place, field_place, is_sealed, with_sealed
from infra.postgres.vault import NOBODY, Vault
from infra.sealing import PersonKey, Unreadable

logger = logging.getLogger(__name__)


def is_personal(request: Append) -> bool:
    """Tell whether a request would write anything that has to be sealed."""
    # Every append asks this. A list, for a generator would take three times as long on one event.
    if not request.events:
        return False
    actor = request.metadata.get("actor", ())
    return "name" in actor or "email" in actor or bool([w for w in request.events if w.event.PERSONAL])


class Sealer:
    """Seals what is personal in a request under the key of its actor."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def __call__(self, request: Append) -> Append:
        """Return the request as it may be stored.

        Raises:
            Unavailable: the actor's key cannot be had.
        """
        person: str = request.metadata["actor"]["id"]
        key = self._vault.live(person) or await self._vault.live_or_new(person)
        return replace(
            request,
            metadata=_sealed_metadata(request, key),
            events=[_sealed_event(w, key) if w.event.PERSONAL else w for w in request.events],
        )


def _sealed_metadata(request: Append, key: PersonKey) -> dict[str, Any]:
    actor = dict(request.metadata["actor"])
    for field in ACTOR_FIELDS:
        if field in actor and not is_sealed(actor[field]):
            actor[field] = key.seal(actor[field], actor_place(request.metadata, field))
    return {**request.metadata, "actor": actor}


def _sealed_event(written: EventWrite, key: PersonKey) -> EventWrite:
    event = written.event
    fields = vars(event)
    sealed = {
        name: key.seal(fields[name], field_place(event.originator_id, written.command_id, name))
        for name in event.PERSONAL
        if fields[name] is not None and not is_sealed(fields[name])
    }
    return replace(written, event=with_sealed(event, sealed))


@dataclass(frozen=True, slots=True)
class _Found:
    """A sealed value in a public event: whose it is, and where it stands."""

    person: str
    position: int
    holder: dict[str, Any]
    name: str
    sealed: dict[str, Any]


def _sealed_values(events: Sequence[dict[str, Any]]) -> Iterator[_Found]:
    for event in events:
        actor = event["actor"]
        for holder in (actor, event["data"]):
            for name, value in holder.items():
                if is_sealed(value) and "of" in value:
                    yield _Found(actor["id"], event["position"], holder, name, value)


class Revealer:
    """Implements `projections.ports.Personal`."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def reveal(self, events: Sequence[dict[str, Any]]) -> None:
        """Put what was sealed into public events; see the port."""
        found = list(_sealed_values(events))
        if not found:
            return
        keys = await self._vault.generations({(f.person, f.sealed["key"]) for f in found})
        for each in found:
            generations = keys.get(each.person, NOBODY).generations
            generation = each.sealed["key"]
            key = generations.get(generation)
            if key is not None:
                each.holder[each.name] = _opened(key, each)
                continue
            each.holder[each.name] = None
            # A key that was never here was lost, not shredded: that is not for a reader to be told.
            if generation in generations:
                each.holder["shredded"] = True


def _opened(key: PersonKey, found: _Found) -> Any:
    try:
        return key.open(found.sealed, found.sealed["of"])
    except Unreadable:
        logger.error("event %d: %s was changed, or moved from elsewhere", found.position, found.name)  # noqa: TRY400 - the trace says nothing
        return None
