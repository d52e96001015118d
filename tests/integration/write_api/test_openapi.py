from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter
from running import System, eventually

from commands.messages import ALL_COMMANDS, Command

PROJECT = "7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11"


async def document(system: System, url: str) -> dict[str, Any]:
    answer = await system.client.get(f"{url}/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def resolved(api: dict[str, Any], schema: Any) -> Any:
    """Put what is referred to in the place of the reference; a missing one is a KeyError."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            found: Any = api
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            return resolved(api, found)
        return {k: resolved(api, v) for k, v in schema.items()}
    return [resolved(api, v) for v in schema] if isinstance(schema, list) else schema


@pytest.mark.parametrize("command", ALL_COMMANDS, ids=lambda c: c.NAME)
async def test_each_command_is_described_with_an_example_that_is_valid(
    idle: System, command: type[Command]
) -> None:
    api = await document(idle, idle.write_url)
    operation = api["paths"][f"/api/commands/{command.NAME}"]["post"]
    body = operation["requestBody"]["content"]["application/json"]
    schema = resolved(api, body["schema"])
    example = body["example"]
    assert TypeAdapter(command).validate_json(TypeAdapter(Any).dump_json(example))
    assert set(schema["required"]) <= set(example) <= set(schema["properties"])
    assert schema["additionalProperties"] is False
    assert operation["summary"]
    assert operation["description"]
    assert {"401", "404", "409", "413", "422", "503"} <= set(operation["responses"])
    assert resolved(api, operation["responses"])
    # And it is served: without a right to the example's project, the command is known but the project is not.
    fields = {**example, "project_id": PROJECT} if "project_id" in example else example
    answer = await idle.person().post(command.NAME, fields)
    begins = command.REQUIRES is None and command.CREATES
    assert answer.status_code == (201 if begins else 404), answer.text


async def test_the_write_api_describes_its_batch_and_all_references_lead_somewhere(idle: System) -> None:
    api = await document(idle, idle.write_url)
    assert "post" in api["paths"]["/api/commands"]
    assert resolved(api, api["paths"])
    operations = {"/api/health", "/api/health/live", "/api/health/ready", "/metrics"}
    assert operations <= set(api["paths"])
    assert len(api["paths"]) == len(ALL_COMMANDS) + len(operations) + 2


async def test_the_read_api_describes_every_query_that_it_answers(system: System) -> None:
    api = await document(system, system.read_url)
    ada = system.person()
    deck = await ada.deck()
    await ada.see(deck.path, min_position=deck.position)
    opened = await deck.change("open-comment", text="Why?")
    theme = (await ada.see("/api/themes"))["items"][0]["id"]
    await ada.see(f"{deck.path}/comments", min_position=deck.position)
    sent = await ada.system.client.post(
        f"{system.write_url}/api/assets?project_id={deck.id}",
        content=b"a file",
        headers={**ada.headers, "Content-Type": "text/plain"},
    )
    asset = sent.json()["asset_id"]
    requested = await ada.post("request-export", {"project_id": deck.id, "format": "markdown"})
    job, position = requested.json()["result"]["job_id"], requested.json()["position"]

    async def exported() -> bool:
        return bool((await ada.see(f"/api/jobs/{job}", min_position=position))["state"] == "succeeded")

    await eventually(exported, 60)
    operator = system.person(scope="admin")
    for path, item in api["paths"].items():
        place = (
            path.replace("{asset}", asset).replace("{project}", deck.id).replace("{block}", deck.blocks[0])
        )
        place = place.replace("{thread}", opened["result"]["thread_id"]).replace("{theme}", theme)
        place = place.replace("{job}", job)
        if path.endswith("/events") or "get" not in item:
            continue
        needed = {"from": 0} if path.endswith("/diff") else {}
        answer = await (operator if path.startswith("/api/admin") else ada).get(place, **needed)
        assert answer.status_code == 200, path
        declared = item["get"]["responses"]["200"]
        assert set(declared.get("headers", {})) <= {
            name.title() if name != "etag" else "ETag" for name in answer.headers
        }
    operations = [operation for item in api["paths"].values() for operation in item.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    assert {"/api/projects", "/api/projects/{project}/events", "/api/projects/{project}/members"} <= set(
        api["paths"]
    )


async def test_histories_are_what_the_catalogue_of_events_says(system: System) -> None:
    api = await document(system, system.read_url)
    ada = system.person()
    deck = await ada.deck()
    opened = await deck.change("open-comment", text="Why?")
    for path, place in (
        ("/api/projects/{project}/history", f"{deck.path}/history"),
        ("/api/projects/{project}/blocks/{block}/history", f"{deck.path}/blocks/{deck.blocks[0]}/history"),
    ):
        content = api["paths"][path]["get"]["responses"]["200"]["content"]
        page = (await ada.get(place, min_position=opened["position"])).json()
        assert page["items"]
        Draft202012Validator(resolved(api, content["application/json"]["schema"])).validate(page)
        line = Draft202012Validator(resolved(api, content["application/x-ndjson"]["schema"]))
        assert all(line.is_valid(event) for event in page["items"])
        assert not line.is_valid(page["items"][0] | {"event": "no-such-event"})
