"""What the page of the queue says of what was done today: nobody of a sensitive workshop, and no
contact of anybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from outreach.domain.dashboard import done_today
from outreach.domain.dashboard.done_today import DoneLine
from outreach.domain.dashboard.pending_items import DoneSort
from outreach.domain.network import staff
from outreach.domain.registrations import PersonalData
from outreach.domain.registrations.change_notifications import NotifyMode
from outreach.formats import join_words
from outreach.i18n import current, ngettext
from outreach.i18n import gettext as _
from outreach.web.presentation import formatting
from outreach.web.staff.attendees import queue_cards
from outreach.web.staff.common import call_labels, disclosure

MAX_ROWS: Final = 100  # the audit log has the others
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, repr=False)
class DoneRow:
    """One thing that was done, in words."""

    when: str
    what: str
    place: str  # workshop and day; a discreet one is not named
    who: str  # may be empty


def read(session: Session, slugs: Sequence[str], *, now: datetime) -> list[DoneRow]:
    """The rows of these offices, the latest first. Needs the language of a request."""
    lines = done_today.load(session, slugs, now=now)[:MAX_ROWS]
    shown = [each.registration for each in lines if each.registration and not each.is_private]
    people = disclosure.read_people_of_many(shown)
    ids = {organizer_id for each in lines for organizer_id in each.organizer_ids}
    labels = staff.list_labels(session, ids) if ids else {}
    return [
        DoneRow(
            when=_say_when(line),
            what=_say(line, people),
            place=queue_cards.place(line.workshop),
            who=_who(line, labels),
        )
        for line in lines
        if not _is_forgotten(line, people)
    ]


def _is_forgotten(line: DoneLine, people: Mapping[str, PersonalData]) -> bool:
    """Whether the key of the person has been destroyed, and their row is about to be erased."""
    registration = line.registration
    return registration is not None and not line.is_private and registration.id not in people


def _say_when(line: DoneLine) -> str:
    """Returns «10:22 a. m.»; where the exact time is not told, the hour: «10:00 a. m. a 11:00 a.
    m.»"""
    there = line.at.astimezone(line.workshop.office.zone)
    if line.is_exact:
        return formatting.hour(there.time())
    return formatting.hours(there.time(), (there + _HOUR).time())


def _say(line: DoneLine, people: Mapping[str, PersonalData]) -> str:
    if line.sort is DoneSort.CALL:
        return _say_call(line, people)
    if line.sort is DoneSort.REPORTED:
        return _say_report(line)
    if line.sort is DoneSort.NOTIFIED:
        return _say_decision(line)
    words: dict[DoneSort, str] = {
        DoneSort.APPROVED: ngettext(
            "Aprobado: %(num)d registro", "Aprobados: %(num)d registros", line.number
        ),
        DoneSort.DECLINED: ngettext(
            "No aprobado: %(num)d registro", "No aprobados: %(num)d registros", line.number
        ),
        DoneSort.REVIEWED: _("Registros revisados"),
        DoneSort.RELEASED: _("Lugares dudosos liberados"),
        DoneSort.LETTERS: _("Correos mandados otra vez"),
    }
    return words[line.sort]


def _say_call(line: DoneLine, people: Mapping[str, PersonalData]) -> str:
    """Returns «Lalo: no contestó, 2.ª vez»; where the line is private, not even what came of it."""
    assert line.registration is not None
    if line.is_private:
        return str(_("1 llamada privada"))
    name, outcome = people[line.registration.id].name, str(call_labels.OUTCOMES[line.outcome or ""])
    if line.number == 1:
        return f"{name}: {outcome}"
    again: str = _("%(num)d.ª vez", num=line.number)
    return f"{name}: {outcome}, {again}"


def _say_report(line: DoneLine) -> str:
    came = line.workshop.head_count
    if came is None:
        return str(_("No se hizo"))
    return ngettext("Asistencia: %(num)d persona", "Asistencia: %(num)d personas", came)


def _say_decision(line: DoneLine) -> str:
    if line.decision == NotifyMode.NOBODY:
        return str(_("Se decidió no avisar"))
    return str(_("Avisado en seguida") if line.decision == NotifyMode.URGENT else _("Avisado"))


def _who(line: DoneLine, labels: Mapping[int, str]) -> str:
    names = [labels[each] for each in line.organizer_ids if each in labels]
    return join_words(names, current()) if names else ""
