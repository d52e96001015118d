"""Decks read critically, and what persons make of the suggestions."""

from labour import ask, state
from running import Deck, System

NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LONG = " ".join(f"The river carries sand and silt down to the sea, says sentence {n}." for n in NUMBERS)


async def suggestions(deck: Deck, **query: object) -> list[dict[str, object]]:
    return await deck.owner.all_pages(f"{deck.path}/suggestions", min_position=deck.position, **query)


async def thought(deck: Deck, **fields: object) -> dict[str, object]:
    done = await state(deck, await ask(deck, "thinking", **fields), "succeeded", seconds=60)
    deck.position = max(deck.position, done["position"])
    result: dict[str, object] = done["result"]
    return result


async def test_a_deck_is_read_by_rules_and_a_person_decides_block_by_block(system: System) -> None:
    deck = await system.person().deck(slides=1)
    slide = deck.blocks[0]
    text = await deck.add("text", {"text": LONG}, slide)
    picture = await deck.add("image", {"asset_id": "a", "caption": "A delta"}, slide)
    result = await thought(deck, instruction="Be kind")
    assert (result["provider"], result["model"], result["slides"]) == ("offline-rules", None, 1)
    assert "no model is configured" in str(result["warnings"])
    assert {f["code"] for f in result["findings"]} >= {"long-text", "no-alt"}  # type: ignore[attr-defined]

    found = {(s["block_id"], *s["changes"]): s for s in await suggestions(deck)}  # type: ignore[misc]
    assert set(found) == {(text, "text"), (picture, "alt"), (slide, "notes")}
    assert {s["created_by"] for s in found.values()} == {"machine:thinking"}
    assert (await deck.owner.see(f"{deck.path}/blocks/{text}"))["content"]["text"] == LONG

    await deck.change("accept-suggestion", suggestion_id=found[text, "text"]["id"])
    await deck.change("accept-suggestion", suggestion_id=found[slide, "notes"]["id"])
    await deck.change("reject-suggestion", suggestion_id=found[picture, "alt"]["id"])
    see = deck.owner.see
    short = (await see(f"{deck.path}/blocks/{text}", min_position=deck.position))["content"]["text"]
    assert short in LONG
    assert len(short) < len(LONG)
    assert (await see(f"{deck.path}/blocks/{slide}"))["content"]["notes"] == LONG
    assert (await see(f"{deck.path}/blocks/{picture}"))["content"]["alt"] == ""
    assert await suggestions(deck) == []

    # What was refused is not suggested again.
    again = await thought(deck)
    assert again["suggestions"] == 0
    assert await suggestions(deck) == []


async def test_a_picture_is_drawn_and_put_where_one_was_waited_for(system: System) -> None:
    deck = await system.person().deck(slides=1)
    block = await deck.add("image", {}, deck.blocks[0])
    job = await ask(deck, "image", prompt="A delta seen from above", block_id=block)
    done = await state(deck, job, "succeeded", seconds=60)
    result = done["result"]
    assert (result["provider"], result["placed"], result["type"]) == ("offline-drawn", True, "image/png")
    shown = await deck.owner.see(f"{deck.path}/blocks/{block}", min_position=done["position"])
    assert shown["content"]["asset_id"] == result["asset_id"]
    assert shown["content"]["alt"] == "Placeholder: A delta seen from above"
    assert shown["updated_by"] == "machine:image"
    got = await deck.owner.get(f"/api/assets/{result['asset_id']}")
    assert (got.status_code, got.headers["content-type"]) == (200, "image/png")
    # It is taken back as one.
    await deck.change("undo", job_id=job)
    assert (await deck.owner.see(f"{deck.path}/blocks/{block}", min_position=deck.position))["content"][
        "asset_id"
    ] is None
