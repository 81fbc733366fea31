"""What the page of the queue says of a line: a card of a person, or of a workshop."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from outreach.domain.dashboard.pending_items import WorkSort
from outreach.domain.dashboard.work_queue import WorkLine
from outreach.domain.registrations import (
    ContactMethod,
    PersonalData,
    address_approval,
    call_attempts,
)
from outreach.domain.registrations.call_attempts import CallBlock
from outreach.domain.workshops import Workshop
from outreach.formats import language_name
from outreach.i18n import current, ngettext
from outreach.i18n import gettext as _
from outreach.web.presentation import formatting
from outreach.web.staff.common import call_labels, queue_labels, workshop_labels
from outreach.web.staff.common.workshop_labels import WorkshopListRow
from outreach.web.staff.workshops import attendee_list
from outreach.whole_lists import make_each


@dataclass(frozen=True, kw_only=True, repr=False)
class QueueCard:
    """One line as the staff member may see it."""

    line: WorkLine
    icon: str
    title: str  # a private line says how much waits, and nothing about the person
    place: str  # workshop and day; a discreet one is not named
    when: str  # how soon its workshop is
    note: str  # what happens to it if nobody acts; may be empty
    is_near: bool
    is_open: bool
    row: WorkshopListRow | None  # None: a workshop, or a private line that is not opened
    language: str
    reasons: Sequence[str]
    attempts: Sequence[str]  # what came of earlier calls
    attempt_number: int  # the number that the next noted call gets
    block: str  # why the person is not called now; may be empty
    hours: Sequence[tuple[str, str]]  # at which they may be called later: value and words
    can_note: bool  # what came of a call
    takes_no_texts: bool  # the phone answered «stop»

    @property
    def anchor(self) -> str:
        registration = self.line.registration
        return f"w-{self.line.workshop.public_id}" if registration is None else registration.id


@dataclass(frozen=True, kw_only=True)
class QueueReader:
    """Who reads the page, and what they opened."""

    organizer_id: int
    now: datetime
    opened: str  # id of the registration whose line was opened, or empty
    people: dict[str, PersonalData]  # by registration, of the lines that are shown
    addresses: Mapping[int, str]  # accounts' addresses, by id
    stopped_keys: Set[bytes] = frozenset()  # keys of people whose phone wants no texts


def build(lines: Sequence[WorkLine], reader: QueueReader) -> list[QueueCard]:
    """The cards of these lines. Needs the language of a request."""
    return make_each(lines, lambda line: _build(line, reader), what="the queue")


def is_shown(line: WorkLine, opened: str) -> bool:
    """Whether the name of the person may be read: private lines are opened one at a time."""
    registration = line.registration
    return registration is not None and (not line.is_private or registration.id == opened)


def _build(line: WorkLine, reader: QueueReader) -> QueueCard:
    workshop, registration, now = line.workshop, line.registration, reader.now
    shown = is_shown(line, reader.opened)
    block = line.history.find_block(workshop, now=now, organizer_id=reader.organizer_id)
    is_opened = registration is not None and registration.id == reader.opened
    row = None
    if registration is not None and shown:
        whole = registration.id if is_opened and block is None else ""
        [row] = workshop_labels.rows(
            workshop, [registration], reader.people, shown=whole, is_acting=True
        )
    has_phone = registration is not None and registration.contact is ContactMethod.PHONE
    can_note = shown and has_phone and block is None
    return QueueCard(
        line=line,
        icon=queue_labels.LABELS[line.sorts[0]].icon,
        title=row.name if row is not None else _title(line),
        place=place(workshop),
        when=_soon_words(line, now),
        note=_note(line, now),
        is_near=_count_days(line, now) <= 1,
        is_open=is_opened,
        row=row,
        language=_language(line) if row is not None else "",
        reasons=_reasons(line) if row is not None else (),
        attempts=_attempts(line, reader) if row is not None else (),
        attempt_number=_next_number(line),
        block=_block_words(block) if has_phone else "",
        hours=_hours(line, now) if can_note else (),
        can_note=can_note,
        takes_no_texts=row is not None and _is_stopped(line, reader),
    )


def _is_stopped(line: WorkLine, reader: QueueReader) -> bool:
    return line.registration is not None and line.registration.key_id in reader.stopped_keys


def place(workshop: Workshop) -> str:
    """Returns title, day and hour of a workshop; a discreet one is not named, since the page is
    read with others looking on."""
    name = _("Taller privado") if workshop.is_discreet else formatting.localize(workshop.title)
    hour = formatting.hour(workshop.starts)
    return f"{name}, {workshop_labels.short_day(workshop.day)}, {hour}"


def _title(line: WorkLine) -> str:
    """Returns what waits, with numbers: «1 llamada privada»."""
    words = (str(queue_labels.LABELS[sort].line) or _review_words(line) for sort in line.sorts)
    return " · ".join(dict.fromkeys(words))


def _review_words(line: WorkLine) -> str:
    return ngettext(
        "%(num)d registro de una misma red", "%(num)d registros de una misma red", line.count
    )


def _count_days(line: WorkLine, now: datetime) -> int:
    return (line.workshop.day - now.astimezone(line.workshop.zone).date()).days


def _soon_words(line: WorkLine, now: datetime) -> str:
    days = _count_days(line, now)
    if days < 0:
        return ngettext("hace %(num)d día", "hace %(num)d días", -days)
    if days < 2:
        return str(_("mañana") if days else _("hoy"))
    words: str = _("para el %(day)s", day=workshop_labels.brief_day(line.workshop.day))
    return words


def _note(line: WorkLine, now: datetime) -> str:
    workshop = line.workshop
    if WorkSort.REPORT in line.sorts:
        closes = workshop_labels.closes_words(workshop, now=now)
        return f"{workshop_labels.silence_words()} {closes}"
    is_late = workshop.starts_at <= now + address_approval.DECIDED_BEFORE
    return workshop_labels.overdue_words() if WorkSort.APPROVE in line.sorts and is_late else ""


def _language(line: WorkLine) -> str:
    assert line.registration is not None
    return formatting.first_capital(language_name(line.registration.language, current()))


def _reasons(line: WorkLine) -> list[str]:
    reasons = [_("Espera que apruebes que vea la dirección")] * (WorkSort.APPROVE in line.sorts)
    reasons += [attendee_list.why(each) for each in line.calls]
    for letter in line.letters:
        reasons.append(_("Su correo no llegó: %(what)s", what=attendee_list.why(letter)))
    return [each for each in dict.fromkeys(reasons) if each]


def _attempts(line: WorkLine, reader: QueueReader) -> list[str]:
    """Returns the calls that were made, each as «No contestó, mié 25 nov, 10:00 a. m.,
    ana@example.org», to the hour."""
    words = []
    for each in line.history.noted:
        there = each.made_at.astimezone(line.workshop.zone)
        when = f"{workshop_labels.short_day(there.date())}, {formatting.hour(there.time())}"
        outcome = formatting.first_capital(str(call_labels.OUTCOMES[each.outcome or ""]))
        who = reader.addresses.get(each.organizer_id or 0, "")
        words.append(f"{outcome}, {when}" + (f", {who}" if who else ""))
    return words


def _next_number(line: WorkLine) -> int:
    """Returns the number of the attempt whose outcome is noted next: an open one, or a new one."""
    registration, history = line.registration, line.history
    if registration is None:
        return 0
    own = [each for each in history.attempts if each.registration_id == registration.id]
    if own and own[-1].outcome is None:
        return own[-1].number
    return history.own_count + 1


def _block_words(block: CallBlock | None) -> str:
    return "" if block is None else call_labels.block_words(block)


def _hours(line: WorkLine, now: datetime) -> list[tuple[str, str]]:
    """The hours to call at, in the words of the venue's clock: «hoy, 5:00 p. m.»"""
    zone = line.workshop.zone
    today = now.astimezone(zone).date()
    hours = []
    for at in call_attempts.list_hours(line.workshop, now=now):
        there = at.astimezone(zone)
        days = (there.date() - today).days
        day = (_("hoy"), _("mañana"))[days] if days < 2 else workshop_labels.short_day(there.date())
        hours.append((f"{at:%Y-%m-%dT%H:%M}", f"{day}, {formatting.hour(there.time())}"))
    return hours
