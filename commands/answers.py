"""Answers to commands: how they are told, and how they are kept for a repeat.

Positions are known only once the log has taken the events, but the answer is recorded in the same
transaction. So a recorded answer counts its positions from the request's first event, and whoever reads it
adds the base. An answer without events holds positions that are absolute, with base 0.
"""

from dataclasses import field
from typing import Any
from uuid import UUID

import orjson

from commands.unit_of_work import StreamState
from domain.records import record


@record
class Decision:
    """What a handler decided. `outcome` is `applied`, `merged`, `overwritten` or `unchanged`."""

    project_id: UUID
    streams: list[StreamState]
    outcome: str = "applied"
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)


@record
class Answer:
    """What a request is answered: an HTTP status, a JSON body, and whether it is a repeat's."""

    status: int
    body: bytes
    replayed: bool = False


def decision_document(decision: Decision, position: int) -> dict[str, Any]:
    """Write a decision as the answer of one command, for orjson, which writes ids four times as fast as they do."""
    return {
        "position": position,
        "project_id": decision.project_id,
        "streams": [s.as_json() for s in decision.streams],
        "outcome": decision.outcome,
        "conflicts": decision.conflicts,
        "result": decision.result,
    }


def shifted(document: dict[str, Any], base: int) -> dict[str, Any]:
    """Add `base` to the positions of an answer, those of a batch's results included; changes it in place."""
    if base and "position" in document:
        document["position"] += base
        for result in document.get("results", ()):
            if "position" in result:
                result["position"] += base
    return document


def recall(status: int, body: bytes, base: int) -> Answer:
    """Give a recorded answer again."""
    return Answer(status, orjson.dumps(shifted(orjson.loads(body), base)), replayed=True)
