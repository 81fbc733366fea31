"""Moves the focus by keyboard."""

import re
from typing import Final

from playwright.sync_api import Locator, Page, expect


def focus(page: Page, role: str, name: str | re.Pattern[str]) -> None:
    """Presses Tab, or an arrow key within radio buttons, until the element has the focus."""
    wanted = page.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]  # any role
    expect(wanted).to_be_visible()
    for _ in range(120):
        if wanted.evaluate("it => it === document.activeElement"):
            return
        group = wanted.evaluate(
            "it => it.type === 'radio' && document.activeElement.name === it.name"
        )
        page.keyboard.press("ArrowDown" if group else "Tab")
    raise AssertionError(f"the tab key does not lead to {name}")


def focus_by_id(page: Page, field: str) -> None:
    """Presses Tab until the element with this id has the focus."""
    for _ in range(120):
        if page.evaluate("document.activeElement.id") == field:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the tab key does not lead to {field}")


# Says what is wrong with the focus, or nothing: it has no ring, is outside of the window, or is
# covered from top to bottom by a bar that stays in place (WCAG 2.4.11; a browser scrolls only the
# first line of a text field into view). A hidden radio button shows its ring on its label.
_UNSEEN: Final = """
    () => {
        const it = document.activeElement;
        if (!it || it === document.body) return '';
        const label = it.closest('label') || it;
        const rings = [it, it.parentElement, label].map(each => getComputedStyle(each));
        if (!rings.some(each => each.outlineStyle !== 'none' && parseFloat(each.outlineWidth) > 1))
            return `no ring on ${it.outerHTML.slice(0, 120)}`;
        const box = label.getBoundingClientRect();
        const [left, right] = [Math.max(box.left, 0), Math.min(box.right, innerWidth)];
        const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)];
        if (right <= left || bottom <= top) return `outside: ${it.outerHTML.slice(0, 120)}`;
        const hits = [0.1, 0.5, 0.9].map(share => (
            document.elementFromPoint((left + right) / 2, top + (bottom - top) * share)));
        if (hits.some(hit => label.contains(hit) || hit && hit.contains(label))) return '';
        const over = hits[1] && hits[1].outerHTML.slice(0, 120);
        return `${it.outerHTML.slice(0, 120)} is covered by ${over}`;
    }
"""


def reach(page: Page, role: str, name: str | re.Pattern[str]) -> Locator:
    """Presses Tab until the element has the focus, and asserts that each stop can be seen."""
    wanted = page.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]  # any role
    return reach_element(page, wanted)


def reach_element(page: Page, wanted: Locator) -> Locator:
    """Like `reach`. Within radio buttons, presses an arrow key."""
    expect(wanted).to_be_visible()
    for _ in range(200):
        if wanted.evaluate("it => it === document.activeElement"):
            return wanted
        group = wanted.evaluate(
            "it => it.type === 'radio' && document.activeElement.name === it.name"
        )
        page.keyboard.press("ArrowDown" if group else "Tab")
        unseen = page.evaluate(_UNSEEN)
        assert not unseen, f"{page.url}: {unseen}"
    raise AssertionError(f"the tab key does not lead to {wanted}")


def press(page: Page, role: str, name: str | re.Pattern[str]) -> None:
    """Reaches a link or button and presses Enter."""
    reach(page, role, name)
    page.keyboard.press("Enter")
