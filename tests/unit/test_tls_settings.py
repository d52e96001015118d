"""How servers are reached over TLS."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from infra.redis.client import redis_client
from infra.settings import Settings

BASE: dict[str, Any] = {
    "database_url": "postgresql://decklog:pass@db/decklog",
    "redis_url": "rediss://:pass@cache:6380/0",
    "jwt_secret": "a secret of these tests, long enough",
}


def test_addresses_say_how_they_are_reached() -> None:
    settings = Settings(
        **BASE,
        database_replica_url="postgresql://decklog:pass@replica/decklog?sslmode=require",
        db_ssl_mode="verify-full",
        db_ssl_root_cert=Path("/etc/ca.pem"),
        redis_ssl_ca=Path("/etc/redis-ca.pem"),
    )
    assert (
        settings.dsn == "postgresql://decklog:pass@db/decklog?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem"
    )
    assert settings.direct_dsn == settings.dsn
    # What an address says itself, it keeps.
    assert settings.replica_dsn is not None
    assert "sslmode=require" in settings.replica_dsn
    kwargs = redis_client(settings).connection_pool.connection_kwargs
    assert kwargs["ssl_ca_certs"] == "/etc/redis-ca.pem"
    assert (
        redis_client(settings, url=settings.limiter_url).connection_pool.connection_kwargs["host"] == "cache"
    )


def test_without_tls_settings_addresses_stay_as_they_are() -> None:
    settings = Settings(**{**BASE, "redis_url": "redis://cache:6379/0"}, redis_ssl_ca=Path("/etc/ca.pem"))
    assert settings.dsn == BASE["database_url"]
    assert str(settings.redis_url) == "redis://cache:6379/0"


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ValidationError, match="db_ssl_mode"):
        Settings(**BASE, db_ssl_mode="maybe")
