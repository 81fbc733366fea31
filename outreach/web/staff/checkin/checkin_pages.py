"""Check-in of a workshop on line, the page of a scanned QR code, and the attendance report."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from flask import Response, g, make_response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain import registrations
from outreach.domain.audit.audit_log import Details
from outreach.domain.checkin import checkin, checkin_events
from outreach.domain.disclosure import who_sees
from outreach.domain.disclosure.who_sees import Moment, SeenField
from outreach.domain.network.staff import Permission, is_allowed
from outreach.domain.registrations import Registration
from outreach.domain.reporting import typing_slips
from outreach.domain.reporting.typing_slips import AttendanceSlip, SlipReference
from outreach.domain.scheduling import workshop_service
from outreach.domain.text import clean, fold, read_code
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.errors import NotFound, Refusal
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.context import key_store, store
from outreach.web.error_messages import PageRefused
from outreach.web.middleware.response_headers import PagePolicy, allow, keep_private
from outreach.web.presentation.formatting import group_digits
from outreach.web.staff.checkin import blueprint
from outreach.web.staff.common import disclosure, workshop_labels
from outreach.web.staff.common.guards import (
    current_staff,
    find_workshop,
    has_permission_anywhere,
    log_workshop_action,
    page,
    require_token,
    signed_in_staff,
    staff_language,
)
from outreach.web.staff.common.permissions import Scope, requires

TABS: Final = ("faltan", "llegaron", "todos")
NEAR: Final = timedelta(hours=2)  # before the start
MAX_PEOPLE: Final = 100_000


@blueprint.get("/talleres/<public_id>/entrada")
@requires(Scope.WORKSHOP, Permission.DOOR)
def check_in_form(public_id: str) -> ResponseReturnValue:
    return _check_in_page(public_id, tab=request.args.get("ver", ""))


@blueprint.post("/talleres/<public_id>/entrada")
@requires(Scope.WORKSHOP, Permission.DOOR)
def check_in(public_id: str) -> ResponseReturnValue:
    """Marks one party, or counts somebody without a registration, as the field `do` says: arrived,
    admit, undo, more or less. With find it searches for `q` instead.

    The search is a POST, so that no name stands in an address or a log.
    """
    what, tab = request.form.get("do", ""), request.form.get("tab", "")
    if what == "find":
        return _check_in_page(public_id, tab="todos", typed=clean(request.form.get("q", "")))
    registration_id, is_known = clean(request.form.get("registration", "")), False
    try:
        with store().change() as session:
            workshop = find_workshop(session, public_id)
            checkin.require_list_open(workshop, now=clock.now())
            if not disclosure.sees(SeenField.NAMES, workshop):
                raise PageRefused(_("La lista de la entrada ya se cerró."))
            if what in {"more", "less"}:
                checkin.count_walk_in(session, workshop, 1 if what == "more" else -1)
            else:
                registration = checkin.find(session, workshop, registration_id)
                is_known = not _mark(session, registration, what)
    except Refusal as refusal:
        return _check_in_page(public_id, tab=tab, fault=error_messages.say(refusal))
    target = "#sin-lugar" if what in {"more", "less"} else f"&r={registration_id}"
    target += "&ya=1" if is_known and what != "undo" else ""
    return redirect(f"/org/talleres/{public_id}/entrada?ver={_tab(tab)}{target}", 303)


@blueprint.get("/talleres/<public_id>/asistencia")
@requires(Scope.WORKSHOP, Permission.EDIT)
def attendance_form(public_id: str) -> ResponseReturnValue:
    return _attendance_page(public_id)


@blueprint.post("/talleres/<public_id>/asistencia")
@requires(Scope.WORKSHOP, Permission.EDIT)
def report_attendance(public_id: str) -> ResponseReturnValue:
    is_held, typed = request.form.get("held", ""), clean(request.form.get("people", ""))
    if is_held not in {"yes", "no"}:
        return _attendance_page(public_id, _("Di si el taller se hizo o no."))
    is_number = typed.isascii() and typed.isdigit() and len(typed) < 7
    if is_held == "yes" and not (is_number and int(typed) <= MAX_PEOPLE):
        return _attendance_page(public_id, _("Escribe cuántas personas llegaron, con números."))
    people = int(typed) if is_held == "yes" else None
    try:
        with store().change() as session:
            workshop = find_workshop(session, public_id)
            slip = _find_slip(session, workshop, people)
            if slip is not None and request.form.get("sure") != typed:
                return _attendance_page(public_id, slip=_slip_words(slip))
            workshop_service.report(workshop, head_count=people, now=clock.now())
            details: Details = (
                {"held": False} if people is None else {"held": True, "people": people}
            )
            log_workshop_action(session, workshop, "attendance reported", details)
    except Refusal as refusal:
        return _attendance_page(public_id, error_messages.say(refusal))
    return redirect(f"/org/talleres/{public_id}?hecho=reportado", 303)


def _find_slip(session: Session, workshop: Workshop, people: int | None) -> AttendanceSlip | None:
    """Returns why the typed number is asked about; None for a workshop that was not held."""
    if people is None:
        return None
    came = checkin.count_heads(session, workshop)
    return typing_slips.find_attendance_slip(session, workshop, people, came=came)


def _slip_words(slip: AttendanceSlip) -> str:
    least, most = group_digits(slip.least), group_digits(slip.most)
    match slip.reference:
        case SlipReference.REPLACED:
            words = _("Antes se reportó %(least)s.", least=least)
        case SlipReference.CHECK_IN:
            words = _("En la entrada se marcó %(least)s.", least=least)
        case SlipReference.SEATS:
            words = _("El taller tiene %(least)s lugares.", least=least)
        case SlipReference.USUAL if least == most:
            words = _("En el último año, a un taller así llegó %(least)s.", least=least)
        case SlipReference.USUAL:
            words = _(
                "En el último año, a talleres así llegaron de %(least)s a %(most)s.",
                least=least,
                most=most,
            )
    return str(words)


# The QR code that a person shows, scanned by a staff member


def person_page(token: str, fault: str = "") -> Response | None:
    """Returns the page of the person with a button for staff who may check in at that office, and
    one that says the code is not one of theirs for staff of another office; None for everybody
    else."""
    who = signed_in_staff()
    if who is None or not has_permission_anywhere(Permission.DOOR):
        return None
    try:
        with store().read() as session:
            party = registrations.find_by_entry_token(session, key_store(), token)
            workshop = party.workshop
            chairs = checkin.count_free_chairs(session, workshop, now=clock.now())
    except NotFound:
        return _unknown_code_page()
    if not is_allowed(who.grants, Permission.DOOR, workshop.office.slug):
        return _unknown_code_page()
    _prepare()
    now = clock.now()
    if not disclosure.sees(SeenField.NAMES, workshop):
        return _closed_page(workshop, now)
    _log_discreet_list(workshop)
    row = workshop_labels.rows(workshop, [party], disclosure.read_people(workshop, [party]))[0]
    local_day = now.astimezone(workshop.zone).date()
    # A workshop that goes on past midnight counts as today's.
    is_on = workshop.starts_at <= now < workshop.ends_at
    return page(
        "checkin/person",
        422 if fault else 200,
        workshop=workshop,
        row=row,
        is_live=party.is_live
        and workshop.status in {WorkshopStatus.PUBLISHED, WorkshopStatus.HELD},
        is_another_day=workshop.day != local_day and not is_on,
        chairs=chairs,
        now=now,
        fault=fault,
        is_just_done=request.args.get("hecho") == "1",
        words=workshop_labels,
    )


def mark_person(token: str) -> Response | None:
    """Marks the person as arrived, or undoes it. None where `person_page` gives None."""
    response = person_page(token)
    if response is None or response.status_code in {404, 409}:
        return response
    _prepare()
    who, is_new = current_staff(), True
    require_token(who)
    try:
        with store().change() as session:
            party = registrations.find_by_entry_token(session, key_store(), token)
            checkin.require_checkin_open(party.workshop)
            if party.is_live:
                is_new = _mark(session, party, request.form.get("do", ""))
    except Refusal as refusal:
        return person_page(token, error_messages.say(refusal))
    return make_response(redirect(f"/q/{token}" + ("?hecho=1" if is_new else ""), 303))


def _unknown_code_page() -> Response:
    """Returns the same page for a cancelled registration, one of another office and an unknown
    code."""
    _prepare()
    return page("checkin/unknown_code", 404)


def _log_discreet_list(workshop: Workshop) -> None:
    """Logs that the names of a discreet workshop were shown (S23)."""
    if workshop.is_sensitive:
        with store().change() as session:
            log_workshop_action(session, workshop, "list seen")


def _prepare() -> None:
    g.lang = staff_language()
    keep_private()


def _mark(session: Session, party: Registration, what: str) -> bool:
    """Marks a party as `what` says: arrived, admit or undo. Returns False when it was marked so
    already. Raises Refusal for an unknown action."""
    if what == "undo":
        return checkin.mark_not_arrived(session, party)
    if what not in {"arrived", "admit"}:
        raise PageRefused(_("Marca quién llegó con los botones de la lista."))
    typed = request.form.get("people", "")
    people = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else party.people
    people = max(1, min(people, party.people))
    if what == "admit":
        return checkin.admit_from_waitlist(session, party, people, now=clock.now())
    return checkin.mark_arrived(session, party, people)


def _check_in_page(public_id: str, *, tab: str, typed: str = "", fault: str = "") -> Response:
    now = clock.now()
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        if workshop.is_closed_for_danger:
            return make_response(redirect(f"/org/talleres/{public_id}/peligro", 303))
        checkin.require_checkin_open(workshop)
        if (closed := find_closed_page(workshop, SeenField.NAMES)) is not None:
            return closed
        everyone = registrations.list_active(session, workshop)
        came = checkin.count_arrived(session, workshop)
        chairs = checkin.count_free_chairs(session, workshop, now=now)
        people = disclosure.read_people(workshop, everyone)
        of_erased = checkin_events.read_arrivals_of_erased(session, workshop, everyone)
    _log_discreet_list(workshop)
    rows = [
        replace(row, arrived=of_erased.get(row.id, row.arrived))
        # Those beyond their share stand behind all others who wait (S29).
        for row in workshop_labels.rows(
            workshop, sorted(everyone, key=lambda each: each.is_beyond_share), people
        )
    ]
    waitlist = [row for row in rows if row.seat.is_waiting and not row.arrived]
    rows = sorted(
        (row for row in rows if typed or not row.seat.is_waiting or row.arrived),
        key=lambda row: fold(row.name),
    )
    expected = sum(row.people for row in rows if not row.seat.is_waiting)
    allow(PagePolicy.CAMERA)
    return page(
        "checkin/checkin",
        422 if fault else 200,
        workshop=workshop,
        now=now,
        # Another workshop may be the one at whose door they are: after midnight, and long before.
        is_far=not workshop.starts_at - NEAR <= now < workshop.ends_at,
        rows=_chosen(rows, _tab(tab), typed, request.args.get("r", "")),
        line=[] if typed else waitlist,
        chairs=chairs,
        tab=_tab(tab),
        typed=typed,
        fault=fault,
        missing=sum(1 for row in rows if not row.arrived and not row.seat.is_waiting),
        arrived=sum(1 for row in rows if row.arrived),
        came=came,
        expected=expected,
        share=100 * min(1, came / expected) if expected else 0.0,
        is_known=request.args.get("ya") == "1",
        just=next((row for row in rows if row.id == request.args.get("r")), None),
        plain=fold,
        words=workshop_labels,
        is_open_to_danger=workshop_service.is_open_to_danger(workshop, now=now),
        may_report=is_allowed(current_staff().grants, Permission.EDIT, workshop.office.slug),
    )


def find_closed_page(workshop: Workshop, field: SeenField) -> Response | None:
    """Returns the page that says when the list of the door can be seen, or that this is over; None
    where it can be seen. Before its window nobody opens it (S23), after it only those whose role
    sees names then."""
    now = clock.now()
    if checkin.is_list_open(workshop, now=now) and disclosure.sees(field, workshop):
        return None
    return _closed_page(workshop, now)


def _closed_page(workshop: Workshop, now: datetime) -> Response:
    return page(
        "checkin/closed_list",
        409,
        workshop=workshop,
        is_over=who_sees.find_moment(workshop, now=now) is not Moment.BEFORE,
        day=checkin.get_list_day(workshop),
        now=now,
        words=workshop_labels,
    )


def _chosen(
    rows: Sequence[workshop_labels.WorkshopListRow], tab: str, typed: str, just: str
) -> list[workshop_labels.WorkshopListRow]:
    """The rows of a tab, or those that match the search. The row just marked stays, so that it can
    be undone."""
    if typed:
        name, code = fold(typed), read_code(typed)
        return [
            row
            for row in rows
            if name in fold(row.name) or (len(code) >= 3 and code in row.code.replace(" ", ""))
        ]
    if tab == "todos":
        return list(rows)
    return [row for row in rows if bool(row.arrived) == (tab == "llegaron") or row.id == just]


def _tab(name: str) -> str:
    return name if name in TABS else "faltan"


def _attendance_page(public_id: str, fault: str = "", *, slip: str = "") -> Response:
    """Renders the form of the attendance. `slip` says why the typed number is asked about."""
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        came = checkin.count_heads(session, workshop)
    prefilled = workshop.head_count if workshop.head_count is not None else came
    return page(
        "checkin/attendance",
        422 if fault or slip else 200,
        workshop=workshop,
        slip=slip,
        came=came,
        people=clean(request.form.get("people", str(prefilled)))[:9],
        held=request.form.get("held") or ("no" if workshop.status == "not_held" else "yes"),
        fault=fault,
        words=workshop_labels,
    )
