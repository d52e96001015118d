"""What a new user does first."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import websockets

from infra.bootstrap import read_models
from tests.e2e.conftest import Service

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"


def test_the_readme_s_tour_works_word_for_word(service: Service) -> None:
    readme = (ROOT / "README.md").read_text()
    script = next(
        block for block in re.findall(r"```sh\n(.*?)```", readme, re.DOTALL) if "create-project" in block
    )
    script = script.replace("http://127.0.0.1:8001", service.write_url).replace(
        "http://127.0.0.1:8002", service.read_url
    )
    if not (service.folder / ".venv").exists():
        (service.folder / ".venv").symlink_to(Path(sys.prefix))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace("--max-time 3", "--max-time 3 || true #")],
        cwd=service.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line]
    assert json.loads(lines[0])["content"] == {"text": "two"}
    late = json.loads(lines[1])
    assert (late["code"], late["current"]["version"]) == ("version-conflict", 2)
    assert json.loads(lines[2])["code"] == "not-found"
    history = [json.loads(line)["event"] for line in lines[3:7]]
    assert history == ["project-created", "block-added", "block-added", "block-edited"]


def test_the_command_lines_of_the_readme_work(service: Service) -> None:
    (service.folder / "deck.md").write_text("# Rivers\n\nWater.\n\n## Deltas\n\n- silt\n- reeds\n")
    imported = json.loads(service.cli("import", "deck.md", "--user", "ada", "--json").stdout)
    assert (imported["result"]["slides"], imported["result"]["blocks"]) == (2, 4)
    events = service.cli("events", "show", "--limit", "5", "--json").stdout.splitlines()
    assert [json.loads(e)["position"] for e in events] == [1, 2, 3, 4, 5]
    rows = json.loads(service.cli("projections", "list", "--json").stdout)
    assert {row["name"] for row in rows} == {model.name for model in read_models()}
    rebuilt = json.loads(service.cli("projections", "rebuild", "blocks", "--json").stdout)
    assert (rebuilt["models"], rebuilt["differences"]) == (["blocks"], [])
    assert service.cli("db", "url").stdout.startswith("postgresql://")
    assert service.cli("cache", "url").stdout.startswith("redis://")
    assert service.cli("migrate").stdout.strip() == "the schema is up to date"


def test_files_that_are_no_decks_are_refused_in_a_line(service: Service) -> None:
    before = service.cli("events", "show", "--limit", "100000", "--json").stdout
    (service.folder / "large.md").write_text("word " * 1_000_000)
    (service.folder / "long.md").write_text("word " * 100_000)
    (service.folder / "image.md").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 10)
    (service.folder / "nul.md").write_bytes(b"# A\n\nb\0c\n")
    reasons = {"large.md": "4,194,304", "long.md": "400,000", "image.md": "UTF-8", "nul.md": "control"}
    for name, reason in reasons.items():
        refused = service.cli("import", name, "--user", "ada", check=False)
        assert refused.returncode == 1
        assert reason in refused.stderr
        assert "Traceback" not in refused.stderr
    assert service.cli("events", "show", "--limit", "100000", "--json").stdout == before


def test_a_real_deck_is_imported_and_reads_back(service: Service) -> None:
    decks = SHARED / "data" / "decks"
    if not decks.is_dir():
        pytest.skip("the folder with decks written by others is not here")
    ada = service.user("ada")
    for path in sorted(decks.glob("*-*.md")):
        answer = ada.command("import-markdown", text=path.read_text())
        page = ada.get(f"/projects/{answer['project_id']}/blocks", min_position=answer["position"], limit=500)
        blocks = page.json()["items"]
        assert len(blocks) == answer["result"]["blocks"]
        assert sum(b["type"] == "slide" for b in blocks) == answer["result"]["slides"] > 3


def test_the_sample_project_is_the_callers_and_is_imported_once(service: Service) -> None:
    you = service.user("you")
    project = service.told["project_id"]
    assert you.get(f"/projects/{project}").json()["role"] == "owner"
    assert [p["id"] for p in you.get("/projects").json()["items"]] == [project]


def test_events_tail_shows_what_happens(service: Service) -> None:
    ada = service.user("ada")
    project, _, (block,) = ada.deck("one")
    tail = subprocess.Popen(
        [
            str(Path(sys.executable).with_name("decklog")),
            "events",
            "tail",
            "--project",
            project,
            "--after",
            "0",
            "--json",
        ],
        cwd=service.folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert tail.stdout is not None
        seen = [json.loads(tail.stdout.readline())["event"] for _ in range(3)]
        ada.command("edit-block", project_id=project, block_id=block, changes={"text": "two"})
        seen.append(json.loads(tail.stdout.readline())["event"])
    finally:
        tail.terminate()
        tail.wait(10)
        tail.stdout.close()
    assert seen == ["project-created", "block-added", "block-added", "block-edited"]


def test_an_edit_reaches_a_subscriber(service: Service) -> None:
    ada = service.user("ada")
    project, _, (block,) = ada.deck("one")

    async def walk() -> list[str]:
        url = service.read_url.replace("http", "ws") + f"/api/projects/{project}/live?after=0"
        token = ada.http.headers["authorization"].removeprefix("Bearer ")
        async with websockets.connect(url, subprotocols=["decklog.v1", f"bearer.{token}"]) as socket:
            assert json.loads(await socket.recv())["type"] == "welcome"
            names = [json.loads(await socket.recv())["event"] for _ in range(3)]
            await asyncio.to_thread(
                ada.command, "edit-block", project_id=project, block_id=block, changes={"text": "two"}
            )
            names.append(json.loads(await asyncio.wait_for(socket.recv(), 5))["event"])
            return names

    assert asyncio.run(walk()) == ["project-created", "block-added", "block-added", "block-edited"]


def test_the_service_conforms(service: Service) -> None:
    script = SHARED / "conformance" / "conformance.py"
    if not script.is_file():
        pytest.skip("the conformance script is not here")
    done = subprocess.run(
        [
            sys.executable,
            str(script),
            *("--write", service.write_url, "--read", service.read_url),
            *("--token", service.token("ada"), "--other", service.token("bob")),
            *("--admin", service.token("root", "--scope", "admin audit")),
            *("skeleton", "domain", "live", "read", "jobs", "gate"),
        ],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
