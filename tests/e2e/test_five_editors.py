"""Five people make a deck: offline, in conflict, settling, undoing, restoring, on a branch and back."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
import websockets

from tests.e2e.conftest import Service, User

NAMES = ("ada", "ben", "cleo", "dana", "emil")
TEXT = "Rivers carve valleys. Water carries sand to the sea."


@dataclass
class Story:
    """One project, those who work on it, and the position that they all know of."""

    people: dict[str, User]
    project: str = ""
    position: int = 0
    blocks: dict[str, str] = field(default_factory=dict)

    def __call__(self, who: str, what: str, /, **fields: Any) -> Any:
        response = self.people[who].post(what, {"project_id": self.project, **fields})
        assert response.status_code < 300, response.text
        answer = response.json()
        self.position = max(self.position, answer["position"])
        return answer

    def edit(self, name: str, block: str, base: int, **changes: Any) -> Any:
        return self(name, "edit-block", block_id=self.blocks[block], base_version=base, changes=changes)

    def refused(self, name: str, command: str, **fields: Any) -> Any:
        response = self.people[name].post(command, {"project_id": self.project, **fields})
        assert response.status_code == 409, response.text
        return response.json()

    def get(self, path: str, project: str | None = None, **params: Any) -> Any:
        params = {"min_position": self.position, **params}
        response = self.people["ada"].get(f"/projects/{project or self.project}{path}", **params)
        assert response.status_code == 200, response.text
        return response.json()

    def block(self, block: str, **params: Any) -> Any:
        return self.get(f"/blocks/{self.blocks[block]}", **params)

    def text(self, block: str = "text", **params: Any) -> str:
        found: str = self.block(block, **params)["content"]["text"]
        return found

    def conflicts(self) -> list[Any]:
        found: list[Any] = self.get("/conflicts")["items"]
        return found

    def history(self, project: str | None = None) -> list[Any]:
        found: list[Any] = self.get("/history", project, limit=500)["items"]
        return found


@pytest.fixture
def story(service: Service) -> Story:
    """Ada has a slide with a text and a heading, and has asked four others in."""
    made = Story({name: service.user(name) for name in NAMES})
    made.project = made.people["ada"].command("create-project", title="Rivers")["project_id"]
    for name in NAMES[1:]:
        made("ada", "grant-access", user=name, role="editor")
    slide = made("ada", "add-block", type="slide", content={"title": "Valleys"})["result"]["block_id"]
    for kind, text in (("heading", "How valleys are made"), ("text", TEXT)):
        answer = made("ada", "add-block", type=kind, parent_id=slide, content={"text": text})
        made.blocks[kind] = answer["result"]["block_id"]
    made.blocks["slide"] = slide
    return made


def told(events: list[Any]) -> list[str]:
    return [f"{e['actor']['id']}: {e['event']}" for e in events]


def test_five_editors_play_through_what_the_documentation_promises(story: Story) -> None:
    begun = len(story.history())
    _offline_and_in_conflict(story)
    good = _undone_and_done_again(story)
    _ruined_and_restored(story, good)
    branch = _branched_and_merged_back(story, good)

    assert told(story.history()[begun:]) == [
        # Ben is there; Cleo comes back from a train and is merged; Dana clashes with Ben.
        "ben: block-edited",
        "cleo: block-edited",
        "dana: block-edited",
        "dana: block-edit-conflicted",
        # Ben, who is asked, takes his own word.
        "ben: block-edited",
        "ben: conflict-resolved",
        # Emil takes the heading away that Ada has just improved; she brings it back.
        "ada: block-edited",
        "emil: block-deleted",
        "emil: block-edit-conflicted",
        "ada: block-undeleted",
        "ada: conflict-resolved",
        # Cleo changes her mind twice, and Ada's word in between stays.
        "cleo: block-edited",
        "ada: block-edited",
        "cleo: block-edited",
        "cleo: step-undone",
        "cleo: block-edited",
        "cleo: step-redone",
        "ada: version-named",
        # Dana ruins it in one go; Emil restores it.
        "dana: block-edited",
        "dana: block-deleted",
        "dana: project-renamed",
        "emil: block-edited",
        "emil: block-undeleted",
        "emil: project-renamed",
        "emil: project-restored",
        # Meanwhile Ben was bolder on a branch, and Cleo here.
        "cleo: block-edited",
        "ben: block-edited",
        "ben: block-edited",
        "ben: block-edit-conflicted",
        "ben: branch-merged",
        "cleo: block-edited",
        "cleo: conflict-resolved",
    ]
    bolder = ["ben: block-edited", "ben: block-edited", "ben: access-granted"]
    assert told(story.history(branch))[-3:] == bolder
    assert story.conflicts() == []
    assert asyncio.run(_live(story)) == story.history()


def _offline_and_in_conflict(story: Story) -> None:
    story.edit("ben", "text", 1, text=TEXT.replace("valleys", "deep valleys"))

    merged = story.edit("cleo", "text", 1, text=TEXT.replace("sand", "fine sand"))
    assert (merged["outcome"], merged["conflicts"]) == ("merged", [])
    assert story.text() == "Rivers carve deep valleys. Water carries fine sand to the sea."

    refused = story.refused(
        "dana",
        "edit-block",
        block_id=story.blocks["text"],
        base_version=1,
        changes={"text": TEXT.replace("valleys", "narrow valleys")},
        on_conflict="reject",
    )
    assert (refused["code"], refused["current"]["version"]) == ("version-conflict", 3)
    assert told(refused["events"]) == ["ben: block-edited", "cleo: block-edited"]

    clashing = story.edit("dana", "text", 1, text=TEXT.replace("valleys", "narrow valleys"))
    assert clashing["outcome"] == "merged"
    assert story.text() == "Rivers carve narrow valleys. Water carries fine sand to the sea."
    [conflict] = story.conflicts()
    assert conflict["id"] == clashing["conflicts"][0]["id"]
    assert (conflict["field"], conflict["resolved"], conflict["winner"]) == ("text", False, "mine")
    assert conflict["theirs"] == "Rivers carve deep valleys. Water carries fine sand to the sea."
    assert conflict["mine"] == TEXT.replace("valleys", "narrow valleys")

    story("ben", "resolve-conflict", conflict_id=conflict["id"], choice="theirs")
    assert story.text() == "Rivers carve deep valleys. Water carries fine sand to the sea."
    assert story.conflicts() == []

    story.edit("ada", "heading", 1, text="How rivers make valleys")
    deleted = story("emil", "delete-block", block_id=story.blocks["heading"], base_version=1)
    [kept] = deleted["conflicts"]
    assert (kept["field"], kept["theirs"]) == ("deleted", {"text": "How rivers make valleys"})
    assert len(story.get("/blocks")["items"]) == 2
    story("ada", "resolve-conflict", conflict_id=kept["id"], choice="theirs")
    assert story.text("heading") == "How rivers make valleys"


def _undone_and_done_again(story: Story) -> int:
    """Return the position at which all is well."""
    before = story.text()
    story("cleo", "edit-block", block_id=story.blocks["text"], changes={"text": f"{before} Slowly."})
    story(
        "ada",
        "edit-block",
        block_id=story.blocks["text"],
        changes={"text": f"{before} Slowly.".replace("Water", "Their water")},
    )
    story("cleo", "undo")
    assert story.text() == before.replace("Water", "Their water")
    story("cleo", "redo")
    assert story.text() == f"{before} Slowly.".replace("Water", "Their water")
    good: int = story("ada", "name-version", name="Before the review")["position"]
    return good


def _ruined_and_restored(story: Story, good: int) -> None:
    text, dana = story.text(), story.people["dana"]
    batch = [
        {"type": "edit-block", "block_id": story.blocks["heading"], "changes": {"text": "TODO"}},
        {"type": "delete-block", "block_id": story.blocks["text"]},
        {"type": "rename-project", "title": "TODO"},
    ]
    answer = dana.http.post(
        f"{dana.service.write_url}/api/commands",
        json={"commands": [{"project_id": story.project, **command} for command in batch]},
    )
    assert answer.status_code == 200, answer.text
    story.position = answer.json()["position"]
    assert story.get("")["title"] == "TODO"
    assert story.text(at_position=good) == text
    assert story.get("/diff", **{"from": good, "to": story.position}) is not None

    story("emil", "restore-project", to_position=good)
    assert story.get("")["title"] == "Rivers"
    assert (story.text("heading"), story.text()) == ("How rivers make valleys", text)


def _branched_and_merged_back(story: Story, good: int) -> str:
    ben = story.people["ben"]
    branched = story("ben", "branch-project", at_position=good, title="Bolder rivers")
    branch: str = branched["result"]["project_id"]
    page = ben.get(f"/projects/{branch}/blocks", min_position=branched["position"]).json()["items"]
    copies = {block["type"]: block for block in page}
    assert copies["text"]["content"] == {"text": story.text()}
    bolder = story.text().replace("deep", "mighty")
    for kind, changes in (("text", {"text": bolder}), ("heading", {"level": 1})):
        answer = ben.command("edit-block", project_id=branch, block_id=copies[kind]["id"], changes=changes)
    # Nobody but Ben is a member there; what Ada reads below is what she may.
    ben.command("grant-access", project_id=branch, user="ada", role="viewer")
    story.position = max(story.position, answer["position"])

    ours = story.text().replace("deep", "wide")
    story("cleo", "edit-block", block_id=story.blocks["text"], changes={"text": ours})
    merged = story("ben", "merge-branch", branch_id=branch)
    assert merged["outcome"] == "merged"
    [conflict] = merged["conflicts"]
    assert (conflict["theirs"], conflict["mine"]) == (ours, bolder)
    assert story.text() == bolder
    assert story.block("heading")["content"]["level"] == 1
    story("cleo", "resolve-conflict", conflict_id=conflict["id"], choice="value", value=f"{ours} And mighty.")
    assert story.text() == f"{ours} And mighty."
    return branch


async def _live(story: Story) -> list[Any]:
    """Read the whole story once more, as a subscriber who begins with the first event."""
    ada = story.people["ada"]
    url = ada.service.read_url.replace("http", "ws") + f"/api/projects/{story.project}/live?after=0"
    token = ada.http.headers["authorization"].removeprefix("Bearer ")
    events: list[Any] = []
    async with websockets.connect(url, subprotocols=["decklog.v1", f"bearer.{token}"]) as socket:
        while not events or events[-1]["position"] < story.position:
            message = json.loads(await asyncio.wait_for(socket.recv(), 10))
            if message.pop("type") == "event":
                events.append(message)
    return events
