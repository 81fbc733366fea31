"""My place: the ticket, and changing one's mind. The link is all one needs, and all there is.

GET shows or asks; only POST acts: programs that look at mail open every link (safety.md S06).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import segno
from flask import Blueprint, Response, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session

from outreach import clock, languages
from outreach.domain import installation, registrations
from outreach.domain.registrations import Contact, Person, Registration, Standing
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop
from outreach.errors import Closed, Forgotten, Full, NotFound
from outreach.feeds import appointment
from outreach.languages import gettext as _
from outreach.languages import ngettext
from outreach.privacy import forgetting
from outreach.web import elsewhere, errors, limits
from outreach.web.cards import FEW_DISCREET, Card
from outreach.web.context import config, ring, store
from outreach.web.headers import keep_private

pages = Blueprint("mine", __name__, url_prefix="/<any(es,en,fr):lang>")

LONGEST_TITLE: Final = 60  # of an entry in one's own calendar


@dataclass(frozen=True, repr=False)
class Place:
    """A registration as its own page shows it."""

    token: str
    registration: Registration
    person: Person
    key: bytes

    @property
    def workshop(self) -> Workshop:
        return self.registration.workshop

    @property
    def has_seat(self) -> bool:
        return self.registration.standing is Standing.SEATED

    @property
    def link(self) -> str:
        return f"{config().public_url}/{languages.current()}/r/{self.token}"

    @property
    def path(self) -> str:
        return f"/{languages.current()}/r/{self.token}"

    @property
    def address_hint(self) -> str:
        """Enough of the e-mail or phone to know it again: r•••@ejemplo.com, •••• 0142."""
        name, at, host = self.person.address.partition("@")
        return f"{name[:1]}•••@{host}" if at else f"•••• {self.person.address[-4:]}"

    @property
    def square(self) -> Markup:
        """The address to show at the door, as a picture of 33 by 33 or so."""
        token = registrations.entry_token(self.key)
        code = segno.make(f"{config().public_url}/q/{token}", micro=False, error="m")
        # The rest of the quiet margin of four is the white frame around it.
        drawn = code.svg_inline(
            border=2, omitsize=True, svgclass=None, lineclass=None, title=_("Código QR")
        )
        return Markup(drawn.replace("<svg ", '<svg role="img" '))  # noqa: S704 - squares only


@pages.before_request
def _nobody_elses_business() -> None:
    keep_private()
    if request.method == "POST":
        errors.keep_form()
        limits.count_post()


@pages.errorhandler(NotFound)
@pages.errorhandler(Forgotten)
def _dead_link(_error: Exception) -> ResponseReturnValue:
    return errors.page(404, is_link=True)


@pages.get("/r/<token>")
def ticket(token: str) -> ResponseReturnValue:
    now = clock.now()
    turn, others = 0, list[Card]()
    with store().read() as session:
        mine = _find(session, token)
        if not mine.has_seat:
            turn = registrations.turn(session, mine.registration)
        if not mine.has_seat or mine.workshop.is_cancelled:
            others = elsewhere.alternatives(session, mine.workshop, now=now)
    return _show("ticket" if mine.has_seat else "waiting", mine, now, turn=turn, others=others)


@pages.get("/r/<token>/cambiar")
def ask_party(token: str) -> ResponseReturnValue:
    return _party_page(token, "", 200)


@pages.post("/r/<token>/cambiar")
def change_party(token: str) -> ResponseReturnValue:
    with store().read() as session:
        mine = _find(session, token)
    sizes, typed = _party_sizes(mine), request.form.get("people", "")
    if typed not in {str(size) for size in sizes}:
        words = _("Elige cuántas personas vienen, de 1 a %(most)d.", most=sizes[-1])
        return _party_page(token, words, 422)
    try:
        with store().change() as session:
            registration = registrations.find(session, token)
            wanted = registrations.Change(people=int(typed), needs=registration.needs)
            registrations.change(session, registration, wanted, now=clock.now())
    except Full:
        words = _("No caben tantas personas. Tus lugares siguen apartados.")
        return _party_page(token, words, 409)
    except Closed:
        return _party_page(token, _("Ya no se puede cambiar."), 409)
    return redirect(mine.path, 303)


@pages.get("/r/<token>/cancelar")
def ask_cancel(token: str) -> ResponseReturnValue:
    now = clock.now()
    with store().read() as session:
        mine = _find(session, token)
    if mine.workshop.starts_at <= now:  # there is no place to give back any more
        return redirect(f"{mine.path}/borrar", 303)
    return _show("cancel", mine, now)


@pages.get("/r/<token>/borrar")
def ask_forget(token: str) -> ResponseReturnValue:
    with store().read() as session:
        mine = _find(session, token)
    return _show("forget", mine, clock.now())


@pages.post("/r/<token>/cancelar")
def cancel(token: str) -> ResponseReturnValue:
    return _release(token, _("Cancelaste tu lugar. Borramos tus datos."))


@pages.post("/r/<token>/borrar")
def forget(token: str) -> ResponseReturnValue:
    return _release(token, _("Ya no tenemos tus datos."), of_all_dates=True)


@pages.post("/r/<token>/cita.ics")
def my_entry(token: str) -> ResponseReturnValue:
    now = clock.now()
    with store().read() as session:
        mine = _find(session, token)
        host = installation.calendar_host(session)
    title = clean(request.form.get("title", ""))[:LONGEST_TITLE].strip() or _own_title(mine)
    uid = appointment.uid(mine.key, host)
    answer = Response(
        appointment.write(mine.registration, title, uid, now=now),
        content_type="text/calendar; charset=utf-8",
    )
    answer.headers["Content-Disposition"] = 'attachment; filename="cita.ics"'
    return answer


@pages.get("/mi-registro")
def lost() -> ResponseReturnValue:
    return render_template("mine/lost.html", is_answer=False)


@pages.post("/mi-registro")
def find_again() -> ResponseReturnValue:
    return answer()


def answer() -> ResponseReturnValue:
    """What is said whether or not there is a registration with that e-mail or phone: nobody can
    learn here that somebody comes."""
    g.other_languages_at = "/mi-registro"
    return render_template("mine/lost.html", is_answer=True)


def _find(session: Session, token: str) -> Place:
    """Raises NotFound, for a registration that cannot be read any more too."""
    registration = registrations.find(session, token)
    key = registrations.key_of(ring(), registration)
    return Place(token, registration, registrations.read_person(registration, key), key)


def _release(token: str, words: str, *, of_all_dates: bool = False) -> ResponseReturnValue:
    """The last page: after it, the link leads nowhere. Who saved the dates of a series together
    gives up one of them, and is forgotten in all."""
    with store().read() as session:
        mine = _find(session, token)
        all_of_them = registrations.joint(session, mine.registration)
    wanted = [each.id for each in all_of_them] if of_all_dates else [mine.registration.id]
    forgetting.forget(store(), ring(), config(), wanted, now=clock.now())
    g.other_languages_at = "/"
    had_letters = mine.registration.contact is Contact.EMAIL
    return render_template("mine/gone.html", words=words, had_letters=had_letters)


def _show(name: str, mine: Place, now: datetime, **more: object) -> ResponseReturnValue:
    return render_template(
        f"mine/{name}.html",
        mine=mine,
        registration=mine.registration,
        workshop=mine.workshop,
        is_quiet=mine.workshop.is_discreet,
        is_over=mine.workshop.has_ended(now),
        can_change=mine.workshop.is_open(now),
        own_title=_own_title(mine),
        phone=elsewhere.phone_of(mine.workshop),
        **more,
    )


def _party_page(token: str, fault: str, status: int) -> ResponseReturnValue:
    """The form as things are now: after a refusal other people may have changed them."""
    with store().read() as session:
        mine = _find(session, token)
    page = _show(
        "change", mine, clock.now(), fault=fault, sizes=_party_sizes(mine), left=_left(mine)
    )
    return make_response(page, status)


def _party_sizes(mine: Place) -> range:
    return range(1, max(mine.workshop.party_limit, mine.registration.people) + 1)


def _left(mine: Place) -> str:
    """How many more could come; of a discreet kind not exactly (safety.md S28)."""
    left, words = mine.workshop.seats_left, ""
    if mine.has_seat and mine.workshop.is_discreet:
        words = _("Quedan pocos lugares.") if left <= FEW_DISCREET else ""
    elif mine.has_seat and left == 0:
        words = _("No quedan más.")
    elif mine.has_seat:
        words = ngettext("Queda %(num)d más.", "Quedan %(num)d más.", left)
    return words


def _own_title(mine: Place) -> str:
    """What the entry in one's calendar says if one says nothing else."""
    neutral: str = _("Cita")
    title = languages.say(mine.workshop.title, languages.current())
    return neutral if mine.workshop.is_discreet else title
