"""Simulated users as threads: people register in bursts, cancel, request erasure, and resend the
form when no answer comes; staff edit workshops; programs poll feeds."""

import http.client
import random
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from tests.faults.book import Book, Edit, Person
from tests.faults.site import Site
from tests.support import html_forms
from tests.support.staff_client import COOKIE

Form = Mapping[str, Any]
PATIENCE: Final = 90.0  # seconds for which a person retries
PAUSE: Final = 0.5
READING: Final = 2.1  # seconds: the form refuses answers within two
BURST: Final = 3.0  # seconds from one burst to the next
_HEADING: Final = re.compile(r"<h1[^>]*>([^<]+)")
_FORM: Final = "application/x-www-form-urlencoded"
# What no error page may show.
SECRETS: Final = (
    "Traceback",
    "Errno",
    "sqlite3",
    "psycopg",
    "OperationalError",
    "sqlalchemy",
    "/tmp/",
)


@dataclass(frozen=True)
class Answer:
    status: int  # 0: no answer
    location: str = ""
    etag: str = ""
    text: str = ""


class Browser:
    """One browser with one client address."""

    def __init__(self, site: Site, book: Book, number: int, cookie: str = "") -> None:
        self.host, self.book = urlsplit(site.url).netloc, book
        self.own, self.cookie = site.address_of(number), cookie

    def ask(self, what: str, path: str, form: Form | None = None, etag: str = "") -> Answer:
        headers = {"If-None-Match": etag} if etag else {}
        if self.cookie:
            headers["Cookie"] = f"{COOKIE}={self.cookie}"
        body = None
        if form is not None:
            body, headers["Content-Type"] = urlencode(form, doseq=True), _FORM
        begun = time.monotonic()
        line = http.client.HTTPConnection(self.host, timeout=25, source_address=(self.own, 0))
        try:
            line.request("GET" if form is None else "POST", path, body, headers)
            answer = line.getresponse()
            text = answer.read().decode(errors="replace")
            headers_of = answer.headers
            found = Answer(
                answer.status, headers_of.get("Location") or "", headers_of.get("ETag") or "", text
            )
        except (OSError, http.client.HTTPException):
            found = Answer(0)
        finally:
            line.close()
        self.book.longest = max(self.book.longest, time.monotonic() - begun)
        self.book.count(what, found.status)
        if found.status >= 500 and (heading := _HEADING.search(found.text)):
            with self.book.lock:
                self.book.shown[f"{found.status} «{' '.join(heading[1].split())}»"] += 1
        for word in SECRETS:
            if word in found.text:
                self.book.tell(f"{what}: an answer of {found.status} says «{word}»")
        return found

    def insist(self, what: str, path: str, form: Form | None = None) -> Answer:
        """Repeats a request as long as it fails for a reason of the server."""
        until, first = time.monotonic() + PATIENCE, True
        while True:
            answer = self.ask(what, path, form)
            is_wrong = answer.status == 0 or answer.status >= 500 or answer.status == 429
            if not is_wrong:
                if not first:
                    with self.book.lock:
                        self.book.recovered += 1
                return answer
            if first:
                first = False
                with self.book.lock:
                    self.book.unlucky += 1
            if time.monotonic() > until:
                with self.book.lock:
                    self.book.given_up += 1
                return answer
            time.sleep(PAUSE)


class Crowd:
    """All users, until stopped."""

    def __init__(self, site: Site, workshops: Sequence[str], seed: int) -> None:
        self.site, self.workshops, self.book = site, workshops, Book()
        self.seed, self.stops = seed, threading.Event()
        self.may_be_signed_out = False  # a clock jump ends sessions
        self._threads: list[threading.Thread] = []

    def start(
        self, *, people: int, desks: Sequence[tuple[str, Sequence[str]]], calendars: int
    ) -> None:
        """Starts that many people; `desks` are session cookies with the workshops of each staff
        member."""
        for number in range(people):
            self._begin(self._people, number)
        for number, (cookie, own) in enumerate(desks):
            self._begin(self._organizer, number, cookie, own)
        for number in range(calendars):
            self._begin(self._calendar, number)

    def stop(self) -> None:
        self.stops.set()
        for each in self._threads:
            each.join(timeout=PATIENCE + 60)

    def _begin(self, act: Callable[..., None], *given: object) -> None:
        def run() -> None:
            try:
                act(*given)
            except Exception as error:  # a broken harness must not pass
                self.book.tell(f"the harness itself: {act.__name__}: {error!r}")

        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    # One after the other

    def _people(self, number: int) -> None:
        pick = random.Random(f"{self.seed} people {number}")
        comes_in_bursts = number % 2 == 0
        while not self.stops.is_set():
            popular = self.workshops[: max(1, len(self.workshops) // 4)]
            workshop = pick.choice(popular if pick.random() < 0.6 else self.workshops)
            self._one(pick, workshop, comes_in_bursts)

    def _one(self, pick: random.Random, workshop: str, comes_in_bursts: bool) -> None:
        path = f"/es/t/{workshop}/lugar"
        browser = Browser(self.site, self.book, pick.randrange(60_000))
        page = browser.insist("form", path)
        if page.status != 200:
            return  # full without a waitlist, or given up
        fields = html_forms.fields(page.text, path)
        person = self.book.meet(
            workshop, str(fields["nonce"]), writes=pick.random() < 0.8, people=pick.randint(1, 3)
        )
        form = {
            "name": "Rosa",
            "people": str(person.people),
            "contact": "email" if person.email else "none",
            "email": person.email,
            "language": "es",
            "nonce": person.nonce,
            "stamp": fields["stamp"],
            "website": "",
        }
        self._wait(READING + (pick.random() * 2 if not comes_in_bursts else 0))
        if comes_in_bursts:
            self._wait(BURST - time.time() % BURST)
        self._save(browser, person, path, form)
        if not person.token:
            return
        if pick.random() < 0.15:  # presses the button twice
            self._resend(browser, person, path, form)
        chance = pick.random()
        if chance < 0.45:
            if chance < 0.2:
                self._wait(pick.random() * 6)
            self._leave(browser, person, "borrar" if chance < 0.3 else "cancelar")

    def _save(self, browser: Browser, person: Person, path: str, form: Form) -> None:
        for _ in range(20):
            answer = browser.insist("save", path, form)
            if answer.status == 303 and "/r/" in answer.location:
                person.saved_at = time.time()
                person.token = answer.location.rpartition("/")[2]
                self.book.succeed()
                return
            if answer.status != 422 or "Espera un momento" not in answer.text:
                return
            self._wait(PAUSE)

    def _resend(self, browser: Browser, person: Person, path: str, form: Form) -> None:
        answer = browser.insist("save again", path, form)
        if answer.status == 303 and not answer.location.endswith(person.token):
            self.book.tell(f"p{person.number}: one nonce led to two links")
        elif 0 < answer.status < 500 and answer.status not in {303, 429}:
            self.book.tell(f"p{person.number}: the second post was answered {answer.status}")

    def _leave(self, browser: Browser, person: Person, how: str) -> None:
        person.is_leaving = True
        answer = browser.insist(how, f"/es/r/{person.token}/{how}", {})
        # 404: the first request succeeded and only its answer was lost.
        if answer.status in {200, 404}:
            person.link_was_dead = answer.status == 404
            person.left_at = time.time()
            self.book.succeed()

    def _organizer(self, number: int, cookie: str, own: Sequence[str]) -> None:
        pick = random.Random(f"{self.seed} organizer {number}")
        browser = Browser(self.site, self.book, 61_000 + number, cookie)
        while not self.stops.is_set():
            self._edit(pick, browser, pick.choice(own))
            self._wait(0.3 + pick.random())

    def _edit(self, pick: random.Random, browser: Browser, workshop: str) -> None:
        path = f"/org/talleres/{workshop}/editar"
        page = browser.insist("desk", path)
        if page.status != 200:
            if 0 < page.status < 500 and not self.may_be_signed_out:
                self.book.tell(f"an organizer's page is answered {page.status}")
            return
        fields = html_forms.fields(page.text, path)
        fields.pop("action", None)
        capacity = max(1, int(str(fields["capacity"])) + pick.randint(-4, 6))
        # A new hour notifies everybody, so it is not changed each time.
        starts = f"{pick.randint(9, 17):02}:00" if pick.random() < 0.2 else str(fields["starts"])
        fields |= {"capacity": str(capacity), "starts": starts, "ends": "19:30", "aviso": "avisar"}
        before = self.book.edits.get(workshop)
        was_sure = before is not None and before.is_sure
        if before is not None:
            before.is_sure = False
        answer = browser.ask("edit", path, fields)
        if answer.status == 303:
            self.book.edits[workshop] = Edit(workshop, capacity, starts)
            self.book.succeed()
        elif 400 <= answer.status < 500 and before is not None:
            before.is_sure = was_sure  # refused: fewer seats than registrations

    def _calendar(self, number: int) -> None:
        pick = random.Random(f"{self.seed} calendar {number}")
        browser = Browser(self.site, self.book, 62_000 + number)
        held: dict[str, str] = {}
        while not self.stops.is_set():
            name = pick.choice(["red", "chicago", "calgary"])
            path = f"/{pick.choice(['es', 'en', 'fr'])}/cal/{name}.ics"
            answer = browser.ask("calendar", path, etag=held.get(path, ""))
            if answer.status == 200:
                held[path] = answer.etag
                if not re.search(r"END:VCALENDAR\s*$", answer.text):
                    self.book.tell(f"{path} was cut short")
            self._wait(0.2 + pick.random() * 0.4)

    def _wait(self, seconds: float) -> None:
        time.sleep(seconds)
