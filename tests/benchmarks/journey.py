"""Measures what a person's pages cost the processor: a registration from form to ticket, a search,
and the other pages, each beside a bare Flask «hello» on the same server.

    python -m tests.benchmarks --only journey

Nothing here comes from a cache of pages: forms and tickets have none, each
search is asked once, and the front page is asked for after a change of what it shows.
"""

import http.client
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import time, timedelta
from html import unescape
from itertools import count, cycle
from pathlib import Path
from time import sleep
from typing import Final, Self
from urllib.parse import quote

import sqlalchemy as sa

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.domain.locations.venues import Venue
from outreach.domain.network import kinds, offices
from outreach.domain.scheduling import workshop_data, workshop_service
from outreach.domain.search import search
from outreach.domain.search.search import SearchFilters
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.reports import workshop_counts
from tests.benchmarks.costs import Cost, Measured, add_up
from tests.benchmarks.paths import world
from tests.benchmarks.server import Running, running
from tests.support.place_phrases import read_phrases

READING: Final = 2.2  # seconds
FORM, SAVE, TICKET = "form", "save", "ticket"
REGISTRATION: Final = "registration: form, save, ticket"
SEARCH, MONTH = "a new search", "month"
FRONT, WORKSHOP, OFFICE = "front page after a change", "workshop", "office"
STEPS: Final = (FORM, SAVE, TICKET)
PAGES: Final = (*STEPS, MONTH, FRONT, WORKSHOP, OFFICE)
# What a page may cost on a machine where «hello» takes 1 / HELLOS_A_MS milliseconds.
MAX_MS: Final = {REGISTRATION: 7, SEARCH: 4, MONTH: 3, FRONT: 1.5, WORKSHOP: 1.5, OFFICE: 1.5}
HELLOS_A_MS: Final = 80 / 7
_HIDDEN: Final = re.compile(r'name="(nonce|stamp)" value="([^"]*)"')


class _Line:
    """A persistent connection whose requests come from another network each."""

    def __init__(self, server: Running) -> None:
        self._server, self._networks = server, count()
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, path: str, form: Mapping[str, str] | None = None) -> http.client.HTTPResponse:
        number = next(self._networks)
        headers = {"X-Forwarded-For": f"10.{number // 250 % 250}.{number % 250}.7"}
        body = None
        if form is not None:
            body = "&".join(f"{name}={quote(value)}" for name, value in form.items())
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request("POST" if body else "GET", path, body, headers)
        return self._connection.getresponse()

    def read(self, path: str) -> str:
        answer = self.ask(path)
        text = answer.read().decode()
        if answer.status != 200:
            raise RuntimeError(f"{path} is answered {answer.status}")
        return text


def measure(
    folder: Path, *, wanted: Collection[str] = PAGES, times: int = 60, repetitions: int = 3
) -> list[Cost]:
    """The cost of each wanted page; of the steps of a registration their sum too, first."""
    environ, _ = world(folder)
    environ |= {"OUTREACH_TRUSTED_PROXIES": "1"}
    store = Store(Config.from_environ(environ).database_url, is_durable=False)
    change_sessions.install(store)
    path, upcoming = _furnish(store)
    with (
        running("tests.benchmarks.hello:create_app", {}) as bare,
        running("outreach.app:create_server_app", environ, "/es/") as ours,
        _Line(bare) as bare_line,
        _Line(ours) as line,
    ):
        measured = Measured(bare, ours, lambda: bare_line.read("/"))
        pages = _Pages(store, line, path, upcoming)
        for repetition in range(repetitions + 1):
            for what, ask in pages.steps(times, wanted):
                measured.add(what, ask, times, is_kept=repetition > 0)
    store.close()
    found = measured.costs()
    if FORM not in wanted:
        return [*found.values()]
    return [add_up(REGISTRATION, [found[each] for each in STEPS]), *found.values()]


class _Pages:
    """The requests of one repetition, by page. Requests that only prepare a step are not in it."""

    def __init__(self, store: Store, line: _Line, workshop: str, upcoming: list[int]) -> None:
        self._store, self._line = store, line
        self._workshop, self._upcoming = workshop, cycle(upcoming)
        self._numbers = count()
        self._phrases = cycle([each.typed for each in read_phrases()][::2])
        with store.read() as session:
            self._months = cycle(workshop_counts.months(session)[-12:])

    def steps(
        self, times: int, wanted: Collection[str]
    ) -> Iterator[tuple[str, Callable[[], object]]]:
        if FORM in wanted:
            yield from self._register(times)
        phrases = [f"/es/?donde={quote(next(self._phrases))}" for _ in range(times)]
        months = [f"/es/cifras/{next(self._months)}" for _ in range(times)]
        readings = {
            SEARCH: lambda: self._read_all(phrases),
            MONTH: lambda: self._read_all(months),
            FRONT: lambda: self._read_changed(times),
            WORKSHOP: lambda: self._read_all([self._workshop] * times),
            OFFICE: lambda: self._read_all(["/es/o/chicago"] * times),
        }
        yield from ((what, ask) for what, ask in readings.items() if what in wanted)

    def _register(self, times: int) -> Iterator[tuple[str, Callable[[], object]]]:
        forms, tickets = list[str](), list[str]()
        yield FORM, lambda: forms.extend(self._read_all([f"{self._workshop}/lugar"] * times))
        sleep(READING)  # a form is refused before (S26)
        yield SAVE, lambda: tickets.extend([self._save(each) for each in forms])
        yield TICKET, lambda: self._read_all(tickets)

    def _read_all(self, addresses: Iterable[str]) -> list[str]:
        return [self._line.read(each) for each in addresses]

    def _read_changed(self, times: int) -> None:
        """Reads the front page after each change of the title of a workshop that it shows."""
        for _ in range(times):
            title = {"es": f"Conoce tus derechos {next(self._numbers)}"}
            changed = Workshop.id == next(self._upcoming)
            with self._store.change() as session:
                session.execute(sa.update(Workshop).where(changed).values(title=title))
            self._line.read("/es/")

    def _save(self, page: str) -> str:
        """Posts the form of a page; returns the path of the ticket. Raises RuntimeError if it was
        not saved."""
        fields = {name: unescape(value) for name, value in _HIDDEN.findall(page)}
        plain = {"name": "Rosa", "people": "1", "contact": "none"}
        answer = self._line.ask(f"{self._workshop}/lugar", plain | fields)
        answer.read()
        if answer.status != 303:
            raise RuntimeError(f"a registration is answered {answer.status}")
        return answer.headers["Location"]


def _furnish(store: Store) -> tuple[str, list[int]]:
    """Makes a workshop in person that does not fill up; returns its path, and the ids of workshops
    of the front page."""
    now = clock.now()
    with store.change() as session:
        chicago, rights = offices.find(session, "chicago"), kinds.find(session, "derechos")
        venue = session.scalars(
            sa.select(Venue).where(Venue.office_id == chicago.id).order_by(Venue.id).limit(1)
        ).one()
        day = now.date() + timedelta(days=30)
        data = workshop_data.from_kind(rights, chicago, day, time(18))
        data = replace(data, capacity=10_000_000, venue=venue)
        workshop = workshop_service.create(session, data, now=now, status=WorkshopStatus.PUBLISHED)
        session.flush()
        first = search.search_upcoming(session, SearchFilters(), now=now, limit=20)
        open_ones = [each.id for each in first.found if not each.is_discreet]
        return f"/es/t/{workshop.public_id}", open_ones
