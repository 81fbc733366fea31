"""The registrations of one workshop, as its page lists them: confirmed, waitlisted, to call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import request
from sqlalchemy.orm import Session

from outreach.domain import outbox, registrations
from outreach.domain.checkin import checkin
from outreach.domain.disclosure import who_sees
from outreach.domain.disclosure.who_sees import Moment, SeenField
from outreach.domain.network.staff import Permission
from outreach.domain.registrations import ContactMethod, Registration, address_approval
from outreach.domain.registrations import RegistrationStatus as Place
from outreach.domain.registrations.message_types import DECLARATIONS, NotificationType
from outreach.domain.registrations.notifications import Notification
from outreach.domain.workshops import Workshop, time_slots
from outreach.domain.workshops.time_slots import TimeSlot
from outreach.errors import NotFound
from outreach.i18n import current, end_sentence, say, translate
from outreach.i18n import gettext as _
from outreach.web.context import config, store
from outreach.web.presentation import formatting
from outreach.web.presentation.formatting import hour
from outreach.web.staff.common import disclosure, workshop_labels
from outreach.web.staff.common.guards import has_permission, log_workshop_action

TABS: Final = ("lugar", "espera", "llamadas")
_OFFERED_FIRST: Final = (Place.OFFERED, Place.WAITLISTED)


@dataclass(frozen=True)
class AttendeeList:
    everyone: Sequence[Registration]  # confirmed, offered or waitlisted
    lapsed: Sequence[Registration]
    calls: Sequence[Notification]
    unsent: Sequence[Notification]  # messages that could not be delivered
    hours: Sequence[TimeSlot]
    held: Sequence[Registration]  # a decision on their address can be undone
    doubtful: frozenset[str]  # ids of registrations


@dataclass(frozen=True, kw_only=True, repr=False)
class AttendeeTab:
    """One tab of the list, as its section of the page shows it. The sets have ids of
    registrations."""

    sees_names: bool = False  # the reader, now
    sees_contacts: bool
    tab: str = ""
    rows: Sequence[workshop_labels.WorkshopListRow] = ()
    hours: "Sequence[SlotAttendees]" = ()
    calls: "Sequence[PendingCall]" = ()
    to_call: int = 0
    unreached: frozenset[str] = frozenset()
    doubtful: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    names_note: str = ""  # why the reader sees no names
    approval_is_overdue: bool = False


@dataclass(frozen=True, kw_only=True, repr=False)
class PendingCall:
    """A registration to be called, and the reason."""

    id: int
    row: workshop_labels.WorkshopListRow
    why: str
    asks: bool  # whether there is an answer to note: to an offer or a reconfirmation
    is_called: bool
    is_private: bool  # shows nothing: the workshop is discreet and the line was not opened


@dataclass(frozen=True, kw_only=True, repr=False)
class SlotAttendees:
    """One time slot with its registrations."""

    starts: str
    taken: int
    places: int
    rows: list[workshop_labels.WorkshopListRow]


def load(
    session: Session, workshop: Workshop, doubtful: frozenset[str], *, now: datetime
) -> AttendeeList:
    """The registrations, calls and failed messages of a workshop. `doubtful` has the ids of its
    doubtful registrations."""
    calls = list(outbox.list_calls(session, workshop, now=now, has_texts=bool(config().texts.url)))
    return AttendeeList(
        registrations.list_active(session, workshop),
        registrations.list_expired(session, workshop),
        [*calls, *_just_called(session, workshop)],
        outbox.list_unsent_letters(session, workshop, now=now),
        time_slots.list_slots(session, workshop) if workshop.has_slots else (),
        address_approval.list_held(session, workshop),
        doubtful,
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


def make_tab(
    workshop: Workshop, attendees: AttendeeList, shown: str, *, now: datetime
) -> AttendeeTab:
    """Returns the list of one tab; it is empty where the reader sees no names now. `shown` is the
    registration whose contact was asked for."""
    sees_contacts = disclosure.sees(SeenField.CONTACTS, workshop, is_acting=True)
    if not disclosure.sees(SeenField.NAMES, workshop):
        return AttendeeTab(sees_contacts=sees_contacts, names_note=_names_note(workshop, now))
    tab = _tab(attendees, shown) if sees_contacts else _tab_without_contacts()
    listed = _list_tab(attendees, tab)
    if workshop.is_sensitive:  # each look at such a list is logged (S23)
        with store().change() as session:
            log_workshop_action(session, workshop, "list seen")
    is_queue = tab == "llamadas"
    rows = read_rows(workshop, listed, shown=shown, is_queue=is_queue)
    open_calls = [notice for notice in attendees.calls if notice.done_at is None or notice.is_dead]
    return AttendeeTab(
        sees_names=True,
        sees_contacts=sees_contacts,
        tab=tab,
        rows=rows,
        hours=_hours(workshop, attendees, rows) if tab == "lugar" else (),
        calls=calls(attendees.calls, rows) if is_queue else (),
        to_call=len(open_calls) if sees_contacts else 0,
        unreached=frozenset(notice.registration_id for notice in attendees.unsent),
        doubtful=attendees.doubtful,
        held=frozenset(each.id for each in attendees.held),
        approval_is_overdue=workshop.starts_at - now <= address_approval.DECIDED_BEFORE,
    )


def _list_tab(attendees: AttendeeList, tab: str) -> list[Registration]:
    """The registrations of a tab, in their order."""
    if tab == "lugar":
        return [each for each in attendees.everyone if each.status is Place.CONFIRMED]
    if tab == "llamadas":
        return [notice.registration for notice in attendees.calls]
    waiting = [each for each in attendees.everyone if each.status in _OFFERED_FIRST]
    # Those beyond their share stand behind all others (S29).
    waiting.sort(key=lambda each: (_OFFERED_FIRST.index(each.status), each.is_beyond_share))
    return [*waiting, *attendees.lapsed]


def _names_note(workshop: Workshop, now: datetime) -> str:
    """Returns why the reader sees no names, and from when they do."""
    if not has_permission(Permission.PEOPLE, workshop.office.slug):
        return str(_("Tu papel ve los números, no los nombres."))
    if who_sees.find_moment(workshop, now=now) is Moment.AFTER:
        return str(_("La lista de la entrada ya se cerró: los nombres no se ven más."))
    day = formatting.day(checkin.get_list_day(workshop))
    return _("Los nombres se ven desde el %(day)s, un día antes del taller.", day=day)


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
    """Returns what a call, or a letter that came back, was about."""
    if notice.cause is NotificationType.MESSAGE and notice.message is not None:
        what = workshop_labels.template_words(notice.message.template)
        return f"{end_sentence(what)} {say(notice.message.paragraph, current())}".strip()
    words = DECLARATIONS[notice.cause].staff_words
    return translate(words, current()) if words else ""
