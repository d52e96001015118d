"""Whose tokens are good: a shared secret's, an issuer's by its public keys, and none that was revoked."""

import asyncio
import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI
from redis.asyncio import Redis
from running import System, eventually, looking, opened_live, serving, serving_read, serving_write, system_on
from starlette.responses import Response

from infra.http.auth import Authenticator, Trust, Unauthenticated, issue
from infra.http.issuers import JwksKeys
from infra.http.revocations import Revocation, Revocations
from infra.postgres.connections import pool
from infra.postgres.token_revocations import TokenRevocations
from infra.settings import Settings

SECRET = "a secret of these tests, long enough"


class Issuer:
    """Signs tokens with keys that it shows and changes."""

    def __init__(self) -> None:
        self.keys: dict[str, rsa.RSAPrivateKey] = {}
        self.asked = 0
        self.app = FastAPI()
        self.app.add_route("/keys", self.show)

    def new_key(self, kid: str) -> None:
        self.keys[kid] = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)

    async def show(self, _: object) -> Response:
        self.asked += 1
        shown = [
            {**jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "alg": "RS256"}
            for kid, key in self.keys.items()
        ]
        return Response(orjson.dumps({"keys": shown}), media_type="application/json")

    def token(self, kid: str, **claims: Any) -> str:
        body = {"sub": "ada", "exp": time.time() + 60, "iss": "https://issuer", "aud": "decks", **claims}
        return jwt.encode(body, self.keys[kid], algorithm="RS256", headers={"kid": kid})


@asynccontextmanager
async def trusting(settings: Settings, issuer: Issuer) -> AsyncIterator[System]:
    async with serving(issuer.app) as url:
        more = {"jwt_jwks_url": f"{url}/keys", "jwt_issuer": "https://issuer", "jwt_audience": "decks"}
        async with system_on(Settings.model_validate({**settings.model_dump(), **more})) as own:
            yield own


async def status(own: System, token: str) -> int:
    answer = await own.client.get(f"{own.read_url}/api/quota", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code


async def test_tokens_of_an_issuer_are_good_by_its_keys_and_a_new_key_is_found(settings: Settings) -> None:
    issuer = Issuer()
    issuer.new_key("old")
    async with trusting(settings, issuer) as own:
        assert await status(own, issuer.token("old")) == 200
        assert await status(own, issuer.token("old", iss="https://other")) == 401
        assert await status(own, issuer.token("old", aud="other")) == 401
        assert await status(own, issuer.token("old", exp=time.time() - 5)) == 200  # its clock may be behind
        assert await status(own, issuer.token("old", exp=time.time() - 60)) == 401
        assert await status(own, issuer.token("old", nbf=time.time() + 60)) == 401
        # The public key as if it were a secret: the old confusion.
        public = orjson.dumps((await own.client.get(str(own.settings.jwks_url))).json()).decode()
        forged = _signed_by({"sub": "ada", "exp": time.time() + 60}, public.encode())
        assert await status(own, forged) == 401
        mine = issue(
            own.settings.jwt_secret, "ada", now=time.time(), ttl=60, iss="https://issuer", aud="decks"
        )
        assert await status(own, mine) == 200
        assert await status(own, issue(own.settings.jwt_secret, "ada", now=time.time(), ttl=60)) == 401


async def test_a_key_that_is_not_known_is_fetched_and_seldom() -> None:
    issuer = Issuer()
    issuer.new_key("old")
    async with serving(issuer.app) as url:
        keys = JwksKeys(f"{url}/keys", time.monotonic, again_after=0.2)
        await keys.start()
        authenticator = Authenticator(Trust(SECRET), time.time, keys=keys)
        try:
            assert authenticator.token(_plain(issuer, "old")).user == "ada"
            issuer.new_key("new")
            token = _plain(issuer, "new")

            async def known() -> bool:
                try:
                    return authenticator.token(token).user == "ada"
                except Exception:  # noqa: BLE001 - being fetched, or not yet looked for again
                    return False

            await eventually(known)
            before = issuer.asked
            del issuer.keys["new"]
            issuer.new_key("strange")
            strange = _plain(issuer, "strange")
            del issuer.keys["strange"]
            for _ in range(50):
                with pytest.raises(Exception, match=r"not valid|being fetched"):
                    authenticator.token(strange)
                await asyncio.sleep(0)
            assert issuer.asked <= before + 2
        finally:
            await keys.stop()


def _signed_by(claims: Any, secret: bytes) -> str:
    """Sign as HS256 with whatever; the library refuses to with what looks like a key."""
    parts = [
        urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=")
        for part in ({"alg": "HS256", "typ": "JWT"}, claims)
    ]
    signature = urlsafe_b64encode(hmac.digest(secret, b".".join(parts), "sha256")).rstrip(b"=")
    return b".".join([*parts, signature]).decode()


def _plain(issuer: Issuer, kid: str) -> str:
    claims = {"sub": "ada", "exp": time.time() + 60}
    return jwt.encode(claims, issuer.keys[kid], algorithm="RS256", headers={"kid": kid})


def test_what_an_issuer_signs_with_is_an_allow_list_of_public_key_algorithms() -> None:
    for strange in ("none", "HS256", "HS512"):
        with pytest.raises(ValueError, match="public keys"):
            Trust(SECRET, algorithms=(strange,))


def test_a_session_is_remembered_for_an_hour_and_then_verified_again() -> None:
    clock = [1_000_000.0]
    authenticator = Authenticator(Trust(SECRET), lambda: clock[0])
    token = jwt.encode({"sub": "ada", "exp": 4_000_000_000}, SECRET, algorithm="HS256")
    known = authenticator.token(token)
    clock[0] += 3_599
    assert authenticator.token(token) is known
    clock[0] += 2
    again = authenticator.token(token)
    assert again == known
    assert again is not known


def test_revocations_are_by_token_or_by_user_and_time() -> None:
    revocations = Revocations()
    authenticator = Authenticator(Trust(SECRET), time.time, revocations=revocations)
    now = time.time()
    first, second = (issue(SECRET, "ada", now=now - age, ttl=600) for age in (10, 1))
    other = issue(SECRET, "bob", now=now - 10, ttl=600)
    nameless = jwt.encode({"sub": "ada", "exp": now + 60}, SECRET, algorithm="HS256")
    for token in (first, second, other, nameless):
        authenticator.token(token)
    revocations.add([Revocation(None, "ada", now - 5, now + 600)])
    revocations.add([Revocation(None, "ada", now - 5, now + 600)])
    assert revocations.heard == 1
    for token in (first, nameless):
        with pytest.raises(Unauthenticated, match="revoked"):
            authenticator.token(token)
    assert authenticator.token(second).user == "ada"
    principal = authenticator.token(other)
    revocations.add([Revocation(principal.jti, None, 0, now + 600)])
    assert authenticator.ended(principal)
    revocations.forget_ended(now + 601)
    assert not authenticator.ended(principal)


async def test_a_revoked_token_is_refused_by_every_process_within_a_second_and_after_flushall(
    settings: Settings,
) -> None:
    async with (
        system_on(settings) as own,
        serving_write(settings) as writing,
        serving_read(settings) as reading,
    ):
        ada = own.person()
        deck = await ada.deck()
        other_token = own.token(ada.user)
        urls = [own.read_url, reading]

        async def statuses(token: str) -> list[int]:
            headers = {"Authorization": f"Bearer {token}"}
            posts = [
                await own.client.post(
                    f"{url}/api/commands/create-project", json={"title": "x"}, headers=headers
                )
                for url in (own.write_url, writing)
            ]
            gets = [await own.client.get(f"{url}/api/quota", headers=headers) for url in urls]
            return [answer.status_code for answer in (*posts, *gets)]

        assert await statuses(ada.token) == [201, 201, 200, 200]
        async with opened_live(ada, deck.id) as live, pool(settings, "revoking") as connections:
            jti = jwt.decode(ada.token, options={"verify_signature": False})["jti"]
            await TokenRevocations(connections).revoke_token(jti, "lost")
            code, _ = await live.closed()
            assert code == 4401

            async def gone() -> bool:
                return await statuses(ada.token) == [401] * 4

            await eventually(gone)
            assert await statuses(other_token) == [201, 201, 200, 200]
            async with Redis.from_url(str(settings.redis_url)) as redis:
                epoch = await own.table.value("select epoch from log_head")
                keys = [key async for key in redis.scan_iter(f"decklog:{epoch.hex[:8]}:*")]
                await redis.delete(*keys)
            assert await statuses(ada.token) == [401] * 4

            await TokenRevocations(connections).revoke_user(ada.user, "left")

            async def all_gone() -> bool:
                return await statuses(other_token) == [401] * 4

            await eventually(all_gone)
            assert await statuses(own.token(ada.user)) == [201, 201, 200, 200]
    # A process that starts later knows it as well.
    async with looking(settings), serving_write(settings) as later, httpx.AsyncClient() as client:
        answer = await client.post(
            f"{later}/api/commands/create-project",
            json={"title": "x"},
            headers={"Authorization": f"Bearer {ada.token}"},
        )
        assert answer.status_code == 401
        assert "revoked" in answer.json()["detail"]
