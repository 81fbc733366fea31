"""The registrations of one workshop, as its page lists them: confirmed, waitlisted, to call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import request
from sqlalchemy.orm import Session

from outreach.domain import outbox, registrations
from outreach.domain.disclosure.who_sees import SeenField
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations import RegistrationStatus as Place
from outreach.domain.registrations.message_types import DECLARATIONS, NotificationType
from outreach.domain.registrations.notifications import Notification
from outreach.domain.workshops import Workshop, time_slots
from outreach.domain.workshops.time_slots import TimeSlot
from outreach.errors import NotFound
from outreach.i18n import current, end_sentence, say, translate
from outreach.web.context import config, store
from outreach.web.presentation.formatting import hour
from outreach.web.staff.common import disclosure, workshop_labels
from outreach.web.staff.common.guards import log_workshop_action

TABS: Final = ("lugar", "espera", "llamadas")
_OFFERED_FIRST: Final = (Place.OFFERED, Place.WAITLISTED)


@dataclass(frozen=True)
class AttendeeList:
    everyone: Sequence[Registration]  # confirmed, offered or waitlisted
    lapsed: Sequence[Registration]
    calls: Sequence[Notification]
    unsent: Sequence[Notification]  # messages that could not be delivered
    hours: Sequence[TimeSlot]


@dataclass(frozen=True, kw_only=True, repr=False)
class PendingCall:
    """A registration to be called, and the reason."""

    id: int
    row: workshop_labels.WorkshopListRow
    why: str
    asks: bool  # whether there is an answer to note: to an offer or a reconfirmation
    is_called: bool
    is_private: bool  # of a discreet workshop, and not opened: nothing of it is shown


@dataclass(frozen=True, kw_only=True, repr=False)
class SlotAttendees:
    """One time slot with its registrations."""

    starts: str
    taken: int
    places: int
    rows: list[workshop_labels.WorkshopListRow]


def load(session: Session, workshop: Workshop, *, now: datetime) -> AttendeeList:
    """The registrations, calls and failed messages of a workshop."""
    calls = list(outbox.list_calls(session, workshop, now=now, has_texts=bool(config().texts.url)))
    return AttendeeList(
        registrations.list_active(session, workshop),
        registrations.list_expired(session, workshop),
        [*calls, *_just_called(session, workshop)],
        outbox.list_unsent_letters(session, workshop, now=now),
        time_slots.list_slots(session, workshop) if workshop.has_slots else (),
    )


def _just_called(session: Session, workshop: Workshop) -> list[Notification]:
    """The call that was just marked as done, so that it can be undone."""
    number = request.args.get("llamada", "")
    if not (number.isascii() and number.isdigit() and len(number) < 12):
        return []
    try:
        call = outbox.find(session, workshop, int(number))
    except NotFound:  # erased meanwhile
        return []
    is_done = call.done_at is not None and call.registration.contact is ContactMethod.PHONE
    return [call] if is_done else []


def context(workshop: Workshop, attendees: AttendeeList, shown: str) -> dict[str, Any]:
    """The template values of the list of one tab; nobody where the reader sees no names now."""
    sees_contacts = disclosure.sees(SeenField.CONTACTS, workshop, is_acting=True)
    seen = {
        "sees_names": disclosure.sees(SeenField.NAMES, workshop),
        "sees_contacts": sees_contacts,
    }
    if not seen["sees_names"]:
        nobody = {"tab": "", "rows": [], "hours": [], "calls": [], "to_call": 0, "unreached": ()}
        return seen | nobody
    waiting = [each for each in attendees.everyone if each.status in _OFFERED_FIRST]
    # Those beyond their share stand behind all others (S29).
    waiting.sort(key=lambda each: (_OFFERED_FIRST.index(each.status), each.is_beyond_share))
    tab = _tab(attendees, shown) if sees_contacts else _tab_without_contacts()
    listed = {
        "lugar": [each for each in attendees.everyone if each.status is Place.CONFIRMED],
        "espera": [*waiting, *attendees.lapsed],
        "llamadas": [notice.registration for notice in attendees.calls],
    }[tab]
    if workshop.is_sensitive:  # each look at such a list is logged (S23)
        with store().change() as session:
            log_workshop_action(session, workshop, "list seen")
    is_queue = tab == "llamadas"
    rows = read_rows(workshop, listed, shown=shown, is_queue=is_queue)
    open_calls = [notice for notice in attendees.calls if notice.done_at is None or notice.is_dead]
    return seen | {
        "tab": tab,
        "rows": rows,
        "hours": _hours(workshop, attendees, rows) if tab == "lugar" else [],
        "calls": calls(attendees.calls, rows) if is_queue else [],
        "to_call": len(open_calls) if sees_contacts else 0,
        "unreached": {notice.registration_id for notice in attendees.unsent},
    }


def read_rows(
    workshop: Workshop, listed: Sequence[Registration], *, shown: str, is_queue: bool
) -> list[workshop_labels.WorkshopListRow]:
    """The rows of a list. In the queue of calls of a discreet workshop nobody is decrypted but
    `shown`, whose call was opened."""
    is_private = is_queue and workshop.is_discreet
    readable = [each for each in listed if each.id == shown] if is_private else listed
    people = disclosure.read_people(workshop, readable)
    return workshop_labels.rows(workshop, listed, people, shown=shown, is_acting=is_queue)


def _tab(attendees: AttendeeList, shown: str) -> str:
    tab = request.args.get("ver", "") or request.form.get("tab", "")
    if tab in TABS:
        return tab if tab != "llamadas" or attendees.calls else "lugar"
    in_line = {each.id for each in attendees.everyone if each.status in _OFFERED_FIRST}
    return "espera" if shown in in_line else "lugar"


def _tab_without_contacts() -> str:
    """The tab for staff who may not see contacts: there is no tab of calls."""
    return "espera" if request.args.get("ver") == "espera" else "lugar"


def _hours(
    workshop: Workshop, attendees: AttendeeList, rows: Sequence[workshop_labels.WorkshopListRow]
) -> list[SlotAttendees]:
    """The confirmed registrations by time slot, in the order of the day; empty slots included."""
    slot_ids = {each.id: each.slot_id for each in attendees.everyone}
    return [
        SlotAttendees(
            starts=hour(time_slots.get_start(workshop, slot.minute)),
            taken=slot.capacity - slot.seats_left,
            places=slot.capacity,
            rows=[row for row in rows if slot_ids.get(row.id) == slot.id],
        )
        for slot in attendees.hours
    ]


def calls(
    notices: Sequence[Notification], rows: Sequence[workshop_labels.WorkshopListRow]
) -> list[PendingCall]:
    """The calls, each with the row of its registration."""
    return [
        PendingCall(
            id=notice.id,
            row=row,
            why=why(notice),
            asks=notice.cause in outbox.QUESTIONS,
            is_called=notice.done_at is not None and not notice.is_dead,
            is_private=notice.registration.workshop.is_discreet and not row.is_whole,
        )
        for notice, row in zip(notices, rows, strict=True)
    ]


def why(notice: Notification) -> str:
    """What a call, or a letter that came back, was about."""
    if notice.cause is NotificationType.MESSAGE and notice.message is not None:
        what = workshop_labels.template_words(notice.message.template)
        return f"{end_sentence(what)} {say(notice.message.paragraph, current())}".strip()
    words = DECLARATIONS[notice.cause].staff_words
    return translate(words, current()) if words else ""
