"""The page of a registration, by its status, and its calendar file."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flask import Response, g, make_response, redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock, i18n
from outreach.domain import registrations
from outreach.domain.network import installation_settings
from outreach.domain.outbox import messaging
from outreach.domain.recordings import voice_notes
from outreach.domain.registrations import (
    Registration,
    RegistrationStatus,
    address_approval,
    assisted,
    moving,
    reconfirmation,
    review,
    ticket_sharing,
    waitlist,
)
from outreach.domain.text import clean
from outreach.feeds import attendee_event
from outreach.i18n import gettext as _
from outreach.i18n import ngettext
from outreach.pdf import ticket_picture
from outreach.web.context import key_store, store
from outreach.web.forms import form_token
from outreach.web.middleware import rate_limits
from outreach.web.middleware.response_headers import PagePolicy, allow
from outreach.web.presentation import alternatives, formatting, reminder_words
from outreach.web.presentation.workshop_cards import WorkshopCard
from outreach.web.public import sharing
from outreach.web.public.my_registration import registration_page
from outreach.web.public.my_registration.registration_page import RegistrationView, pages

MAX_TITLE_LENGTH: Final = 60  # characters of the title of the calendar event
_PAGES: Final = {
    RegistrationStatus.CONFIRMED: "detail",
    RegistrationStatus.WAITLISTED: "waitlisted",
    RegistrationStatus.OFFERED: "offer",
    RegistrationStatus.EXPIRED: "offer_expired",
}


@dataclass(frozen=True, repr=False)
class OtherDate:
    """Another date of the group of this registration."""

    words: str
    status: str
    path: str


@dataclass(frozen=True)
class OfferDeadline:
    """The deadline of an offer, and the time left."""

    words: str
    left: str  # empty after the deadline
    share: float  # time left, in percent


@pages.get("/r/<token>")
def ticket(token: str) -> ResponseReturnValue:
    return show_registration(token, clock.now())


def show_registration(
    token: str, now: datetime, *, notice: str = "", status: int = 200, languages_at: str = ""
) -> ResponseReturnValue:
    """Returns the current page of the registration; `notice` says why the last action failed, and
    `languages_at` is where the links to other languages lead, if not to its own address."""
    # The response to a POST has another path.
    g.other_languages_at = languages_at or f"/r/{token}"
    position, others = 0, list[WorkshopCard]()
    with store().read() as session:
        view = registration_page.find(session, token)
        link = assisted.find(session, request.args.get("a", ""), now=now)
        notes = voice_notes.list_of_kind(session, view.workshop) if view.has_seat else []
        messages = messaging.list_messages_to(session, view.registration)
        if view.status is RegistrationStatus.WAITLISTED:
            position = registrations.get_position(session, view.registration)
        if not view.has_seat or view.workshop.is_cancelled:
            others = alternatives.alternatives(session, view.workshop, now=now)
    if notes:
        allow(PagePolicy.AUDIO)
    page = registration_page.show(
        _PAGES[view.status],
        view,
        now,
        notice=notice,
        position=position,
        others=others,
        messages=messages,
        voice_notes=notes,
        assisted_code=link.code if link and link.workshop_id == view.workshop.id else "",
        series=_series(view),
        until=_until(view.registration, now),
        has_new_link=request.args.get("enlace") == "nuevo",
        has_moved=request.args.get("fecha") == "nueva" and view.has_seat,
        can_move=moving.is_movable(view.registration, now),
        is_asked=reconfirmation.is_asked(view.registration, now),
        reminded=_find_reminders(view, now),
        review_at=_review_words(view.registration, now),
        ticket_pass=_make_pass(view.registration, now),
        has_picture=has_picture(view, now),
        share=sharing.get_links(view.workshop),
        may_return=view.workshop.is_open(now) and view.workshop.has_waiting_list,
        look_again=_look_again(view.registration, now),
        was_silent=view.registration.lapses < 2,  # the reconfirmation lapsed, not an offer
    )
    return make_response(page, status)


def _find_reminders(view: RegistrationView, now: datetime) -> str:
    """Returns when the person is reminded or could be; empty where there is nothing to choose."""
    is_ahead = view.has_seat and not view.workshop.is_cancelled
    if not is_ahead or not view.workshop.has_reminders:
        return ""
    return reminder_words.say_own_moments(view.registration, now)


def _make_pass(registration: Registration, now: datetime) -> str:
    """Returns the text that lets this ticket register another person (`form_token.make_pass`);
    empty if it may not."""
    is_offered = ticket_sharing.is_offered(registration, now)
    return form_token.make_pass(registration.id) if is_offered else ""


@pages.post("/r/<token>/cita.ics")
def my_entry(token: str) -> ResponseReturnValue:
    now = clock.now()
    with store().read() as session:
        view = registration_page.find(session, token)
        host = installation_settings.get_calendar_host(session)
    typed = clean(request.form.get("title", ""))[:MAX_TITLE_LENGTH].strip()
    uid = attendee_event.uid(view.registration, view.key, host)
    answer = Response(
        attendee_event.write(
            view.registration, typed or registration_page.own_title(view), uid, now=now
        ),
        content_type="text/calendar; charset=utf-8",
    )
    answer.headers["Content-Disposition"] = 'attachment; filename="cita.ics"'
    return answer


@pages.get("/r/<token>/boleto.png")
def picture(token: str) -> ResponseReturnValue:
    """Answers with the ticket as a picture while its seat lies ahead; afterwards redirects to the
    ticket."""
    now = clock.now()
    with store().read() as session:
        view = registration_page.find(session, token)
    if not has_picture(view, now):
        return redirect(view.path, 303)
    rate_limits.count_picture()
    body = ticket_picture.picture(
        view.registration, i18n.current(), qr_link=view.entry_link, made_at=view.workshop.changed_at
    )
    answer = Response(body, mimetype="image/png")
    answer.headers["Content-Disposition"] = 'attachment; filename="boleto.png"'
    return answer


def has_picture(view: RegistrationView, now: datetime) -> bool:
    is_ahead = not view.workshop.is_cancelled and not view.workshop.has_ended(now)
    return is_ahead and view.has_seat and ticket_picture.is_offered(view.registration)


def _series(view: RegistrationView) -> list[OtherDate]:
    """Returns the other dates of the group, each with its own link."""
    others = [each for each in view.joint if each.id != view.registration.id]
    keys = key_store().get_all(each.key_id for each in others if each.key_id is not None)
    return [
        OtherDate(
            words=", ".join(
                (formatting.first_capital(formatting.day(each.day)), formatting.hour(each.starts))
            ),
            status=_status_words(each),
            path=f"/{i18n.current()}/r/{registrations.derive_manage_token(keys[each.key_id])}",
        )
        for each in others
        if each.key_id in keys
    ]


def _status_words(registration: Registration) -> str:
    if registration.workshop.is_cancelled:
        return _("Se canceló")
    words: dict[RegistrationStatus, str] = {
        RegistrationStatus.CONFIRMED: _("Tienes lugar"),
        RegistrationStatus.WAITLISTED: _("En lista de espera"),
        RegistrationStatus.OFFERED: _("Ya hay lugar: contesta"),
        RegistrationStatus.EXPIRED: _("Tu lugar pasó a otra persona"),
    }
    return words[registration.apparent_status]


def _look_again(registration: Registration, now: datetime) -> str:
    """Returns from when the person can see whether staff approved them; empty if they wait for no
    such decision."""
    at = address_approval.compute_next_look(registration, now=now)
    return format_moment(registration, at, now) if at is not None else ""


def _review_words(registration: Registration, now: datetime) -> str:
    """Returns until when a party beyond its share is confirmed: mañana a las 9:00 a. m."""
    at = review.compute_review(registration.workshop, registration.registered_at)
    local = at.astimezone(registration.workshop.zone)
    day, hour = _day_words(registration, at, now), formatting.hour(local.time())
    if local.hour in {1, 13}:
        return str(_("%(day)s a la %(hour)s", day=day, hour=hour))
    return str(_("%(day)s a las %(hour)s", day=day, hour=hour))


def _until(registration: Registration, now: datetime) -> OfferDeadline | None:
    ends = registration.offered_until
    if ends is None:
        return None
    left = max(ends - now, timedelta())
    duration = (
        waitlist.OFFER_DURATION
        if left > waitlist.LATE_OFFER_DURATION
        else waitlist.LATE_OFFER_DURATION
    )
    return OfferDeadline(
        words=format_moment(registration, ends, now),
        left=_left_words(int(left.total_seconds()) // 60),
        share=100 * min(1.0, left / duration),
    )


def format_moment(registration: Registration, moment: datetime, now: datetime) -> str:
    """Returns a moment in the venue's time zone: hoy, 6:00 p. m. · mañana, … · sábado 28 de …"""
    local = moment.astimezone(registration.workshop.zone)
    return f"{_day_words(registration, moment, now)}, {formatting.hour(local.time())}"


def _day_words(registration: Registration, moment: datetime, now: datetime) -> str:
    zone = registration.workshop.zone
    day, today = moment.astimezone(zone).date(), now.astimezone(zone).date()
    near: dict[int, str] = {0: _("hoy"), 1: _("mañana")}
    return near.get((day - today).days) or formatting.day(day)


def _left_words(minutes: int) -> str:
    hours, minutes = divmod(minutes, 60)
    if not hours:
        minutes_left = ngettext("Te queda %(num)d minuto.", "Te quedan %(num)d minutos.", minutes)
        return minutes_left if minutes else ""
    hours_left = ngettext("Te queda %(num)d hora", "Te quedan %(num)d horas", hours)
    if not minutes:
        return f"{hours_left}."
    rest = ngettext("%(num)d minuto", "%(num)d minutos", minutes)
    return _("%(hours)s y %(minutes)s.", hours=hours_left, minutes=rest)
