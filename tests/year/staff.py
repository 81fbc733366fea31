"""The staff of the year: they publish, change, cancel, take back, check in, report and close."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import sqlalchemy as sa

from outreach import clock
from outreach.clock import Month
from outreach.domain.dashboard.staff_alerts import StaffAlert
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop, WorkshopStatus
from tests.year.browser import Browser, Form, Page
from tests.year.findings import Findings
from tests.year.installation import CANARY, OFFICES, Installation

MAX_STEPS: Final = 4  # pages that ask something before an act is done
HOURS: Final = ("09:00", "10:30", "13:00", "18:00", "19:00", "23:00")
ODD_HOURS: Final = ("00:00", "00:30", "01:30", "02:30", "12:00", "23:59")  # over midnight, changes
NEVER_PRESSED: Final = (
    "/cerrar", "/entrar", "/codigo", "/personal", "/suspender", "/reiniciar", "/cuenta",
    "/org/red/", "/oidc", "/llave", "/ajustes/publicacion",
)  # fmt: skip


@dataclass
class Staff:
    site: Installation
    rng: random.Random
    findings: Findings
    acts: list[str] = field(default_factory=list)
    _browsers: dict[str, Browser] = field(default_factory=dict)
    _signed_in_at: datetime | None = None

    def browse(self, name: str) -> Browser:
        """The browser of an account. Sessions end, so it signs in anew every few hours."""
        now = clock.now()
        if self._signed_in_at is None or now - self._signed_in_at > timedelta(minutes=4):
            self._browsers, self._signed_in_at = {}, now
        if name not in self._browsers:
            self._browsers[name] = self.site.sign_in(name, self.findings.watch)
        return self._browsers[name]

    def complete(
        self, browser: Browser, form: Form, button: tuple[str, str] | None, **changes: Any
    ) -> Page:
        """Sends a form, and answers what the next pages ask: whom to tell, and warnings."""
        page = browser.send(form, button, **changes)
        for _step in range(MAX_STEPS):
            asked = (
                next((e for e in page.forms if "aviso" in e.choices), None)
                if _is_page(page)
                else None
            )
            if asked is not None:
                page = browser.send(asked, self._last(asked), **self._decide(asked))
                continue
            again = page.find(form.action) if _is_page(page) and page.status == 422 else None
            sure = [] if again is None else [b for b in again.buttons if b[0] == "sure"]
            if again is None or not sure:
                return page
            page = browser.send(again, sure[0])
        return page

    def _decide(self, form: Form) -> dict[str, Any]:
        decision = {"aviso": self.rng.choice(form.choices["aviso"])}
        if "aviso_motivo" in form.choices:
            decision["aviso_motivo"] = self.rng.choice(form.choices["aviso_motivo"])
        return decision

    def _last(self, form: Form) -> tuple[str, str] | None:
        return form.buttons[-1] if form.buttons else None

    # Workshops

    def find_workshops(
        self, *conditions: sa.ColumnElement[bool], office: str = ""
    ) -> list[tuple[str, str]]:
        """Public ids and offices of workshops, by number."""
        statement = sa.select(Workshop.public_id, Office.slug).join(
            Office, Office.id == Workshop.office_id
        )
        wanted = [*conditions, *([Office.slug == office] if office else [])]
        with self.site.store.read() as session:
            rows = session.execute(statement.where(*wanted).order_by(Workshop.id))
            return [(row[0], row[1]) for row in rows]

    def has_alerts_alike(self, *, since: datetime) -> bool:
        """Whether letters tell the same of two workshops, of which one was told of since then."""
        alike = (StaffAlert.alert_type, Workshop.office_id, Workshop.day, Workshop.starts)
        statement = (
            sa.select(sa.literal(1))
            .select_from(StaffAlert)
            .join(Workshop, Workshop.id == StaffAlert.workshop_id)
            .group_by(*alike)
            .having(sa.func.count() > 1, sa.func.max(StaffAlert.made_at) > since)
        )
        with self.site.store.read() as session:
            return session.execute(statement).first() is not None

    def list_ahead(self) -> list[tuple[str, str]]:
        return self.find_workshops(
            Workshop.status == WorkshopStatus.PUBLISHED, Workshop.starts_at > clock.now()
        )

    def list_with_seats(self) -> list[tuple[str, str]]:
        """Those for which people register."""
        return self.find_workshops(
            Workshop.status == WorkshopStatus.PUBLISHED,
            Workshop.starts_at > clock.now(),
            Workshop.way.in_([Way.PLACE, Way.SLOTS, Way.UNLISTED]),
        )

    def publish(self, slug: str, day: date) -> Page:
        """A new workshop of some kind, in some way, published or kept as a draft."""
        with self.site.store.read() as session:
            office = session.scalars(sa.select(Office).where(Office.slug == slug)).one()
            known = session.scalars(sa.select(Kind).order_by(Kind.id)).all()
            kind = self.rng.choice([each for each in known if each.is_given_in(office.country)])
        browser = self.browse(slug)
        page = browser.get(f"/org/talleres/nuevo?oficina={slug}&tipo={kind.code}")
        form = page.find("/talleres/nuevo", field_name="title_es")
        if form is None:
            self.findings.add("GET /org/talleres/nuevo", "no form", f"{slug} {kind.code}")
            return page
        action = "publish" if self.rng.random() < 0.85 else "draft"
        return self.complete(browser, form, ("action", action), **self._write(form, kind, day))

    def _write(self, form: Form, kind: Kind, day: date) -> dict[str, Any]:
        starts = self.rng.choice(HOURS if self.rng.random() < 0.8 else ODD_HOURS)
        begins = datetime.combine(day, time.fromisoformat(starts))
        ends = begins + timedelta(minutes=self.rng.choice([60, 90, 120, 180]))
        venues = [each for each in form.choices["venue"] if each not in {"", "nueva"}]
        filled: dict[str, Any] = {
            "day": day.isoformat(),
            "starts": starts,
            "ends": f"{ends:%H:%M}",
            "capacity": str(self.rng.choice([1, 2, 8, 20, 60])),
            "mode": self.rng.choice(["presencial", "presencial", *form.choices["mode"]]),
            "way": form.fields["way"][0],
        }
        if self.rng.random() < 0.2:
            filled["way"] = self.rng.choice(form.choices["way"])
        if kind.is_discreet:
            number = self.rng.randint(100, 999)
            filled |= {f"title_{lang}": f"{CANARY} {number}" for lang in ("es", "en", "fr")}
            filled["visibility"] = self.rng.choice(
                [each for each in form.choices["visibility"] if each != "public"]
            )
        if filled["way"] == "slots":
            filled |= {"slot_minutes": "20", "slot_places": "1"}
        if filled["mode"] in {"virtual_en_vivo", "virtual_sala", "telefonico"}:
            filled |= {
                "venue": "",
                "online_url": "https://meet.example.org/r",
                "live_url": "https://live.example.org/r",
            }
        else:
            filled["venue"] = self.rng.choice(venues)
        if filled["mode"] == "hibrido":
            filled["online_url"] = "https://meet.example.org/r"
        if self.rng.random() < 0.2:
            filled["opens_days"] = "3"
        if self.rng.random() < 0.2:
            filled["limit_childcare"] = "2"
            filled["has_childcare"] = "yes"
        return filled

    def change(self, public_id: str, slug: str, **changes: Any) -> Page | None:
        """Another day, hour, place or number of seats."""
        browser = self.browse(slug)
        form = browser.get(f"/org/talleres/{public_id}/editar").find("/editar", field_name="day")
        if form is None:
            return None
        if not changes:
            changes = self._change_something(form)
        return self.complete(
            browser, form, _find_button(form, "save", "publish", "draft"), **changes
        )

    def _change_something(self, form: Form) -> dict[str, Any]:
        day = date.fromisoformat(form.fields["day"][0])
        today = clock.now().date()
        later = max(day, today) + timedelta(days=self.rng.choice([0, 1, 7]))
        venues = [each for each in form.choices.get("venue", ()) if each not in {"", "nueva"}]
        return self.rng.choice(
            [
                {"day": later.isoformat()},
                {"starts": "17:00", "ends": "18:30"},
                {"capacity": str(self.rng.choice([1, 5, 30, 80]))},
                {"venue": self.rng.choice(venues or [""])},
            ]
        )

    def press(self, public_id: str, slug: str) -> Page | None:
        """Opens a workshop's page, and presses some button of it or of a page that it leads to."""
        browser = self.browse(slug)
        page = browser.get(f"/org/talleres/{public_id}")
        near = [each for each in page.links if f"/talleres/{public_id}/" in each]
        if near and self.rng.random() < 0.7:
            page = browser.get(self.rng.choice(near))
        return self.press_some(browser, page)

    def press_some(self, browser: Browser, page: Page) -> Page | None:
        if not _is_page(page) or page.status != 200:
            return None
        forms = [
            each
            for each in page.forms
            if each.action.startswith("/org")
            and not any(part in each.action for part in NEVER_PRESSED)
            and "/buscar" not in each.action
        ]
        if not forms:
            return None
        form = self.rng.choice(forms)
        button = self.rng.choice(form.buttons) if form.buttons else None
        changes = {
            name: self.rng.choice(choices)
            for name, choices in form.choices.items()
            if self.rng.random() < 0.2
        }
        self.acts.append(f"{form.action} {button}")
        return self.complete(browser, form, button, **changes)

    def wander(self, name: str) -> None:
        """Opens some page that the menu or today's page leads to, and presses something there."""
        browser = self.browse(name)
        page = browser.get("/org/")
        links = [
            each
            for each in page.links
            if each.startswith("/org") and not any(part in each for part in NEVER_PRESSED)
        ]
        for _step in range(2):
            if not links:
                return
            page = browser.get(self.rng.choice(links))
            if not _is_page(page):
                return
            links = [e for e in page.links if e.startswith("/org") and "/cerrar" not in e]
        self.press_some(browser, page)

    # What follows a workshop

    def check_in(self, public_id: str, slug: str) -> None:
        browser = self.browse(self.rng.choice(["door", slug]))
        for _person in range(3):
            page = browser.get(f"/org/talleres/{public_id}/entrada")
            forms = [each for each in page.forms if each.action.endswith("/entrada")]
            if page.status != 200 or not forms:
                return
            form = self.rng.choice(forms)
            browser.send(form, self.rng.choice(form.buttons) if form.buttons else None)

    def report(self, public_id: str, slug: str) -> None:
        browser = self.browse(slug)
        form = browser.get(f"/org/talleres/{public_id}/asistencia").find(
            "/asistencia", field_name="held"
        )
        if form is None:
            return
        held = "yes" if self.rng.random() < 0.9 else "no"
        people = str(self.rng.randint(0, 40)) if held == "yes" else ""
        page = browser.send(form, None, held=held, people=people)
        again = page.find("/asistencia", field_name="held") if _is_page(page) else None
        sure = [] if again is None else [each for each in again.buttons if each[0] == "sure"]
        if again is not None and sure:
            browser.send(again, sure[0], held=held, people=people)

    def close(self, month: Month) -> None:
        """Each office says that its month is complete; headquarters closes it, and its bulletin."""
        for slug in OFFICES:
            browser = self.browse(slug)
            form = browser.get(f"/org/mes/{month}").find("/completo")
            if form is not None:
                browser.send(form, form.buttons[0] if form.buttons else None)
        admin = self.browse("admin")
        page = admin.get(f"/org/mes/{month}")
        form = page.find("/cerrar") or page.find(f"/org/mes/{month}")
        if form is not None and "/org/mes/" in form.action:
            self.complete(admin, form, form.buttons[0] if form.buttons else None)
        page = admin.get(f"/org/boletin/{month}")
        for button in ("begin", "save", "publish"):
            form = next((e for e in page.forms if any(button in b for b in e.buttons)), None)
            if form is not None:
                chosen = next(b for b in form.buttons if button in b)
                page = self.complete(admin, form, chosen)

    def bring(self, slug: str, first: date) -> None:
        """A few rows, pasted, through columns and rows to drafts."""
        rows = ["Fecha,Hora,Tipo,Título,Sede,Cupo"]
        for number in range(self.rng.randint(1, 4)):
            day = first + timedelta(days=number * 3)
            rows.append(f"{day},18:00,Derechos,Plática {number},Biblioteca {number},{20 + number}")
        browser = self.browse(slug)
        page = browser.get("/org/traer")
        form = page.find("/traer/hoja")
        if form is None:
            return
        page = browser.send(form, self._last(form), office=slug, rows="\n".join(rows))
        for _step in range(3):
            if not _is_page(page) or page.status >= 400:
                return
            form = next((e for e in page.forms if "/org/traer/" in e.action), None)
            if form is None:
                return
            page = self.complete(browser, form, self._last(form))


def _is_page(page: Page) -> bool:
    return page.answer.mimetype == "text/html"


def _find_button(form: Form, *values: str) -> tuple[str, str] | None:
    for value in values:
        for each in form.buttons:
            if each[1] == value:
                return each
    return form.buttons[-1] if form.buttons else None
