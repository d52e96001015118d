"""`decklog import` of files of other programs."""

import asyncio
import sys
from pathlib import Path

import orjson
import pytest
from running import System

from tests.conftest import environment
from tests.support.slides import demo
from workers.exporting import render


async def imported(idle: System, file: Path, user: str) -> tuple[int, bytes, bytes]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "workers.cli", "import", str(file), "--user", user, "--json",
        env=environment(idle.settings), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode or 0, out, err


async def test_a_pptx_file_becomes_a_project_with_its_pictures(system: System, tmp_path: Path) -> None:
    file = tmp_path / "rivers.pptx"
    file.write_bytes(render(demo(aspect="4:3"), "pptx").data)
    person = system.person()
    status, out, err = await imported(system, file, person.user)
    assert status == 0, err
    answer = orjson.loads(out)
    project = answer["project_id"]
    shown = await person.see(f"/api/projects/{project}", min_position=answer["position"])
    assert (shown["title"], shown["aspect"]) == ("How river deltas grow", "4:3")
    blocks = await person.all_pages(f"/api/projects/{project}/blocks", min_position=answer["position"])
    (image, *_) = [b for b in blocks if b["type"] == "image"]
    got = await person.get(f"/api/assets/{image['content']['asset_id']}")
    assert (got.status_code, got.headers["content-type"]) == (200, "image/png")
    assert {"bullets", "table", "chart", "image", "slide", "text"} <= {b["type"] for b in blocks}


@pytest.mark.parametrize("data", [b"PK\x03\x04 no pptx", b"\xff\xfe\x00 no text"])
async def test_a_file_that_is_neither_is_refused_in_words(idle: System, tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "broken.pptx"
    file.write_bytes(data)
    status, out, err = await imported(idle, file, "ada")
    assert (status, out) == (1, b"")
    assert b"broken.pptx: " in err
    assert b"Traceback" not in err
