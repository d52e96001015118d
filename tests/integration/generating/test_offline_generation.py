"""Decks made without any key, from the request to the slides, on real servers."""

from labour import ask, events, state
from making_decks import generating, shown
from running import System, system_on

from infra.http.sniffing import PPTX
from infra.settings import Settings
from tests.support.slides import demo
from workers.exporting import render

SOURCE = """# River deltas

A delta forms where a river meets standing water and drops its load. Most of the load is sand and silt.

## How they form

Slow water cannot carry sand. The sand settles first, near the mouth. Silt and clay settle farther out.
Over centuries the deposits build a fan of new land that splits the river into many arms.

## Kinds of delta

| Kind | Shaped by | Example |
| --- | --- | --- |
| Bird's foot | river | Mississippi |
| Arcuate | waves | Nile |
| Estuarine | tides | Ganges |

## Why they matter

- Half a billion people live on deltas
- They feed whole regions
- They are sinking
  - by pumping
  - by dams upstream
"""


async def test_an_outline_is_proposed_approved_and_drafted(settings: Settings) -> None:
    async with system_on(settings) as system, generating(settings):
        deck = await system.person().deck(slides=1)
        job = await ask(deck, "generation", prompt="Deltas", source_text=SOURCE)
        waiting = await state(deck, job, "awaiting-approval", seconds=60)
        outline = waiting["outline"]
        assert outline["provider"] == "offline-extractive"
        assert outline["title"] == "River deltas"
        assert len(await shown(deck)) == 1

        outline["slides"][-1]["title"] = "Why we care"
        answer = await deck.owner.post(
            "approve-outline", {"project_id": deck.id, "job_id": job, "outline": outline}
        )
        assert answer.status_code == 202, answer.text
        done = await state(deck, job, "succeeded", seconds=60)

        assert done["result"]["provider"] == "offline-extractive"
        assert done["result"]["slides"] == len(outline["slides"])
        titles = [s.title for s in (await shown(deck))[1:]]
        assert titles == [s["title"] for s in outline["slides"]]
        last = (await shown(deck))[-1]
        assert last.title == "Why we care"
        [(kind, content)] = last.blocks
        assert kind == "bullets"
        assert [(i["text"], i["level"]) for i in content["items"]] == [
            ("Half a billion people live on deltas", 0),
            ("They feed whole regions", 0),
            ("They are sinking", 0),
            ("by pumping", 1),
            ("by dams upstream", 1),
        ]
        kinds = next(s for s in await shown(deck) if s.title == "Kinds of delta")
        table = next(content for kind, content in kinds.blocks if kind == "table")
        assert [c["text"] for c in table["columns"]] == ["Kind", "Shaped by", "Example"]
        assert table["rows"][1]["cells"] == ["Arcuate", "waves", "Nile"]


async def test_who_approves_in_advance_is_not_asked(settings: Settings) -> None:
    async with system_on(settings) as system, generating(settings):
        deck = await system.person().deck(slides=0)
        job = await ask(deck, "generation", prompt="Deltas", slides=4, auto_approve=True)
        done = await state(deck, job, "succeeded", seconds=60)
        assert done["result"]["slides"] == 4
        slides = await shown(deck)
        assert len(slides) == 4
        assert all("To fill in" in str(s.blocks) for s in slides)
        assert any("no model" in w for w in done["result"]["warnings"])
        assert await events(deck, job) == [
            *("generation-requested", "started", "outlined", "outline-approved", "started", "succeeded")
        ]


async def test_a_run_is_undone_as_one_and_later_edits_of_people_stay(settings: Settings) -> None:
    async with system_on(settings) as system, generating(settings):
        deck = await system.person().deck(slides=1)
        job = await ask(deck, "generation", source_text=SOURCE, auto_approve=True)
        await state(deck, job, "succeeded", seconds=60)
        made = await shown(deck)
        own = await deck.add("text", {"text": "A note of mine"}, deck.blocks[0])
        # And on slides of the run: words of a person on one, a block of a person on another.
        await deck.change("edit-block", block_id=made[2].id, changes={"title": "My title"})
        added = await deck.add("text", {"text": "Also mine"}, made[3].id)

        answer = await deck.change("undo", job_id=job)

        assert answer["outcome"] == "merged"
        left = await shown(deck)
        assert [(s.id, s.title) for s in left] == [
            (made[0].id, made[0].title),
            (made[2].id, "My title"),
            (made[3].id, made[3].title),
        ]
        assert left[0].blocks == [("text", {"text": "A note of mine"})]
        assert left[2].blocks == [("text", {"text": "Also mine"})]
        for block in (own, added):
            assert (await deck.owner.see(f"{deck.path}/blocks/{block}"))["deleted"] is False


async def test_a_presentation_is_taken_over_as_it_stands(system: System) -> None:
    deck = await system.person().deck(slides=0)
    sent = await system.client.post(
        f"{system.write_url}/api/assets?project_id={deck.id}",
        content=render(demo(), "pptx").data,
        headers={**deck.owner.headers, "Content-Type": PPTX},
    )
    job = await ask(deck, "generation", prompt=None, source_asset_id=sent.json()["asset_id"])
    outline = (await state(deck, job, "awaiting-approval", seconds=60))["outline"]
    assert (outline["provider"], outline["title"]) == ("offline-pptx", "How river deltas grow")
    # The first stays out, the second is called otherwise; what is on them goes along.
    outline["slides"] = outline["slides"][1:]
    outline["slides"][0]["title"] = "Sand"
    answer = await deck.owner.post(
        "approve-outline", {"project_id": deck.id, "job_id": job, "outline": outline}
    )
    assert answer.status_code == 202, answer.text
    done = await state(deck, job, "succeeded", seconds=60)
    assert done["result"]["drafted_by"] == "offline-pptx"
    slides = await shown(deck)
    assert [s.title for s in slides][:3] == ["Sand", "Where it goes", "A bar"]
    assert [i["text"] for i in slides[0].blocks[0][1]["items"]][:2] == ["A river slows", "sand falls"]
    kinds = {kind for s in slides for kind, _ in s.blocks}
    assert {"bullets", "table", "chart", "image", "text"} <= kinds
    picture = next(c for s in slides for kind, c in s.blocks if kind == "image")
    assert (await deck.owner.get(f"/api/assets/{picture['asset_id']}")).status_code == 200
