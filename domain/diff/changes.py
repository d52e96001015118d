"""A change as readers get it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One thing that has another value now; None: it was not there, or is not any more.

    `item` is the id of an entry of a list; the field's name alone means the field as a whole, and for a list
    of entries the order of their ids.
    """

    field: str
    before: Any
    after: Any
    item: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `kind` is one of the names of `comparing`, `summary` a sentence for people.

    What is about no block has no `block_id`, `type` and `slide_id`; a slide is on itself. `by` and `at` say
    who touched the block last and when, None where that is not known: of the project itself, and backwards.
    """

    kind: str
    summary: str
    block_id: UUID | None = None
    type: str | None = None
    slide_id: UUID | None = None
    fields: Sequence[FieldChange] = ()
    by: str | None = None
    at: datetime | None = None
