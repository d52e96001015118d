"""A few people for two seconds: the load test itself works, and nothing fails. `python -m tests.load` is the long form."""

import time
from uuid import uuid4

from running import System

from infra.http.auth import issue
from tests.load.people import Place, Plan, work


async def test_people_work_together_and_nothing_fails(system: System) -> None:
    def token(user: str) -> str:
        return issue(system.settings.jwt_secret, user, now=time.time(), ttl=600, tier="enterprise")

    plan = Plan(users=6, seconds=2.0, together=3, think=0.2)
    place = Place(system.write_url, system.read_url, token)
    findings = await work(place, plan, f"load-{uuid4().hex[:6]}")
    assert findings.good, findings.lines()
    assert findings.times["edit"].count > 0
    assert findings.delivered > 0
