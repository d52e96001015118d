"""Tokens that are revoked while somebody listens."""

import asyncio

from running import System

from infra.postgres.connections import pool
from infra.postgres.token_revocations import TokenRevocations


async def test_who_listens_with_a_revoked_token_is_sent_away(system: System) -> None:
    ada, grace = system.person(), system.person()
    deck = await ada.deck()
    await deck.grant(grace, "viewer")
    events = f"{system.read_url}{deck.path}/events"
    async with (
        pool(system.settings, "test") as connections,
        ada.live(deck.id) as mine,
        grace.live(deck.id) as hers,
        system.client.stream("GET", events, headers=grace.headers) as stream,
    ):
        await TokenRevocations(connections).revoke_user(grace.user, "a test")
        assert (await hers.closed())[0] == 4401
        async with asyncio.timeout(5):
            assert (await stream.aread()).startswith(b": welcome\n\n")
        # Whoever else listens goes on.
        await deck.change("rename-project", title="Still here")
        assert (await mine.events(deck.position))[-1]["data"] == {"title": "Still here"}
