"""Collects what can be requested: from the URL map, from the pages, and query parameters from the
code."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from tests.fuzz.world import VISITORS, Site

PAGES_OF_ONE: Final = 3  # pages of one endpoint for one visitor: more would hold the same forms
CODE: Final = Path(__file__).parents[2] / "outreach"


@dataclass(frozen=True)
class Form:
    """A form as a page shows it: its action and its fields."""

    who: str
    method: str
    action: str
    fields: tuple[tuple[str, str], ...]
    choices: Mapping[str, tuple[str, ...]]  # other choices of a field


@dataclass
class Map:
    """All that was collected."""

    forms: list[Form] = field(default_factory=list)
    links: set[str] = field(default_factory=set)
    queries: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    names: set[str] = field(default_factory=set)  # names of fields of any form
    pages: int = 0

    def form(self, who: str, random: Random) -> Form:
        return random.choice([each for each in self.forms if each.who == who])


def found(site: Site, pages: int) -> Map:
    """Crawls the pages by addresses and links as each visitor, up to that many pages of an
    endpoint."""
    seen = Map()
    for name in _names_in_code():
        seen.queries[name].add("")
    for who in VISITORS:
        _walk(site, who, seen, pages)
    for form in seen.forms:
        seen.names |= {name for name, _value in form.fields} | set(form.choices)
        if form.method == "get":
            for name, value in form.fields:
                seen.queries[name].add(value)
    for link in sorted(seen.links):
        for name, value in parse_qsl(urlsplit(link).query):
            if len(seen.queries[name]) < 40:
                seen.queries[name].add(value)
    return seen


def rules(app: Flask, method: str) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if method in (rule.methods or set())]


def filled(rule: Rule, site: Site, random: Random) -> str:
    """A URL of that pattern that exists, as far as can be known."""
    parts = {name: random.choice(known(rule, name, site)) for name in rule.arguments}
    return path_of(rule, parts)


def path_of(rule: Rule, parts: Mapping[str, str]) -> str:
    """The pattern filled with the given values, even if they do not belong there."""
    return re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda part: parts.get(part[1], "x"), rule.rule)


def known(rule: Rule, name: str, site: Site) -> Sequence[str]:
    """The values that exist for that part of the URL."""
    ids = site.base.ids
    workshops = (*ids["workshop"], *ids["any workshop"][:10])
    there: dict[str, Sequence[str]] = {
        "lang": ("es", "en", "fr"),
        "public_id": workshops,
        "id": workshops,
        "slug": ids["office"],
        "code": ids["kind"],
        "month": ids["month"],
        "text": ids["month"],
        "year": ("2020", "2026"),
        "token": ids["entry"] if rule.rule.startswith("/q/") else ids["token"],
        "tour_id": ids["tour"],
        "stop_id": ids["tour_stop"],
        "organizer_id": ids["staff_member"],
        "venue": ids["venue"],
        "partner": ids["partner"],
        "speaker": ids["speaker"],
        "ending": ("csv", "xlsx"),
        "rest": ("nada",),
        "form": ("csv", "xlsx")
        if rule.rule.startswith("/org")
        else ("ics", "atom", "json", "jcal", "jscal"),
        "name": tuple(site.app.extensions["outreach_static"])
        if rule.endpoint.startswith("static")
        else ("red", "calgary", "1"),
    }
    return there.get(name, ("x",))


def forms_of(path: str, body: bytes) -> list["_Form"]:
    """The forms of a page, as it would send them."""
    page = _Page(path)
    page.feed(body.decode())
    page.close()
    return page.forms


def _walk(site: Site, who: str, seen: Map, pages: int) -> None:
    random = Random(who)
    there = [filled(rule, site, random) for rule in rules(site.app, "GET") for _ in range(2)]
    waiting = list(dict.fromkeys(there))
    visited, often = set(waiting), defaultdict[str, int](int)
    while waiting:
        path = waiting.pop(0)
        endpoint = _endpoint(site.app, path)
        if endpoint is None or often[endpoint] >= pages:
            continue
        often[endpoint] += 1
        answer = site.client.get(path, headers=site.headers(who))
        seen.pages += 1
        if answer.mimetype != "text/html":
            continue
        page = _Page(path)
        page.feed(answer.get_data(as_text=True))
        page.close()
        for form in page.forms:
            _remember(seen, who, form)
        form_links = [_as_link(form) for form in page.forms if form.method == "get"]
        for link in [*page.links, *form_links]:
            seen.links.add(link)
            if link not in visited:
                visited.add(link)
                waiting.append(link)


def _as_link(form: "_Form") -> str:
    """The URL of a GET form with its default choices."""
    given = {name: values[0] for name, values in form.choices.items() if name} | dict(form.fields)
    return f"{urlsplit(form.action).path}?{urlencode(given)}"


def _remember(seen: Map, who: str, form: "_Form") -> None:
    made = Form(
        who,
        form.method,
        form.action,
        tuple(form.fields),
        {name: tuple(values) for name, values in form.choices.items()},
    )
    # The same form of another workshop adds nothing.
    if sum(_shape(each) == _shape(made) for each in seen.forms) < 2:
        seen.forms.append(made)


def _shape(form: Form) -> tuple[object, ...]:
    action = re.sub(r"[0-9A-Z]{10,26}|\d+|[\w-]{22}", "_", urlsplit(form.action).path)
    return form.who, form.method, action, tuple(sorted({name for name, _ in form.fields}))


def _endpoint(app: Flask, path: str) -> str | None:
    try:
        endpoint: str = app.url_map.bind("localhost:8000").match(urlsplit(path).path)[0]
    except HTTPException:
        return None
    return endpoint


def _names_in_code() -> Iterator[str]:
    """The query parameters of the code: the first argument of `request.args.get` and the like."""
    for file in sorted((CODE / "web").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in {"get", "getlist"}
                and ast.unparse(node.func.value).endswith("args")
                and node.args
                and isinstance(node.args[0], ast.Constant)
                and isinstance(node.args[0].value, str)
            ):
                yield node.args[0].value


@dataclass
class _Form:
    method: str
    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


class _Page(HTMLParser):
    """The forms and links of a page."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path, self.forms, self.links = path, list[_Form](), list[str]()
        self._form: _Form | None = None
        self._by_id: dict[str, _Form] = {}
        self._select, self._area, self._text = "", "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "a" and has.get("href", "").startswith("/"):
            self.links.append(has["href"].partition("#")[0])
        if tag == "form":
            action = (has.get("action") or self.path).partition("#")[0]
            self._form = _Form(has.get("method", "get").lower(), action)
            self.forms.append(self._form)
            self._by_id[has.get("id", "")] = self._form
        form = self._by_id.get(has["form"]) if has.get("form") else self._form
        name = has.get("name", "")
        if form is None or not (name or tag == "option"):
            return
        if tag in {"input", "button"}:
            form.choices[name].append(has.get("value", ""))
            is_ticked = has.get("type") in {"checkbox", "radio"} or tag == "button"
            if not is_ticked or "checked" in has:
                form.fields.append((name, has.get("value", "")))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            form.choices[self._select].append(has.get("value", ""))
            if "selected" in has or len(form.choices[self._select]) == 1:
                form.fields.append((self._select, has.get("value", "")))
        elif tag == "textarea":
            self._area, self._text = name, ""

    def handle_data(self, data: str) -> None:
        self._text += data if self._area else ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._area and self._form is not None:
            self._form.fields.append((self._area, self._text))
            self._area = ""
