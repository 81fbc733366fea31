"""People who use the site over https: they register and open their page, while machines behind it
are stopped and started."""

import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlencode

from tests.guide_runs.hosts import Failed
from tests.guide_runs.namespaces import PEOPLE
from tests.support import html_forms

NAME: Final = "talleres.example.org"
READING: Final = 2.2  # seconds: the form refuses answers within two
PATIENCE: Final = 120.0  # seconds for which a person retries
PAUSE: Final = 0.5
Form = Mapping[str, str | list[str]] | None
_FIRST: Final = int(ip_address(PEOPLE.partition("/")[0]))


@dataclass(frozen=True)
class Answer:
    status: int  # 0: no answer
    location: str
    text: str


@dataclass(frozen=True)
class Site:
    """The address of the site and its certificate authority."""

    address: str
    trust: ssl.SSLContext

    def ask(self, path: str, form: Form = None, *, visitor: int = 1, **headers: str) -> Answer:
        line = _Line(self, str(ip_address(_FIRST + visitor % 1000)))
        request_headers = {name.replace("_", "-"): value for name, value in headers.items()}
        body = None
        if form is not None:
            body = urlencode(form, doseq=True)
            request_headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            line.request("GET" if form is None else "POST", path, body, request_headers)
            answer = line.getresponse()
            text = answer.read().decode(errors="replace")
            return Answer(answer.status, answer.headers.get("Location") or "", text)
        except (OSError, http.client.HTTPException):
            return Answer(0, "", "")
        finally:
            line.close()

    def insist(self, path: str, form: Form = None, *, visitor: int = 1) -> Answer:
        """Repeats a request as long as it fails for a reason of the server."""
        until = time.monotonic() + PATIENCE
        while True:
            answer = self.ask(path, form, visitor=visitor)
            if (answer.status and answer.status < 500) or time.monotonic() > until:
                return answer
            time.sleep(PAUSE)

    def workshop(self) -> str:
        """The path of the first workshop of the list. Raises Failed if there is none."""
        found = re.search(r'href="(/es/t/[^"/?#]+)"', self.insist("/es/").text)
        if found is None:
            raise Failed("the list shows no workshop")
        return found[1]

    def save(self, workshop: str, name: str, visitor: int, email: str = "") -> str:
        """Registers; returns the path of the registration's page. Without an answer the same form
        is sent again, as a person would."""
        path = f"{workshop}/lugar"
        page = self.insist(path, visitor=visitor)
        if page.status != 200:
            raise Failed(f"the form is answered {page.status}")
        fields = html_forms.fields(page.text, path) | {
            "name": name,
            "people": "1",
            "contact": "email" if email else "none",
            "email": email,
            "language": "es",
        }
        time.sleep(READING)
        answer = self.insist(path, fields, visitor=visitor)
        if answer.status != 303 or "/r/" not in answer.location:
            raise Failed(f"a place is answered {answer.status}: {_first_heading(answer.text)}")
        return re.sub(r"^https://[^/]+", "", answer.location)

    def require(self, link: str, name: str) -> None:
        """Raises Failed if the registration is missing."""
        page = self.insist(link)
        if page.status != 200 or name not in page.text:
            raise Failed(
                f"a place that was saved is answered {page.status}: {_first_heading(page.text)}"
            )


def _first_heading(page: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", "", found[1] if found else page[:300]).split())


class _Line(http.client.HTTPSConnection):
    def __init__(self, site: Site, own: str) -> None:
        super().__init__(NAME, 443, timeout=30, context=site.trust)
        self._site, self._own = site, own

    def connect(self) -> None:
        line = socket.create_connection(
            (self._site.address, 443), 10, source_address=(self._own, 0)
        )
        line.settimeout(30)
        self.sock = self._site.trust.wrap_socket(line, server_hostname=NAME)


@dataclass
class Crowd:
    """Several people at once, each registering repeatedly until stopped. `links` has the paths of
    their pages by name, `waits` how long each waited."""

    site: Site
    workshop: str
    people: int = 6
    links: dict[str, str] = field(default_factory=dict)  # by name
    answered: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._over, self._lock, self._next = threading.Event(), threading.Lock(), 0
        self._threads = [
            threading.Thread(target=self._person, daemon=True) for _ in range(self.people)
        ]

    def __enter__(self) -> "Crowd":
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for each in self._threads:
            each.join(timeout=2 * PATIENCE)

    def _person(self) -> None:
        while not self._over.is_set():
            with self._lock:
                self._next += 1
                number = self._next
            name, began = f"Rosa {number}", time.monotonic()
            try:
                link = self.site.save(self.workshop, name, number)
            except Failed as error:
                self.wrong.append(str(error))
                return
            now = time.monotonic()
            with self._lock:
                self.links[name] = link
                self.answered.append(now)
                self.waits.append(now - began - READING)

    def saved(self, more: int, seconds: float = PATIENCE) -> None:
        """Waits until that many more have registered."""
        wanted, until = len(self.links) + more, time.monotonic() + seconds
        while len(self.links) < wanted:
            if self.wrong or time.monotonic() > until:
                raise Failed("; ".join(self.wrong) or "no registration succeeds any more")
            time.sleep(0.1)

    @property
    def gap(self) -> float:
        """The longest time in seconds without a registration."""
        return max(
            (
                after - before
                for before, after in zip(self.answered, self.answered[1:], strict=False)
            ),
            default=0.0,
        )

    def require_all(self) -> None:
        """Raises Failed if an acknowledged registration is missing."""
        for name, link in self.links.items():
            self.site.require(link, name)
