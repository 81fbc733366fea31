"""What messages say of days and hours, and whether what a person read last is true."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain.registrations import (
    ACTIVE_STATUSES,
    Registration,
    RegistrationStatus,
    find,
)
from outreach.domain.registrations.call_attempts import CallAttempt, CallOutcome
from outreach.domain.registrations.notifications import Notification
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.domain.workshops.time_slots import TimeSlot
from outreach.errors import NotFound
from tests.year.findings import Findings
from tests.year.installation import Installation
from tests.year.people import PLACES, TOKEN_PATHS, Person

# The beginnings of the months' names, which tell them apart, also where they are short. Accents are
# left out of them: a text has not all.
_MONTHS: Final = {
    "es": "ene feb mar abr may jun jul ago sep oct nov dic",
    "en": "jan feb mar apr may jun jul aug sep oct nov dec",
    "fr": "janv fevr mars avr mai juin juil aout sept oct nov dec",
}
_MONTH_NUMBERS: Final = {
    lang: {name: number for number, name in enumerate(names.split(), start=1)}
    for lang, names in _MONTHS.items()
}
_DAY_FIRST: Final = re.compile(r"\b(\d{1,2})(?:er)?\s(?:de\s)?([a-zéûà]{3,})")
_MONTH_FIRST: Final = re.compile(r"\b([A-Z][a-z]{2,})\.?\s(\d{1,2})\b")
_HOUR: Final = re.compile(r"\b(\d{1,2})(?::(\d\d))?\s([ap])\.?\s?m\b")
_FRENCH_HOUR: Final = re.compile(r"\b(\d{1,2})\sh(?:\s(\d\d))?\b")
# After these words a line says a deadline, or when the registration opens.
_IS_OTHER: Final = re.compile(
    r"\b(?:antes|hasta|before|until|by|avant|jusqu|abre|opens|ouvre|partir)\b", re.IGNORECASE
)
# After it stands the office's hour, but not in texts and subjects.
_OWN: Final = {"es": " tu hora", "en": " your time", "fr": " à votre heure"}
NIGHT: Final = timedelta(hours=12)  # in which no text is sent
# In the first line of a message that tells of a change: others say how to change one's place.
CHANGED: Final = re.compile(
    r"\bun cambio\b|\bcambió\b|\ba change\b|\bchanged\b|\bun changement\b|\bchangé", re.IGNORECASE
)
_CANCELLED: Final = re.compile(r"se cancel[oó]|cancelled|annul[ée]e?s?\b", re.IGNORECASE)


class Moment(NamedTuple):
    """A day of some year, and an hour of it, as messages say them."""

    month: int
    day: int
    hour: time
    is_own: bool = False  # on the clock of the reader


def read_moments(text: str, lang: str) -> Iterator[Moment]:
    """The moments that lines of a message say, each with the first hour after its day."""
    for line in text.replace("\u00a0", " ").replace("\u202f", " ").splitlines():
        before = _IS_OTHER.split(line, maxsplit=1)[0]
        found = _read_day(before, lang)
        if found is None:
            continue
        month, day, end = found
        own, gap, there = before[end:].partition(_OWN[lang])
        is_own = bool(gap) and "·" not in there
        hour = _read_hour(own if is_own or not gap else there, lang)
        if hour is not None:
            yield Moment(month, day, hour, is_own)


def _read_day(line: str, lang: str) -> tuple[int, int, int] | None:
    numbers = _MONTH_NUMBERS[lang]
    pattern, order = (_MONTH_FIRST, (2, 1)) if lang == "en" else (_DAY_FIRST, (1, 2))
    for each in pattern.finditer(line):
        name = _leave_out_accents(each[order[1]].lower())
        month = next((n for known, n in numbers.items() if name.startswith(known)), None)
        if month is not None:
            return month, int(each[order[0]]), each.end()
    return None


def _leave_out_accents(word: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKD", word) if each.isascii())


def _read_hour(words: str, lang: str) -> time | None:
    if lang == "fr":
        found = _FRENCH_HOUR.search(words)
        return time(int(found[1]), int(found[2] or 0)) if found else None
    found = _HOUR.search(words)
    if found is None:
        return None
    return time(int(found[1]) % 12 + (12 if found[3] == "p" else 0), int(found[2] or 0))


@dataclass
class MessageCheck:
    """What each person was told last of when their workshop is."""

    site: Installation
    findings: Findings
    counts: Counter[str] = field(default_factory=Counter)
    # By number of the person, with the hour of reading. A text that cancels says no hour.
    _last: dict[int, tuple[Moment | None, str, datetime]] = field(default_factory=dict)
    _ever: set[Moment] = field(default_factory=set)  # every workshop's

    def remember(self) -> None:
        """The moments of all workshops as they are now. Called after whatever staff do."""
        with self.site.store.read() as session:
            rows = session.execute(sa.select(Workshop.day, Workshop.starts, Workshop.ends))
            for day, starts, ends in rows:
                self._ever |= {_at(day, starts), _at(day, ends)}
            slots = session.execute(
                sa.select(Workshop.day, Workshop.starts, TimeSlot.minute).join(
                    TimeSlot, TimeSlot.workshop_id == Workshop.id
                )
            )
            self._ever |= {_at(day, starts, minute) for day, starts, minute in slots}

    def read(self, what: str, person: Person, text: str) -> None:
        """Looks at a message as it comes."""
        moments = list(read_moments(text, person.lang))
        self.counts["moments in messages"] += len(moments)
        for each in moments:
            self.findings.expect(
                each.is_own or each in self._ever,
                what,
                "says an hour that no workshop has",
                f"{each} {text}",
            )
        # A letter that cancels at a discreet kind has no link, and a text no hour.
        is_cancelling = _CANCELLED.search(text.partition("\n")[0]) and not any(
            each in text for each in TOKEN_PATHS
        )
        if is_cancelling or (moments and "/r/" in text):
            hour = clock.now().replace(minute=0, second=0, microsecond=0)
            self._last[person.number] = moments[-1] if moments else None, text, hour

    def _is_to_be_notified(self, session: Session, registration: Registration) -> bool:
        """Whether a message waits until morning, as a text does at night."""
        waiting = sa.select(Notification.id).where(
            Notification.registration_id == registration.id,
            Notification.done_at.is_(None),
            Notification.due_at.between(clock.now() - NIGHT, clock.now()),
        )
        return session.scalar(waiting.limit(1)) is not None

    def _was_called(self, session: Session, registration: Registration, since: datetime) -> bool:
        """Whether staff have told them by phone since an hour, as those who answered «STOP»."""
        answered = sa.select(CallAttempt.id).where(
            CallAttempt.registration_id == registration.id,
            CallAttempt.outcome == CallOutcome.ANSWERED,
            CallAttempt.made_at >= since,
        )
        return session.scalar(answered.limit(1)) is not None

    def check(self, people: list[Person]) -> None:
        """After a day: what those read last who, as the product has it, know what is true."""
        with self.site.store.read() as session:
            for person in people:
                last = self._last.get(person.number)
                if last is None or person.is_gone:
                    continue
                try:
                    found = find(session, self.site.key_store, person.link.rpartition("/")[2])
                except NotFound:
                    continue
                workshop = found.workshop
                moment, text, read_at = last
                if (
                    found.status not in ACTIVE_STATUSES
                    or found.known_facts != workshop.facts
                    or workshop.ends_at < clock.now()
                    or self._is_to_be_notified(session, found)
                    or self._was_called(session, found, read_at)
                ):
                    continue
                self.counts["people whose last message was checked"] += 1
                if workshop.status is WorkshopStatus.CANCELLED:
                    is_true = bool(_CANCELLED.search(text))
                else:
                    starts = _at(workshop.day, workshop.starts)
                    if moment is not None and moment.is_own:
                        moment = _move(moment, workshop, PLACES[person.place])
                    if found.status is RegistrationStatus.CONFIRMED:
                        own = found.slot.minute if found.slot else 0
                        is_true = moment == _at(workshop.day, workshop.starts, own)
                    else:
                        # Who waits, or is offered an hour, was told when it begins, or the hour of
                        # an offer; the message that an offer has ended says none.
                        is_true = moment in {starts, *_list_hours(session, workshop)}
                self.findings.expect(
                    is_true, "what a person was told last", "is not true",
                    f"{workshop.public_id} {workshop.status} {workshop.starts_at}: {text}",
                )  # fmt: skip


def _list_hours(session: Session, workshop: Workshop) -> list[Moment]:
    minutes = session.scalars(sa.select(TimeSlot.minute).where(TimeSlot.workshop_id == workshop.id))
    return [_at(workshop.day, workshop.starts, each) for each in minutes]


def _at(day: date, starts: time, minutes: int = 0) -> Moment:
    moment = datetime.combine(day, starts) + timedelta(minutes=minutes)
    return Moment(moment.month, moment.day, moment.time())


def _move(moment: Moment, workshop: Workshop, zone: str) -> Moment:
    """What the office's clock says at an hour of the reader's, on the day that it says."""
    home = workshop.starts_at.astimezone(workshop.zone)
    own = workshop.starts_at.astimezone(ZoneInfo(zone))
    ahead = home.replace(tzinfo=None) - own.replace(tzinfo=None)
    hour = datetime.combine(date(2000, 1, 1), moment.hour) + ahead
    return Moment(moment.month, moment.day, hour.time())
