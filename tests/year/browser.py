"""A browser of the year: it reads the forms of a page, fills them in and sends them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode, urljoin, urlsplit

from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS: Final = 4


@dataclass(frozen=True)
class Form:
    """A form of a page: what a browser would send, what else could be chosen, its buttons."""

    action: str
    method: str
    fields: Mapping[str, Sequence[str]]
    choices: Mapping[str, Sequence[str]]  # radio buttons, boxes and lists that are not disabled
    buttons: Sequence[tuple[str, str]]

    def has(self, name: str) -> bool:
        return name in self.fields or name in self.choices

    def fill(self, changes: Mapping[str, Any], button: tuple[str, str] | None) -> dict[str, Any]:
        """The fields to send; a change that is None is left out."""
        sent: dict[str, Any] = {name: list(values) for name, values in self.fields.items()}
        sent.update(changes)
        if button is not None and button[0]:
            sent[button[0]] = button[1]
        return {name: value for name, value in sent.items() if value is not None}


@dataclass(frozen=True)
class Page:
    """An answer, with the path that it came from."""

    path: str
    answer: TestResponse

    @property
    def status(self) -> int:
        return self.answer.status_code

    @property
    def text(self) -> str:
        return self.answer.get_data(as_text=True)

    @cached_property
    def tree(self) -> html.HtmlElement:
        return html.fromstring(self.text)

    @cached_property
    def forms(self) -> list[Form]:
        return [self._read(each) for each in self.tree.iter("form")]

    @cached_property
    def links(self) -> list[str]:
        """The paths of this site that the page leads to."""
        found = (urljoin(self.path, each.get("href", "")) for each in self.tree.iter("a"))
        return [each.partition("#")[0] for each in found if each.startswith("/")]

    def find(self, ending: str, *, field_name: str = "") -> Form | None:
        """The first form whose address ends so, and that has that field."""
        return next(
            (
                each
                for each in self.forms
                if each.action.endswith(ending) and (not field_name or each.has(field_name))
            ),
            None,
        )

    def _read(self, form: html.HtmlElement) -> Form:
        fields: dict[str, list[str]] = {}
        choices: dict[str, list[str]] = {}
        buttons: list[tuple[str, str]] = []
        inside = form.xpath(".//input | .//select | .//textarea | .//button")
        outside = self.tree.xpath("//*[@form=$id]", id=form.get("id", "-"))
        for each in [*inside, *outside]:
            name, value = each.get("name", ""), each.get("value", "")
            if "disabled" in each.attrib:
                continue
            kind = each.get("type", "text" if each.tag == "input" else each.tag)
            if each.tag == "button":
                if kind in {"button", "submit"} and each.get("type") != "button":
                    buttons.append((name, value))
            elif not name or kind == "file":
                continue
            elif kind in {"radio", "checkbox"}:
                choices.setdefault(name, []).append(value)
                if "checked" in each.attrib:
                    fields.setdefault(name, []).append(value)
            elif each.tag == "select":
                options = [o for o in each.iter("option") if "disabled" not in o.attrib]
                values = [o.get("value", o.text_content()) for o in options]
                chosen = [v for o, v in zip(options, values, strict=True) if "selected" in o.attrib]
                choices.setdefault(name, []).extend(values)
                fields.setdefault(name, []).extend((chosen or values)[:1])
            elif each.tag == "textarea":
                fields.setdefault(name, []).append((each.text or "").removeprefix("\n"))
            else:
                fields.setdefault(name, []).append(value)
        action = urljoin(self.path, form.get("action") or self.path)
        method = form.get("method", "get").upper()
        return Form(action, method, fields, choices, buttons)


Watch = Callable[[str, str, Page], None]


@dataclass
class Browser:
    """Somebody's browser. `watch` is shown each answer: the method, the path, and the page."""

    client: FlaskClient
    watch: Watch
    address: str
    headers: Mapping[str, str] = field(default_factory=dict)
    token: str = ""  # the staff forms' token

    def get(self, path: str) -> Page:
        return self._follow("GET", path, None)

    def post(self, path: str, fields: Mapping[str, Any]) -> Page:
        sent = {"token": self.token, **fields} if self.token else dict(fields)
        return self._follow("POST", path, sent)

    def send(self, form: Form, button: tuple[str, str] | None = None, **changes: Any) -> Page:
        filled = form.fill(changes, button)
        if form.method == "GET":
            return self.get(f"{form.action}?{urlencode(filled, doseq=True)}")
        return self.post(form.action, filled)

    def _follow(self, method: str, path: str, fields: Mapping[str, Any] | None) -> Page:
        for _step in range(MAX_REDIRECTS):
            answer = self.client.open(
                path,
                method=method,
                data=fields,
                headers=dict(self.headers),
                environ_base={"REMOTE_ADDR": self.address},
            )
            page = Page(urlsplit(path).path, answer)
            self.watch(method, path, page)
            if answer.status_code not in REDIRECTS:
                return page
            path = urljoin(path, answer.headers["Location"])
            if not path.startswith("/"):
                parts = urlsplit(path)
                path = parts.path + (f"?{parts.query}" if parts.query else "")
            method, fields = "GET", None
        return page
