import pytest

from tests.support.scenario import World, shared_deck


@pytest.fixture
async def world() -> World:
    """A world with one shared deck in it; see `shared_deck`."""
    found = World()
    await found.given(*shared_deck())
    return found
