"""The page's script writes hours on the reader's clock as the server would (`own_clock.js`)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page

from outreach import formats, web
from outreach.i18n import LANGUAGES
from outreach.web.presentation.reader_hours import _ATTRIBUTES
from tests.browser.conftest import Open
from tests.browser.world import World

THERE: Final = "America/New_York"
READERS: Final = ("Pacific/Honolulu", "America/Los_Angeles", "America/St_Johns", "America/Phoenix")
# Each half hour of two days with a change of clocks, and of one without.
MOMENTS: Final = [
    begins + timedelta(minutes=30 * number)
    for begins in (
        datetime(2027, 3, 14, 5, tzinfo=UTC),
        datetime(2027, 11, 7, 4, tzinfo=UTC),
        datetime(2027, 12, 31, 5, tzinfo=UTC),
    )
    for number in range(50)
]
HIDING: Final = "UTC"
SCRIPT: Final = Path(web.__file__).with_name("scripts") / "own_clock.js"


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("reader", [*READERS, THERE, HIDING])
def test_hours_are_those_of_the_server(reader: str, lang: str, opened: Open) -> None:
    page = opened(timezone_id=reader)
    found = show(page, lang)
    for moment, words in zip(MOMENTS, found, strict=True):
        at = moment.astimezone(ZoneInfo(THERE))
        own = "" if reader == HIDING else formats.own_hour(at, ZoneInfo(reader), lang)
        said, _gap, there = words.rpartition(" · ")
        assert there == "there"
        # The browser writes the weekday in its own way.
        assert said.rpartition(", ")[2] == own.rpartition(", ")[2], (moment, words)
        assert (", " in said) == (", " in own), (moment, words)


def show(page: Page, lang: str) -> list[str]:
    """What the script makes of all moments."""
    fields = [
        f"<p{_ATTRIBUTES.format(f'{each:%Y-%m-%dT%H:%MZ}', THERE, '%s')}>there</p>"
        for each in MOMENTS
    ]
    page.set_content(f'<html lang="{lang}"><body>{"".join(fields)}</body></html>')
    page.add_script_tag(path=SCRIPT)
    return page.locator("p").all_inner_texts()


def test_hours_to_choose_are_on_the_own_clock(opened: Open, world: World) -> None:
    page = opened(f"/es/t/{world.more['consultation']}/lugar", timezone_id="Pacific/Honolulu")
    first = page.locator(".hour span:has(> b)").first
    own, there = first.locator("b").inner_text(), first.locator("small").inner_text()
    assert own != there
    assert page.locator("[data-own-note]").is_visible()
    assert page.input_value("input[name=zone]") == "Pacific/Honolulu"
