"""A browser that is already there, and a service to look at. Chromium is never downloaded."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.conftest import Service, folder, service

__all__ = ["Service", "folder", "service"]

# Chromium's own background traffic has nothing to do with what is tested.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium from PATH. Without one, the test is skipped; where a browser is required, it fails.

    No longer than a module: while Playwright runs, the thread has a running event loop, and the
    asynchronous tests that come after could not run theirs.
    """
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("DECKLOG_REQUIRE_BROWSER"):
            pytest.fail("a browser is required here, and there is no chromium on PATH")
        pytest.skip("there is no chromium on PATH")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        launched.close()
