"""TLS to the servers. The embedded ones are built without it: here a door that speaks it stands before each."""

import asyncio
import contextlib
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from psycopg.conninfo import conninfo_to_dict
from redis.exceptions import RedisError
from running import system_on

from infra.postgres.connections import connect
from infra.redis.client import redis_client
from infra.settings import Settings

# How a client of PostgreSQL asks whether TLS is spoken: a length of 8, and a version that is none.
SSL_REQUEST = bytes.fromhex("0000000804d2162f")


@dataclass(frozen=True)
class Authority:
    """Who signs certificates, and one of `localhost` that it signed."""

    ca: Path
    context: ssl.SSLContext


def authority(folder: Path, name: str) -> Authority:
    now = dt.datetime.now(dt.UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, n)]) for n in (f"CA {name}", "localhost")]

    def signed(which: int) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(names[which])
            .issuer_name(names[0])
            .public_key(keys[which].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(hours=1))
        )

    hosts = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    )
    root = signed(0).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    leaf = signed(1).add_extension(hosts, critical=False)
    ca, pair = folder / f"{name}-ca.pem", folder / f"{name}.pem"
    ca.write_bytes(root.sign(keys[0], hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    pair.write_bytes(
        keys[1].private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + leaf.sign(keys[0], hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    return Authority(ca, context)


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
    except (OSError, ssl.SSLError):
        pass  # Either side may hang up at any moment: so does the other then.
    finally:
        writer.close()


@asynccontextmanager
async def door(
    upstream: Callable[[], Awaitable[Ends]], context: ssl.SSLContext, *, asked_for: bytes = b""
) -> AsyncIterator[tuple[int, list[str]]]:
    """Speak TLS before a server, after the client asked for it where it has to; yields port and what was spoken."""
    spoken: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ssl.SSLError, asyncio.IncompleteReadError):
            if asked_for:
                assert await reader.readexactly(len(asked_for)) == asked_for
                writer.write(b"S")
                await writer.start_tls(context)
            spoken.append(writer.get_extra_info("ssl_object").version())
            there, back = await upstream()
            await asyncio.gather(_pump(reader, back), _pump(there, writer))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=None if asked_for else context)
    async with server:
        yield server.sockets[0].getsockname()[1], spoken


def over(settings: Settings, **more: Any) -> Settings:
    """The same settings, read as an environment would be."""
    names = ("database_url", "redis_url", "jwt_secret", "person_key_secret")
    known = {name: getattr(settings, name) for name in names}
    return Settings(**{**known, **more})


@asynccontextmanager
async def doors(settings: Settings, by: Authority) -> AsyncIterator[dict[str, str]]:
    """Stand before both servers, and yield addresses through the doors; both have to have been used in the end."""
    database, redis = conninfo_to_dict(settings.dsn), urlsplit(str(settings.redis_url))
    host, port = str(database["host"]), int(str(database["port"]))
    async with (
        door(lambda: asyncio.open_connection(host, port), by.context, asked_for=SSL_REQUEST) as (one, first),
        door(lambda: asyncio.open_connection(redis.hostname, redis.port), by.context) as (other, second),
    ):
        parts = urlsplit(settings.dsn)
        yield {
            "database_url": parts._replace(netloc=moved(parts.netloc, one)).geturl(),
            "redis_url": redis._replace(scheme="rediss", netloc=moved(redis.netloc, other)).geturl(),
        }
        for spoken in (first, second):
            assert spoken
            assert set(spoken) <= {"TLSv1.2", "TLSv1.3"}


def moved(netloc: str, port: int) -> str:
    return f"{netloc.rpartition('@')[0]}@127.0.0.1:{port}"


async def test_the_product_speaks_tls_with_servers_that_it_knows(settings: Settings, tmp_path: Path) -> None:
    by = authority(tmp_path, "known")
    async with doors(settings, by) as addresses:
        secure = over(
            settings, **addresses, db_ssl_mode="verify-full", db_ssl_root_cert=by.ca, redis_ssl_ca=by.ca
        )
        async with system_on(secure) as own:
            ada = own.person(tier="free")
            answer = await ada.post("create-project", {"title": "By TLS"})
            assert answer.status_code == 201, answer.text
            # Which only Redis knows.
            assert answer.headers["ratelimit"].startswith('"edits";r=999')
            assert await own.table.positions(answer.json()["project_id"]) == [answer.json()["position"]]


async def test_servers_that_are_not_who_they_should_be_are_refused(
    settings: Settings, tmp_path: Path
) -> None:
    by, other = authority(tmp_path, "known"), authority(tmp_path, "other")
    async with doors(settings, by) as addresses:
        trusting = over(
            settings, **addresses, db_ssl_mode="verify-full", db_ssl_root_cert=by.ca, redis_ssl_ca=by.ca
        )
        async with await connect(trusting), redis_client(trusting) as known:
            assert await known.ping()
        deceived = over(
            settings, **addresses, db_ssl_mode="verify-full", db_ssl_root_cert=other.ca, redis_ssl_ca=other.ca
        )
        with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
            await connect(deceived)
        async with redis_client(deceived) as stranger:
            with pytest.raises(RedisError, match="CERTIFICATE_VERIFY_FAILED"):
                await stranger.ping()


async def test_servers_without_tls_are_refused_where_it_is_wanted(settings: Settings) -> None:
    async with await connect(settings), redis_client(settings) as redis:
        assert await redis.ping()
    with pytest.raises(psycopg.OperationalError, match="does not support SSL"):
        await connect(over(settings, db_ssl_mode="require"))
    plain = urlsplit(str(settings.redis_url))
    secure = over(settings, redis_url=plain._replace(scheme="rediss").geturl())
    async with redis_client(secure, patience=0.3) as redis:
        # Valkey takes a greeting of TLS for the beginning of a command, and waits: nothing is said without it.
        with pytest.raises(RedisError, match="Timeout connecting to server"):
            await redis.ping()
