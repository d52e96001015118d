"""What tests of personal data share. Their helpers are found beside this file: test folders are no packages."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from running import Table, looking

from infra.settings import Settings

sys.path.insert(0, str(Path(__file__).parent))

from people import Writer, writer_on


@pytest.fixture
async def writer(settings: Settings) -> AsyncIterator[Writer]:
    async with writer_on(settings) as found:
        yield found


@pytest.fixture
async def table(settings: Settings) -> AsyncIterator[Table]:
    async with looking(settings) as found:
        yield found
