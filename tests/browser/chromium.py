"""Debian's Chromium, as the tests start it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, ViewportSize, sync_playwright

PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
DESKTOP: Final[ViewportSize] = {"width": 1280, "height": 900}
# By hand, without tests/run, whichever of Debian's two there is.
PATH: Final = (
    os.environ.get("OUTREACH_TEST_CHROMIUM")
    or shutil.which("chromium")
    or "/usr/bin/chromium-headless-shell"
)
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


@contextmanager
def device(
    browser: Browser, profile: Path, *flags: str, **options: Any
) -> Iterator[BrowserContext]:
    """Somebody's own phone while the block runs: what it keeps stays in the folder `profile`."""
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
