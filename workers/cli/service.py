"""The service that `decklog up` runs on a data folder, spoken to by the client library."""

import time
from pathlib import Path

from decklog import Client
from infra.embedded.errors import EmbeddedError
from infra.embedded.folder import Connections, read_connections
from infra.http.auth import issue
from infra.settings import Environment

# Seconds that a token of the command line is good for: as long as one verb may take.
TOKEN_SECONDS = 3_600.0


def running_service(data_dir: Path) -> Connections | None:
    """Return how to reach the service of a data folder; None if none runs there, or another database is meant."""
    if Environment().database_url is not None:
        return None
    try:
        return read_connections(data_dir)
    except EmbeddedError:
        return None


def client_of(service: Connections, user: str) -> Client:
    """Speak to a service for a user."""
    token = issue(service.jwt_secret, user, now=time.time(), ttl=TOKEN_SECONDS)
    return Client(service.write_url, service.read_url, token)
