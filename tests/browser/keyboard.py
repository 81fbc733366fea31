"""Moves the focus by keyboard."""

from playwright.sync_api import Page, expect


def focus(page: Page, role: str, name: str) -> None:
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
