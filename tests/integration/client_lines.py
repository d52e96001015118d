"""The client library as a person uses it in tests, on a line that can be cut."""

from running import Person

from decklog import Client, Patience
from tests.faults.line import line_to

__all__ = ["QUICK", "client_of", "line_to"]

QUICK = Patience(attempts=8, first=0.02, longest=0.2, timeout=10)


def client_of(person: Person, *, write: str | None = None, read: str | None = None) -> Client:
    return Client(
        write or person.system.write_url, read or person.system.read_url, person.token, patience=QUICK
    )
