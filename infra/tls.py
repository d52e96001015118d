"""How servers are reached over TLS, said in their addresses."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_DATABASES = ("database_url", "database_direct_url", "database_replica_url")
_REDISES = ("redis_url", "rate_limit_url")


def with_tls(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings whose addresses say what the TLS settings say; an address that says it itself keeps its own."""
    found = dict(said)
    postgres = {"sslmode": said.get("db_ssl_mode"), "sslrootcert": said.get("db_ssl_root_cert")}
    for name in _DATABASES:
        found |= _with(found, name, postgres)
    for name in _REDISES:
        if str(said.get(name) or "").startswith("rediss://"):
            found |= _with(found, name, {"ssl_ca_certs": said.get("redis_ssl_ca")})
    return found


def _with(found: Mapping[str, Any], name: str, wanted: Mapping[str, Any]) -> dict[str, str]:
    more = {key: str(value) for key, value in wanted.items() if value}
    if not more or not found.get(name):
        return {}
    parts = urlsplit(str(found[name]))
    query = {**more, **dict(parse_qsl(parts.query))}
    return {name: urlunsplit(parts._replace(query=urlencode(query)))}
