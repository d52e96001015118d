from collections.abc import Iterator

import pytest

from domain.errors import (
    DomainError,
    FieldProblem,
    Forbidden,
    Invalid,
    NotFound,
    Unavailable,
    VersionConflict,
)
from domain.problems import STATUS, TITLES, problem, problem_of

# The public contract, word for word.
CONTRACT = {
    "validation": 422,
    "unauthenticated": 401,
    "forbidden": 403,
    "not-found": 404,
    "version-conflict": 409,
    "already-exists": 409,
    "idempotency-mismatch": 422,
    "payload-too-large": 413,
    "rate-limited": 429,
    "unavailable": 503,
}


def test_codes_have_the_statuses_of_the_contract() -> None:
    assert STATUS == {**CONTRACT, "internal": 500}
    assert set(TITLES) == set(STATUS)


def refusals(base: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in base.__subclasses__():
        yield child
        yield from refusals(child)


@pytest.mark.parametrize("refusal", [r for r in refusals(DomainError) if r.__module__ == "domain.errors"])
def test_every_refusal_has_a_code_of_the_contract(refusal: type[DomainError]) -> None:
    assert refusal.code in CONTRACT


def test_a_problem_is_told_with_its_code_and_what_more_there_is() -> None:
    assert problem("not-found", "no such block", index=2) == {
        "type": "urn:decklog:problem:not-found",
        "title": TITLES["not-found"],
        "status": 404,
        "code": "not-found",
        "detail": "no such block",
        "index": 2,
    }


def test_a_refusal_is_told_with_what_a_client_needs_to_go_on() -> None:
    document = problem_of(VersionConflict("it moved on", current={"version": 3}, events=[]))

    assert (document["status"], document["code"], document["detail"]) == (
        *(409, "version-conflict"),
        "it moved on",
    )
    assert (document["current"], document["events"]) == ({"version": 3}, [])


def test_invalid_names_its_fields_and_their_limits() -> None:
    refused = Invalid([FieldProblem("content.text", "is long", 10), FieldProblem("type", "is odd")])

    assert str(refused) == "content.text: is long; type: is odd"
    assert problem_of(refused)["errors"] == [
        {"field": "content.text", "message": "is long", "limit": 10},
        {"field": "type", "message": "is odd"},
    ]


def test_a_single_field_is_refused_in_short() -> None:
    assert Invalid.at("role", "is odd", 3).errors == (FieldProblem("role", "is odd", 3),)


def test_unavailable_says_when_to_come_again() -> None:
    assert Unavailable("too busy", 2.5).retry_after == 2.5
    assert problem_of(Unavailable("too busy"))["code"] == "unavailable"


def test_refusals_are_exceptions_with_their_detail() -> None:
    assert str(Forbidden("no")) == NotFound("no").detail == "no"
