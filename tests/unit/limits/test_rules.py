"""The table of limits is the guide's, and every command is in it."""

import pytest

from commands.messages import ALL_COMMANDS
from infra.breaker import Breaker
from infra.http.addresses import address_of, canonical
from infra.limits.answers import Standing, over
from infra.limits.denials import Denial, Denials
from infra.limits.rules import RULES, Kind, Tier, costs_of, costs_of_all

GUIDE = {
    Kind.EDITS: (60, 1_000, None, None),
    Kind.GENERATION: (3_600, 10, 50, 200),
    Kind.IMAGES: (3_600, 5, 25, 100),
    Kind.EXPORTS: (3_600, 20, 100, 400),
}
PAID = {
    "request-generation": Kind.GENERATION,
    "request-thinking": Kind.GENERATION,
    "request-image": Kind.IMAGES,
    "request-export": Kind.EXPORTS,
}


def test_limits_are_those_of_the_guide() -> None:
    for kind, (window, *limits) in GUIDE.items():
        rule = RULES[kind]
        assert (rule.window_s, [rule.limit(tier) for tier in Tier]) == (window, limits)
        assert rule.address_limit == 5 * limits[0]
        assert rule.paid is (window == 3_600)


def test_every_command_costs_edits_or_a_paid_job() -> None:
    for command in ALL_COMMANDS:
        kinds = set(costs_of(command.NAME))
        assert kinds == {PAID.get(command.NAME, Kind.EDITS)}, command.NAME
        assert bool(command.ACCEPTS) is (command.NAME in PAID or command.NAME == "approve-outline")
    assert costs_of_all(["edit-block", "add-block", "request-export", "move-block"]) == {
        Kind.EDITS: 3,
        Kind.EXPORTS: 1,
    }


def test_a_tier_that_nobody_knows_gets_the_least() -> None:
    assert [Tier.of(claim) for claim in ("pro", "enterprise", "free", "", "PRO ", "root")] == [
        Tier.PRO,
        Tier.ENTERPRISE,
        *[Tier.FREE] * 4,
    ]


def test_a_refusal_says_when_to_come_back_and_never_too_early() -> None:
    refused = over(Standing(Kind.EDITS, "user", 1_000, 60, 0, 12.1, 60), 12.1)
    assert refused.headers == {
        "Retry-After": "13",
        "RateLimit": '"edits";r=0;t=13',
        "RateLimit-Policy": '"edits";q=1000;w=60',
    }


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("no address", "unknown"),
    ],
)
def test_addresses_are_counted_by_subscriber(address: str, counted: str) -> None:
    assert canonical(address) == counted
    assert address_of(())({"type": "http", "client": (address, 1), "headers": []}) == counted


def test_a_breaker_spares_calls_tries_one_and_closes() -> None:
    now = [0.0]
    breaker = Breaker(lambda: now[0], rest=1, longest=3)
    assert not breaker.is_open
    breaker.failed()
    assert breaker.is_open
    now[0] = 1.0
    assert [breaker.is_open for _ in range(3)] == [False, True, True]
    breaker.failed()
    assert breaker.retry_after == 2
    now[0] = 3.0
    assert not breaker.is_open
    breaker.failed()
    assert breaker.retry_after == 3
    breaker.succeeded()
    assert not breaker.is_open
    assert breaker.opened == 3


def test_refusals_are_remembered_until_they_end_and_counted_by_the_minute() -> None:
    now = [100.0]
    denials = Denials(lambda: now[0])
    standing = Standing(Kind.EDITS, "user", 1, 60, 0, 5, 5)
    denials.keep("user:ada", Kind.EDITS, Denial(105, standing))
    assert denials.find("user:ada", Kind.EDITS) is not None
    assert denials.find("user:ada", Kind.UPLOADS) is None
    assert [denials.count("user:ada") for _ in range(3)] == [1, 2, 3]
    now[0] = 105.0
    assert denials.find("user:ada", Kind.EDITS) is None
    now[0] = 160.0
    assert denials.count("user:ada") == 1
    denials.forget("user:ada")
    assert denials.count("user:ada") == 1
