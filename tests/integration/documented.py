"""The AsyncAPI document of the running APIs, and whether a message is one that it describes."""

from collections import Counter
from typing import Any

from jsonschema import Draft202012Validator
from running import JSON, System


async def described(system: System) -> JSON:
    documents = [
        (await system.client.get(f"{url}/asyncapi.json")).json()
        for url in (system.read_url, system.write_url)
    ]
    assert documents[0] == documents[1]
    document: JSON = documents[0]
    return document


class Judge:
    """Holds messages against the document's schemas; a message that none describes is a fault of the document."""

    def __init__(self, document: JSON) -> None:
        self._document = document
        self._validators: dict[str, Any] = {}
        self.seen: Counter[str] = Counter()

    def __call__(self, name: str, message: JSON) -> None:
        if name not in self._validators:
            payload = self._document["components"]["messages"][name]["payload"]
            schema = {**payload, "components": self._document["components"]}
            self._validators[name] = Draft202012Validator(schema)
        self._validators[name].validate(message)
        # What the document does not know would pass: properties may be added. Here none may be missing from it.
        told = self._document["components"]["messages"][name]["payload"].get("properties")
        assert told is None or set(message) <= {
            *told,
            "shredded",
            "resolution",
            "updated_at",
            "updated_by",
        }, message
        self.seen[name] += 1
