"""Debian's Chromium, as the tests start it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, ViewportSize, sync_playwright

PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
DESK: Final[ViewportSize] = {"width": 1280, "height": 900}
PATH: Final = os.environ.get("OUTREACH_TEST_CHROMIUM") or "/usr/bin/chromium"
# It asks nobody anything by itself: where there is no network it would ask again and again.
_FLAGS: Final = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def running() -> Iterator[Browser]:
    """A browser while the block runs. Raises playwright's Error when it does not start."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=PATH,
            args=_FLAGS,
            chromium_sandbox=os.geteuid() != 0,  # which root cannot have
        )
        yield browser
        browser.close()
