"""Printed pages have no navigation, few sheets and all content."""

import io

import pytest
from pypdf import PdfReader

from tests.browser.conftest import Open
from tests.browser.pages import visit
from tests.browser.world import World

NAVIGATION = (
    ".site-header, .staff-header, .staff-nav, .site-footer, .button, .exit-fixed, .action-bar"
)


@pytest.mark.parametrize(
    ("name", "sheets", "words"),
    [
        ("figures", 6, ["164", "57", "33", "37"]),
        ("bulletin", 4, ["164", "109,657", "21,389"]),
        *(
            pytest.param(*each, marks=pytest.mark.long)
            for each in (
                ("figures of a year", 6, ["2020", "164"]),
                ("month of the network", 6, ["2020", "Chicago"]),
                ("figures of a month", 4, ["109,657"]),
                ("bulletin preview", 4, ["164"]),
            )
        ),
    ],
)
def test_printed_page_has_no_navigation(
    opened: Open, world: World, name: str, sheets: int, words: list[str]
) -> None:
    page = opened()
    visit(page, world, name)
    page.emulate_media(media="print", color_scheme="dark")
    visible_count = page.locator(NAVIGATION).evaluate_all(
        "all => all.filter(one => one.checkVisibility()).length"
    )
    assert visible_count == 0, "navigation is printed"
    printed = PdfReader(io.BytesIO(page.pdf(format="Letter", print_background=True)))
    text = " ".join(sheet.extract_text() for sheet in printed.pages)
    assert 1 <= len(printed.pages) <= sheets
    values = page.locator("main input[type=text], main input:not([type])")
    typed = values.evaluate_all("all => all.map(one => one.value).join(' ')")
    for word in words:
        assert word in text or word in typed, word
