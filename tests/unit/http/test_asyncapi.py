from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from faststream.specification.asyncapi.v3_0_0.schema import ApplicationSchema
from jsonschema import Draft202012Validator

from commands.messages import ALL_COMMANDS
from domain.catalogue import CATALOGUE
from infra.http import close_codes
from infra.http.asyncapi import asyncapi_document

DOCUMENT: dict[str, Any] = orjson.loads(orjson.dumps(asyncapi_document()))
MESSAGES = DOCUMENT["components"]["messages"]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            if name == "$ref":
                yield item
            else:
                yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_every_reference_leads_somewhere() -> None:
    found = list(references(DOCUMENT))
    assert found
    for reference in found:
        at: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            at = at[part]


def test_it_has_the_form_of_asyncapi_3() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    ApplicationSchema.model_validate(DOCUMENT)
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] in {"send", "receive"}
        channel = DOCUMENT["channels"][operation["channel"]["$ref"].rpartition("/")[2]]
        assert {m["$ref"].rpartition("/")[2] for m in operation["messages"]} <= set(channel["messages"])


@pytest.mark.parametrize("name", MESSAGES)
def test_every_payload_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(MESSAGES[name]["payload"])


def test_it_has_every_command_every_event_and_every_close_code() -> None:
    assert {f"commands.client.{c.NAME}" for c in ALL_COMMANDS} <= set(MESSAGES)
    events = MESSAGES["live.server.event"]["payload"]["oneOf"]
    assert {e["title"] for e in events} == {name for name, _ in CATALOGUE.values()}
    assert [c["code"] for c in DOCUMENT["x-close-codes"]] == [c.code for c in close_codes.ALL]


@pytest.mark.parametrize("command", ALL_COMMANDS)
def test_the_example_of_a_command_is_a_message(command: Any) -> None:
    example = dict(command.EXAMPLE)
    if "type" in example:
        example["block_type"] = example.pop("type")
    schema = {**MESSAGES[f"commands.client.{command.NAME}"]["payload"], "components": DOCUMENT["components"]}
    Draft202012Validator(schema).validate({"id": "one", "type": command.NAME, **example})
    assert not Draft202012Validator(schema).is_valid({"type": command.NAME, **example, "unheard_of": 1})
