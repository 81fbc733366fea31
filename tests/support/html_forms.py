"""Reads from a page what a browser would send with its forms."""

import re
from html.parser import HTMLParser
from typing import Any


def fields(page: str, action: str) -> dict[str, str | list[str]]:
    """The names and values of the form with that address; several of a name are a list."""
    reader = _Reader(action)
    reader.feed(page)
    reader.close()
    assert reader.is_found, f"no form to {action}"
    found: dict[str, str | list[str]] = {}
    for name, value in reader.found:
        before = found.get(name)
        if before is None:
            found[name] = value
        else:
            found[name] = [*(before if isinstance(before, list) else [before]), value]
    return found


def value(page: str, name: str) -> str:
    """The value of a field."""
    found = re.search(rf'name="{name}"[^>]*? value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def hidden(page: str) -> dict[str, Any]:
    """The hidden fields of the page's forms, several values as a list."""
    found: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page):
        found[name] = (
            [*found[name], value]
            if isinstance(found.get(name), list)
            else ([found[name], value] if name in found else value)
        )
    return found


class _Reader(HTMLParser):
    def __init__(self, action: str) -> None:
        super().__init__()
        self.action, self.is_found, self.is_inside = action, False, False
        self.found: list[tuple[str, str]] = []
        self._select, self._options = "", list[tuple[str, bool]]()
        self._area, self._text = "", list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.is_inside = has.get("action") == self.action
            self.is_found = self.is_found or self.is_inside
        if not self.is_inside:
            return
        name = has.get("name", "")
        if tag == "input" and name:
            is_ticked = has.get("type") in {"checkbox", "radio"}
            if not is_ticked or "checked" in has:
                self.found.append((name, has.get("value", "")))
        elif tag == "select":
            self._select, self._options = name, []
        elif tag == "option" and self._select:
            self._options.append((has.get("value", ""), "selected" in has))
        elif tag == "textarea":
            self._area, self._text = name, []

    def handle_data(self, data: str) -> None:
        if self._area:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.is_inside = False
        elif tag == "select" and self._select:
            chosen = [value for value, is_chosen in self._options if is_chosen]
            self.found.append((self._select, (chosen or [self._options[0][0]])[0]))
            self._select = ""
        elif tag == "textarea" and self._area:
            self.found.append((self._area, "".join(self._text)))
            self._area = ""
