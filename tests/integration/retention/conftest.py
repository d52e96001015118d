"""What tests of detached projects and backups share; helpers are found beside this file."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a project goes."""
    return tmp_path / "deck.ndjson"
