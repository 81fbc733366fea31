"""The page for somebody who calls again with a code. With the code alone the agent reads day, hour
and standing, or nothing if the place is discreet; with the nickname too, a place can be changed or
cancelled. The kind and the address of a discreet one are never shown.

Whoever says the code has heard it: a place whose call broke off is confirmed by it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.domain import registrations
from outreach.domain.call_centre import call_holds
from outreach.domain.disclosure.who_sees import SeenField
from outreach.domain.network.staff import Permission
from outreach.domain.registrations import (
    Registration,
    RegistrationChange,
    RegistrationStatus,
    code_lookup,
    doubtful,
    review,
)
from outreach.domain.text import clean, read_code
from outreach.errors import Conflict, Full, NotFound, RegistrationClosed
from outreach.i18n import gettext as _
from outreach.i18n import pgettext
from outreach.privacy import erasure, registration_move
from outreach.web.context import config, key_store, store
from outreach.web.error_messages import PageRefused
from outreach.web.forms.move_form import DateChoice
from outreach.web.middleware import rate_limits, request_retry
from outreach.web.presentation import formatting
from outreach.web.presentation.formatting import localize
from outreach.web.staff.call_centre import blueprint, call_log, held_page
from outreach.web.staff.common import disclosure
from outreach.web.staff.common.guards import (
    current_staff,
    log_office_action,
    page,
)
from outreach.web.staff.common.permissions import Scope, requires

MAX_NAME_LENGTH: Final = 60


@dataclass(frozen=True)
class StandingLine:
    """What the code alone tells of a place that is not discreet."""

    when: str
    status: str


@dataclass(frozen=True)
class OpenedPlace:
    """What code and nickname tell. Title and place are empty at a discreet workshop."""

    line: StandingLine
    people: int
    title: str
    place: str
    can_change: bool
    people_choices: Sequence[int]
    dates: Sequence[DateChoice]


@blueprint.get("/llamada/codigo")
@requires(Scope.NETWORK, Permission.CALLS)
def code_form() -> ResponseReturnValue:
    return _page()


@blueprint.post("/llamada/codigo")
@requires(Scope.NETWORK, Permission.CALLS)
@request_retry.harmless
def find_code() -> ResponseReturnValue:
    code = read_code(request.form.get("code", ""))
    name = clean(request.form.get("name", ""))[:MAX_NAME_LENGTH]
    if len(code) != code_lookup.CODE_LENGTH or not code.isascii():
        return _page(422, fault=_("Escribe las 6 letras y números de su código."))
    rate_limits.count_call_look_up(current_staff().organizer_id)
    if name:
        rate_limits.count_call_name_try(code)
    now = clock.now()
    with store().read() as session:
        found = code_lookup.list_by_code(session, key_store(), code, now=now)
        registrations.open_details(key_store(), found)
        # A discreet place by its code alone looks like a code that nobody has.
        lines = [_describe(each) for each in found if not each.workshop.is_discreet]
        named = (
            registrations.find_by_code_and_name(session, key_store(), code, name, now=now)
            if name
            else None
        )
    _note_call(found, now)
    if name and named is None and lines:
        return _page(200, code=code, lines=lines, fault=_("Con ese código el apodo es otro."))
    if named is None:
        return _page(200, code=code, lines=lines, is_unknown=not lines)
    rate_limits.take_back_call_name_try(code)
    return _open(named[0], code, name, now)


def _note_call(found: Sequence[Registration], now: datetime) -> None:
    """Writes the look-up in the audit log, and confirms what a broken call has left."""
    with store().change() as session:
        call_holds.confirm(session, [each.id for each in found], now=now)
        for each in found:
            call_log.record(session, each.workshop, "code looked up by phone")
        if not found:
            log_office_action(session, "", "code looked up by phone", {"parties": 0})


def _open(party: Registration, code: str, name: str, now: datetime) -> ResponseReturnValue:
    act, done, fault, status = _ACTS.get(request.form.get("do", "")), "", "", 200
    if act is not None and not _can_change(party, now):
        return _page(409, code=code, name=name, fault=_("Ya no se puede cambiar."))
    if act is not None:
        try:
            done = act(party, now)
        except PageRefused as refusal:
            fault, status = refusal.message, 422
        except (Full, Conflict, RegistrationClosed, NotFound):
            fault, status = _("No se pudo. El lugar sigue como estaba."), 409
        if act is _cancel and done:
            return _page(done=done)
    with store().read() as session:
        party = session.get_one(Registration, party.id, populate_existing=True)
        opened = OpenedPlace(
            line=_describe(party),
            people=party.people,
            title="" if party.workshop.is_discreet else localize(party.workshop.title),
            place=_say_place(party),
            can_change=_can_change(party, now),
            people_choices=held_page.list_people(party),
            dates=held_page.list_dates(session, party, now),
        )
    return _page(status, code=code, name=name, opened=opened, done=done, fault=fault)


def _cancel(party: Registration, now: datetime) -> str:
    """Frees the seat. At a discreet workshop the code still opens the door, as that of somebody
    without a seat: who knows code and nickname may not be the person."""
    if party.workshop.is_discreet:
        with store().change() as session:
            workshop = session.get_one(Registration, party.id).workshop
            doubtful.release(session, workshop, [party.key_id or b""], now=now)
            call_log.record(session, workshop, "place cancelled by phone")
        return _("Cancelado.")
    erasure.erase(store(), key_store(), config(), [party.id], now=now)
    with store().change() as session:
        call_log.record(session, party.workshop, "place cancelled by phone")
    return _("Cancelado. Borramos sus datos.")


def _change_people(party: Registration, now: datetime) -> str:
    people = request.form.get("people", "")
    if people not in {str(each) for each in held_page.list_people(party)}:
        raise PageRefused(_("Elige cuántas personas vienen."))
    with store().change() as session:
        row = session.get_one(Registration, party.id)
        change = RegistrationChange(people=int(people), needs=row.needs)
        registrations.change(session, row, change, now=now)
        call_log.record(session, row.workshop, "place changed by phone", {"people": int(people)})
    return _("Cambiado.")


def _move(party: Registration, now: datetime) -> str:
    day, _separator, slot = request.form.get("day", "").partition(" ")
    with store().read() as session:
        dates = held_page.list_dates(session, party, now)
    target = next((each.workshop for each in dates if each.public_id == day), None)
    if target is None:
        raise PageRefused(_("Elige una de estas fechas."))
    registration_move.move(store(), key_store(), party.id, target.id, now=now, slot=slot)
    with store().change() as session:
        call_log.record(session, target, "place moved by phone")
    return _("Cambiado de fecha.")


_ACTS: Final[Mapping[str, Callable[[Registration, datetime], str]]] = {
    "cancel": _cancel,
    "people": _change_people,
    "date": _move,
}


def _can_change(party: Registration, now: datetime) -> bool:
    is_held = party.apparent_status in {RegistrationStatus.CONFIRMED, RegistrationStatus.WAITLISTED}
    return is_held and now < party.workshop.starts_at and not party.arrived_count


def _describe(party: Registration) -> StandingLine:
    statuses: dict[RegistrationStatus, str] = {
        RegistrationStatus.CONFIRMED: _("Tiene lugar"),
        RegistrationStatus.WAITLISTED: _("En lista de espera"),
        RegistrationStatus.OFFERED: _("Le toca un lugar: que lo acepte en «Mi lugar»"),
        RegistrationStatus.CANCELLED: pgettext("registration", "Cancelado"),
        RegistrationStatus.EXPIRED: _("Se le pasó el plazo"),
    }
    when = f"{formatting.day(party.day)}, {formatting.hour(party.starts)}"
    words = _say_unconfirmed(party) if party.is_unconfirmed else statuses[party.apparent_status]
    return StandingLine(formatting.first_capital(when), words)


def _say_unconfirmed(party: Registration) -> str:
    """Returns what is said about a party beyond the share of its network: that it has no sure seat,
    or by when it is confirmed."""
    if party.is_released:
        return _("Sin lugar seguro: que venga, y entra si hay silla")
    zone = party.workshop.zone
    at = review.compute_review(party.workshop, party.registered_at).astimezone(zone)
    return _(
        "Por confirmar, a más tardar el %(day)s, %(hour)s",
        day=formatting.day(at.date()),
        hour=formatting.hour(at.time()),
    )


def _say_place(party: Registration) -> str:
    venue = party.workshop.venue
    if venue is None or party.workshop.is_discreet:
        return ""
    is_shown = party.sees_address and disclosure.sees(SeenField.ADDRESS, party.workshop)
    parts = [venue.name, venue.address or ""] if is_shown else [venue.area or ""]
    return ", ".join(part for part in (*parts, formatting.city_region(venue)) if part)


def _page(
    status: int = 200,
    *,
    code: str = "",
    name: str = "",
    lines: Sequence[StandingLine] = (),
    opened: OpenedPlace | None = None,
    is_unknown: bool = False,
    done: str = "",
    fault: str = "",
) -> ResponseReturnValue:
    return page(
        "call_centre/code",
        status,
        code=code,
        nickname=name,
        lines=lines,
        opened=opened,
        is_unknown=is_unknown,
        done_message=done,
        fault=fault,
    )
