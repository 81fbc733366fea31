"""The people of one workshop, as its page lists them: with a place, in line, to call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import request
from sqlalchemy.orm import Session

from outreach.domain import outbox, registrations
from outreach.domain.network.staff import Permission
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations import RegistrationStatus as Place
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.workshops import Workshop, time_slots
from outreach.domain.workshops.time_slots import TimeSlot
from outreach.errors import NotFound
from outreach.i18n import gettext as _
from outreach.web.context import config, key_store, store
from outreach.web.presentation.formatting import hour
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.guards import has_permission, log_workshop_action

TABS: Final = ("lugar", "espera", "llamadas")
_OFFERED_FIRST: Final = (Place.OFFERED, Place.WAITLISTED)


@dataclass(frozen=True)
class AttendeeList:
    everyone: Sequence[Registration]  # with a place or a turn
    lapsed: Sequence[Registration]
    calls: Sequence[Notification]
    unsent: Sequence[Notification]  # letters that were given up
    hours: Sequence[TimeSlot]


@dataclass(frozen=True, kw_only=True, repr=False)
class PendingCall:
    """Somebody to be called, and why."""

    id: int
    row: workshop_labels.WorkshopListRow
    why: str
    asks: bool  # whether the answer can be noted: an offer, or whether they still come
    is_called: bool


@dataclass(frozen=True, kw_only=True, repr=False)
class SlotAttendees:
    """One hour of the consultations, with who comes then."""

    starts: str
    taken: int
    places: int
    rows: list[workshop_labels.WorkshopListRow]


def of(session: Session, workshop: Workshop, *, now: datetime) -> AttendeeList:
    calls = list(outbox.to_call(session, workshop, now=now, has_texts=bool(config().texts.url)))
    return AttendeeList(
        registrations.list_active(session, workshop),
        registrations.list_expired(session, workshop),
        [*calls, *_just_called(session, workshop)],
        outbox.unsent(session, workshop, now=now),
        time_slots.list_slots(session, workshop) if workshop.has_slots else (),
    )


def _just_called(session: Session, workshop: Workshop) -> list[Notification]:
    """The one that was marked a moment ago: a slip of the finger can be undone."""
    number = request.args.get("llamada", "")
    if not (number.isascii() and number.isdigit() and len(number) < 12):
        return []
    try:
        found = outbox.find(session, workshop, int(number))
    except NotFound:  # forgotten meanwhile
        return []
    is_done = found.done_at is not None and found.registration.contact is ContactMethod.PHONE
    return [found] if is_done else []


def listed(workshop: Workshop, there: AttendeeList, shown: str) -> dict[str, Any]:
    """The list of one tab, with names where they may be seen."""
    slug = workshop.office.slug
    if not has_permission(Permission.PEOPLE, slug):
        return {"tab": "", "rows": [], "hours": [], "calls": [], "to_call": 0, "unreached": ()}
    waiting = [each for each in there.everyone if each.status in _OFFERED_FIRST]
    waiting.sort(key=lambda each: _OFFERED_FIRST.index(each.status))
    tab = _tab(there, shown) if has_permission(Permission.CONTACTS, slug) else _tab_of_door()
    wanted = {
        "lugar": [each for each in there.everyone if each.status is Place.CONFIRMED],
        "espera": [*waiting, *there.lapsed],
        "llamadas": [notice.registration for notice in there.calls],
    }[tab]
    if workshop.is_discreet:  # whoever reads such a list leaves a trace (S23)
        with store().change() as session:
            log_workshop_action(session, workshop, "list seen")
    rows = workshop_labels.rows(
        workshop, wanted, registrations.decrypt_people(key_store(), wanted), shown=shown
    )
    waits = [notice for notice in there.calls if notice.done_at is None or notice.is_dead]
    return {
        "tab": tab,
        "rows": rows,
        "hours": _hours(workshop, there, rows) if tab == "lugar" else [],
        "calls": calls(there.calls, rows) if tab == "llamadas" else [],
        "to_call": len(waits) if has_permission(Permission.CONTACTS, slug) else 0,
        "unreached": {notice.registration_id for notice in there.unsent},
    }


def _tab(there: AttendeeList, shown: str) -> str:
    asked = request.args.get("ver", "") or request.form.get("ver", "")
    if asked in TABS:
        return asked if asked != "llamadas" or there.calls else "lugar"
    in_line = {each.id for each in there.everyone if each.status in _OFFERED_FIRST}
    return "espera" if shown in in_line else "lugar"


def _tab_of_door() -> str:
    """Who stands at the door calls nobody."""
    return "espera" if request.args.get("ver") == "espera" else "lugar"


def _hours(
    workshop: Workshop, there: AttendeeList, rows: Sequence[workshop_labels.WorkshopListRow]
) -> list[SlotAttendees]:
    """The parties with a place by their hour, in the order of the day, empty hours too."""
    at = {each.id: each.slot_id for each in there.everyone}
    return [
        SlotAttendees(
            starts=hour(time_slots.get_start(workshop, slot.minute)),
            taken=slot.capacity - slot.seats_left,
            places=slot.capacity,
            rows=[row for row in rows if at.get(row.id) == slot.id],
        )
        for slot in there.hours
    ]


def calls(
    notices: Sequence[Notification], rows: Sequence[workshop_labels.WorkshopListRow]
) -> list[PendingCall]:
    """Each of these to be called, with their row."""
    return [
        PendingCall(
            id=notice.id,
            row=row,
            why=_why(notice),
            asks=notice.cause in {NotificationType.OFFER, NotificationType.RECONFIRM},
            is_called=notice.done_at is not None and not notice.is_dead,
        )
        for notice, row in zip(notices, rows, strict=True)
    ]


def _why(notice: Notification) -> str:
    if notice.cause is NotificationType.MESSAGE and notice.message is not None:
        what = workshop_labels.template_words(notice.message.template)
        return f"{what}. {notice.message.paragraph.get('es', '')}".strip()
    said: dict[NotificationType, str] = {
        NotificationType.OFFER: _("Hay un lugar para esta persona. ¿Lo quiere?"),
        NotificationType.SEAT_GRANTED: _("Ya tiene lugar"),
        NotificationType.OFFER_EXPIRED: _("No contestó y el lugar pasó a otra persona"),
        NotificationType.CHANGED: _("Cambió la hora o el lugar"),
        NotificationType.CANCELLED: _("Se canceló"),
        NotificationType.REINSTATED: _("Siempre sí se hace"),
        NotificationType.REMINDER: _("Pidió que le recordemos"),
        NotificationType.RECONFIRM: _("¿Sigue viniendo?"),
        NotificationType.APPROVED: _("Ya puede ver la dirección en su enlace"),
    }
    return said.get(notice.cause, "")
