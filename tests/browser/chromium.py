"""Starts Debian's Chromium."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, ViewportSize, sync_playwright

PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
DESKTOP: Final[ViewportSize] = {"width": 1280, "height": 900}
# tests/run sets the variable; otherwise, use the one of Debian's two packages that is installed.
PATH: Final = (
    os.environ.get("OUTREACH_TEST_CHROMIUM")
    or shutil.which("chromium")
    or "/usr/bin/chromium-headless-shell"
)
# Disable Chromium's own requests: without a network it would repeat them.
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
    """Runs a browser during the block. Raises playwright's Error when it does not start."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=PATH,
            args=_FLAGS,
            chromium_sandbox=os.geteuid() != 0,  # the sandbox does not work for root
        )
        yield browser
        browser.close()


@contextmanager
def device(
    browser: Browser, profile: Path, *flags: str, **options: Any
) -> Iterator[BrowserContext]:
    """Runs a phone's browser during the block; it stores its data in the folder `profile`."""
    context = browser.browser_type.launch_persistent_context(
        profile,
        executable_path=PATH,
        args=[*_FLAGS, *flags],
        chromium_sandbox=os.geteuid() != 0,
        viewport=PHONE,
        locale="es-MX",
        **options,
    )
    context.set_default_timeout(30_000)
    yield context
    context.close()
