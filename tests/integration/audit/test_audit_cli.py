from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import Result
from typer.testing import CliRunner

from infra.settings import Settings
from workers.cli.app import app

pytestmark = pytest.mark.usefixtures("written")


class Decklog:
    """The command line, with a data folder that holds only keys and checkpoints."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(app, [*arguments, "--data-dir", str(self.folder)])
        assert result.exit_code == code, result.output
        return result

    def json(self, *arguments: str, code: int = 0) -> Any:
        return orjson.loads(self(*arguments, "--json", code=code).stdout)


@pytest.fixture
def decklog(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Decklog:
    for name in ("database_url", "redis_url", "jwt_secret", "person_key_secret"):
        monkeypatch.setenv(name.upper(), str(getattr(settings, name)))
    return Decklog(tmp_path)


def test_verify_and_checkpoint(decklog: Decklog) -> None:
    assert "no checkpoint" in decklog("audit", "verify").stdout
    signed = decklog.json("audit", "checkpoint")
    assert (signed["number"], signed["position"], signed["streams"]) == (1, 18, 3)
    assert (decklog.folder / "audit-key.pem").stat().st_mode & 0o777 == 0o600
    told = decklog.json("audit", "verify")
    assert told["ok"] is True
    assert (told["events"], told["checkpoints"], told["roots_checked"]) == (18, 1, 1)
    assert "everything verifies" in decklog("audit", "verify", "--key", signed["key"]).stdout
    assert decklog.json("audit", "verify", "--key", "00" * 32, code=1)["counts"] == {"checkpoint": 1}


def test_tampering_ends_with_status_1_and_its_place(decklog: Decklog, attack: Any) -> None:
    attack("update stored_events set state = 'x' where notification_id = 8")
    assert "position 8: " in decklog("audit", "verify", code=1).stdout
    told = decklog.json("audit", "verify", code=1)
    assert told["counts"] == {"changed": 1}
    assert (told["findings"][0]["position"], told["findings"][0]["version"]) == (8, 3)
    assert "is not signed" in decklog("audit", "checkpoint", code=1).output
    assert not (decklog.folder / "checkpoints.ndjson").exists()


def test_export_verify_offline_and_import(
    decklog: Decklog, attack: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = decklog.folder / "log.ndjson"
    decklog("audit", "checkpoint")
    assert decklog.json("events", "export", str(file)) == {"events": 18, "position": 18}
    assert decklog("events", "export", "-").stdout_bytes == file.read_bytes()
    assert "not empty" in decklog("events", "import", str(file), code=1).output
    attack("truncate stored_events, command_results", "update log_head set position = 0")
    assert decklog.json("events", "import", str(file))["position"] == 18
    assert decklog.json("audit", "verify")["ok"] is True
    file.write_bytes(file.read_bytes().replace(b'id\\":\\"ada', b'id\\":\\"eve'))
    assert "is not a whole log" in _emptied(decklog, attack, file)
    monkeypatch.delenv("DATABASE_URL")
    told = decklog.json("audit", "verify", "--file", str(file), code=1)
    assert told["counts"]["changed"] == 18


def _emptied(decklog: Decklog, attack: Any, file: Path) -> str:
    attack("truncate stored_events", "update log_head set position = 0")
    return decklog("events", "import", str(file), code=1).output


def test_what_is_asked_wrongly(decklog: Decklog) -> None:
    assert "--after goes with --file" in decklog("audit", "verify", "--after", "3", code=1).output
    assert "no such file" in decklog("audit", "verify", "--checkpoints", "/nowhere", code=1).output
    assert "is no key" in decklog("audit", "verify", "--key", "zz", code=1).output
    decklog("events", "export", "/nowhere/at/all", code=1)
