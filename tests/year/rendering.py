"""What is rendered after each day: pages, feeds, answers of the API, pictures and paper."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import sqlalchemy as sa

from outreach.clock import Month
from outreach.domain.network.kinds import Visibility
from outreach.domain.workshops import Workshop
from tests.support.extension_scenes import SCENES
from tests.year.browser import Browser
from tests.year.findings import Findings
from tests.year.installation import CANARY, OFFICES, SECRET_STREET, Installation
from tests.year.people import People
from tests.year.staff import Staff
from tests.year.state import StateCheck

LANGUAGES: Final = ("es", "en", "fr")
MAX_CHANGED: Final = 12  # workshops whose pages are opened in one day
PUBLIC: Final = (
    "/", "/?donde=Chicago", "/?tipo=daca", "/?cuando=semana", "/red", "/calendario",
    "/boletin/", "/gira", "/cifras/", "/datos", "/por-telefono",
    *(each for scene in SCENES for each in scene.paths),
)  # fmt: skip
FEEDS: Final = ("ics", "atom", "json", "jcal", "jscal")
STAFF_PAGES: Final = (
    "/org/", "/org/por-atender", "/org/talleres", "/org/talleres?vista=semana",
    "/org/talleres?vista=lista", "/org/cifras", "/org/sedes", "/org/equipo", "/org/giras",
    "/org/entrada", "/org/traer", "/org/mi-calendario", "/org/cuenta",
)  # fmt: skip
ADMIN_PAGES: Final = (
    "/org/control",
    "/org/bitacora",
    "/org/ajustes",
    "/org/personal",
    "/org/boletin",
)


@dataclass
class Rendering:
    site: Installation
    people: People
    staff: Staff
    findings: Findings
    state: StateCheck
    rng: random.Random
    _number: int = 0
    secret: set[str] = field(default_factory=set)  # public ids
    _secret_titles: set[str] = field(default_factory=set)

    def render(self, day: date, *, with_paper: bool) -> None:
        self._number += 1
        changed = self._list_changed()
        for browser, lang in self._visitors():
            month = Month.from_day(day)
            for path in (*PUBLIC, f"/cifras/{month}", f"/o/{self._office()}"):
                self._get_public(browser, f"/{lang}{path}")
        self._render_feeds()
        for public_id in changed:
            lang = LANGUAGES[(self._number + len(public_id)) % 3]
            browser = self.site.visit(self.findings.watch, "10.200.0.1")
            self._get_public(browser, f"/{lang}/t/{public_id}")
            self._get_public(browser, f"/{lang}/t/{public_id}.ics")
            browser.get(f"/{lang}/t/{public_id}/lugar")
            browser.get(f"/api/v1/workshops/{public_id}")
        self._render_own_pages()
        self._render_staff(day, changed)
        if with_paper:
            self._render_paper(day, changed)

    def _visitors(self) -> Iterator[tuple[Browser, str]]:
        lang = LANGUAGES[self._number % 3]
        yield self.site.visit(self.findings.watch, "10.200.0.1"), lang

    def _office(self) -> str:
        return list(OFFICES)[self._number % len(OFFICES)]

    def _get_public(self, browser: Browser, path: str) -> None:
        """Nothing that goes elsewhere has the title of a discreet workshop, or says a street."""
        page = browser.get(path)
        rule = self.findings.name_rule("GET", path)
        # The page itself says it, and nothing that goes elsewhere does: its head, files, feeds.
        is_page = page.answer.mimetype == "text/html"
        words = page.text.partition("</head>")[0] if is_page else page.text
        if CANARY in words:
            for title in self._secret_titles:
                if title in words:
                    around = words.partition(title)[0][-100:]
                    self.findings.add(rule, "says a discreet title", f"{path} {around}{title}")
        street = f"Calle {SECRET_STREET}"
        if street in page.text and page.path.rpartition("/")[2].partition(".")[0] in self.secret:
            self.findings.add(rule, "says a secret street", path)

    def read_secrets(self) -> None:
        """Reads what nobody may read who does not have to."""
        with self.site.store.read() as session:
            rows = session.execute(
                sa.select(
                    Workshop.public_id, Workshop.title, Workshop.is_discreet, Workshop.visibility
                )
            ).all()
        self.secret = {row[0] for row in rows if row[2] or row[3] is not Visibility.PUBLIC}
        # A copy of a discreet workshop may be of another kind, and has its title.
        open_titles = {each for row in rows if not row[2] for each in row[1].values()}
        titles = {each for row in rows if row[2] for each in row[1].values()} - open_titles
        self._secret_titles = {each for each in titles if each.startswith(CANARY)}

    def _list_changed(self) -> list[str]:
        """Workshops that changed within the last day, the latest first."""
        with self.site.store.read() as session:
            rows = session.scalars(
                sa.select(Workshop.public_id)
                .order_by(Workshop.changed_at.desc())
                .limit(MAX_CHANGED)
            )
            return list(rows)

    def _render_feeds(self) -> None:
        browser = self.site.visit(self.findings.watch, "10.200.0.2")
        form = FEEDS[self._number % len(FEEDS)]
        for name in ("red", self._office()):
            self._get_public(browser, f"/es/cal/{name}.{form}")
        page = browser.get("/es/cal/red.ics")
        self.state.check_feed(page.answer.get_data(), "/es/cal/red.ics")
        for path in ("workshops", "offices", "kinds", "counts", "bulletins", "log"):
            self._get_public(browser, f"/api/v1/{path}")
        for path in ("/sitemap.xml", "/joint.json", "/es/boletin/atom.xml", "/metrics", "/readyz"):
            browser.get(path)

    def _render_own_pages(self) -> None:
        living = [each for each in self.people.everyone if each.link and not each.is_gone]
        for person in self.rng.sample(living, min(6, len(living))):
            browser = self.people.browse(person)
            page = browser.get(person.link)
            if page.status == 200:
                for part in self.rng.sample(("cambiar", "mover", "cancelar", "borrar"), 2):
                    browser.get(f"{person.link}/{part}")
        asking = [each for each in self.people.everyone if each.own_page]
        for person in self.rng.sample(asking, min(2, len(asking))):
            for lang in LANGUAGES:
                self.people.browse(person).get(f"/{lang}{person.own_page[3:]}")

    def _render_staff(self, day: date, changed: list[str]) -> None:
        slug = self._office()
        browser = self.staff.browse(slug)
        for path in (*STAFF_PAGES, f"/org/mes/{Month.from_day(day)}", f"/org/bitacora/{slug}"):
            browser.get(path)
        admin = self.staff.browse("admin")
        for path in ADMIN_PAGES:
            admin.get(path)
        for public_id in changed[:4]:
            admin.get(f"/org/talleres/{public_id}")
            admin.get(f"/org/talleres/{public_id}?ver=espera")
        for name in ("reader", "door", "caller"):
            self.staff.browse(name).get("/org/")
        self.staff.browse("caller").get("/org/llamada")

    def _render_paper(self, day: date, changed: list[str]) -> None:
        admin, visitor = (
            self.staff.browse("admin"),
            self.site.visit(self.findings.watch, "10.200.0.3"),
        )
        lang = LANGUAGES[self._number % 3]
        for public_id in changed[:3]:
            for form in ("pdf", "png", "svg"):
                admin.get(f"/org/talleres/{public_id}/volante.{form}?idioma={lang}")
            admin.get(f"/org/talleres/{public_id}/lista.pdf")
        month, slug = Month.from_day(day), self._office()
        for form in ("pdf", "png"):
            admin.get(f"/org/volantes/{slug}.{form}?mes={month}")
        for form in ("csv", "json", "xlsx", "pdf"):
            visitor.get(f"/{lang}/cifras/{month}.{form}")
            visitor.get(f"/{lang}/cifras/{month.plus(-1)}.{form}")
        visitor.get(f"/{lang}/boletin/{month.plus(-1)}")
        visitor.get(f"/{lang}/boletin/{month.plus(-1)}.pdf")
        living = [each for each in self.people.everyone if each.link and not each.is_gone]
        for person in self.rng.sample(living, min(2, len(living))):
            self.people.browse(person).get(f"{person.link}/boleto.png")
