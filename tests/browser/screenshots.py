"""Takes screenshots of every page:  python -m tests.browser.screenshots FOLDER [NAME…]

On a phone and on a desktop, in light and dark mode, for example workshop-phone-dark.png. A NAME is
one of tests/browser/pages.py; without one, all pages.
"""

import sys
import tempfile
from itertools import product
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser

from tests.browser import chromium, world
from tests.browser.pages import EVERY, visit

SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")


def take(browser: Browser, site: world.World, name: str, folder: Path) -> None:
    for (size, view), scheme in product(
        (("phone", chromium.PHONE), ("desk", chromium.DESKTOP)), SCHEMES
    ):
        context = browser.new_context(
            viewport=view, color_scheme=scheme, base_url=site.url, reduced_motion="reduce"
        )
        page = context.new_page()
        try:
            visit(page, site, name)
        except AssertionError:
            print(f"{name}: unexpected status")
            return
        finally:
            file = f"{name.replace(' ', '-')}-{size}-{scheme}.png"
            page.screenshot(path=folder / file, full_page=True)
            context.close()


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        world.running(Path(data)) as site,
        chromium.running() as browser,
    ):
        for name in names or EVERY:
            take(browser, site, name, folder)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:])
