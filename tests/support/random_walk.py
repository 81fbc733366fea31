"""A model of one workshop, for random walks through everything that can happen to it.

The model has no counters, statements or locks: it keeps a list of parties and computes each time
who has what. After every step the database must agree with it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from outreach.domain.registrations import RegistrationStatus
from outreach.errors import Conflict, Full, RegistrationClosed

SEATED, WAITING, OFFERED = (
    RegistrationStatus.CONFIRMED,
    RegistrationStatus.WAITLISTED,
    RegistrationStatus.OFFERED,
)
CANCELLED, LAPSED = RegistrationStatus.CANCELLED, RegistrationStatus.EXPIRED
CHILDCARE: Final = "childcare"
LATE: Final = timedelta(hours=3)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(hours=24)
ZONE: Final = ZoneInfo("America/Chicago")  # the walks' workshops are in it


@dataclass
class Party:
    id: str
    people: int
    needs: frozenset[str]
    is_reachable: bool
    registered: datetime
    waitlisted_at: datetime
    status: RegistrationStatus = WAITING
    hour: int | None = None
    until: datetime | None = None
    lapses: int = 0
    asked: datetime | None = None
    heard: datetime | None = None  # when the question reached them
    has_confirmed: bool = False

    @property
    def holds(self) -> bool:
        return self.status in {SEATED, OFFERED}

    def lose(self, status: RegistrationStatus) -> None:
        self.status, self.hour, self.until = status, None, None
        if status is CANCELLED:  # the row of an erased person keeps its number of people only
            self.lapses = 0


@dataclass
class Model:
    """The rules of capacity, waitlist and offers, in their simplest form."""

    capacity: int
    hours: int | None  # number of consecutive time slots, each with `capacity` seats
    childcare: int | None
    starts: datetime
    confirm_at: datetime
    is_on: bool = True
    parties: list[Party] = field(default_factory=list)

    def is_late(self, now: datetime) -> bool:
        return now > self.starts - LATE

    # Who has what

    def held(self, hour: int | None = None) -> int:
        return sum(p.people for p in self.parties if p.holds and hour in {None, p.hour})

    def left(self) -> int:
        return self.capacity * (self.hours or 1) - self.held()

    def hour_left(self, hour: int) -> int:
        return self.capacity - self.held(hour)

    def childcare_left(self) -> int:
        used = sum(CHILDCARE in p.needs for p in self.parties if p.holds)
        return 99 if self.childcare is None else self.childcare - used

    def first_hour(self, people: int) -> int | None:
        free = (h for h in range(self.hours or 0) if self.hour_left(h) >= people)
        return next(free, None)

    def fits(self, party: Party) -> bool:
        has_hour = self.hours is None or self.first_hour(party.people) is not None
        has_care = CHILDCARE not in party.needs or self.childcare_left() > 0
        return self.left() >= party.people and has_hour and has_care

    def line(self) -> list[Party]:
        waiting = (p for p in self.parties if p.status is WAITING)
        return sorted(waiting, key=lambda party: (party.waitlisted_at, party.id))

    def has_fitting(self) -> bool:
        return any(self.fits(party) for party in self.line())

    def with_status(self, *statuses: RegistrationStatus) -> list[Party]:
        return [party for party in self.parties if party.status in statuses]

    # What people do

    def seat(self, party: Party, hour: int, now: datetime) -> type[Exception] | None:
        """Confirms or waitlists a new party; returns the error class when it is refused."""
        if not self.is_on or now >= self.starts:
            return RegistrationClosed
        if self.left() < party.people or (self.is_late(now) and self.has_fitting()):
            return None
        if self.hours is not None and self.first_hour(party.people) is None:
            return None
        return self._take(party, hour)

    def change(
        self, party: Party, people: int, needs: frozenset[str], hour: int, now: datetime
    ) -> type[Exception] | None:
        is_more = people > party.people or not needs <= party.needs
        others_first = is_more and self.is_late(now) and self.has_fitting()
        is_seated = party.status is SEATED
        if is_seated:
            party.lose(WAITING)
        party.people, party.needs = people, needs
        if not self.is_on:
            return RegistrationClosed
        if not is_seated:
            return None
        return Full if others_first or self.left() < people else self._take(party, hour)

    def _take(self, party: Party, hour: int) -> type[Exception] | None:
        if self.hours is not None and (hour >= self.hours or self.hour_left(hour) < party.people):
            return Conflict
        if CHILDCARE in party.needs and self.childcare_left() < 1:
            return Conflict
        party.status, party.hour = SEATED, None if self.hours is None else hour
        return None

    # What moves by itself

    def offer(self, now: datetime) -> None:
        if not self.is_on or self.is_late(now):
            return
        for party in self.line():
            if self.fits(party):
                party.hour = self.first_hour(party.people)
                party.status = OFFERED
                party.until = self.offer_end(now)

    def offer_end(self, now: datetime) -> datetime:
        """A day, or two hours near the start, until the next whole hour."""
        ends = now + (timedelta(hours=2) if self.starts - now <= DAY else DAY)
        last_hour = ends.replace(minute=0, second=0, microsecond=0)
        return ends if last_hour == ends else last_hour + timedelta(hours=1)

    def renew(self, now: datetime) -> None:
        ends = self.offer_end(now)
        for party in self.with_status(OFFERED):
            assert party.until is not None
            party.until = max(party.until, ends)

    def lapse(self, now: datetime) -> None:
        if not self.is_on:
            return
        late = [p for p in self.parties if p.until is not None and p.until <= now]
        for place, party in enumerate(sorted(late, key=lambda p: (p.waitlisted_at, p.id))):
            if party.lapses == 0:
                party.waitlisted_at = now + timedelta(microseconds=place)
            party.lose(WAITING if party.lapses == 0 else LAPSED)
            party.lapses += 1
        if late:
            self.offer(now)

    def round(self, now: datetime) -> None:
        """Asks for reconfirmation, and cancels who did not answer in time."""
        if not self.is_on or not self.confirm_at <= now < self.starts:
            return
        unconfirmed = [
            p for p in self.with_status(SEATED) if p.is_reachable and not p.has_confirmed
        ]
        for party in unconfirmed:
            is_before = party.registered < self.confirm_at
            if is_before and party.asked is None and now <= self.starts - DAY:
                party.asked = now
        silent = [
            p
            for p in unconfirmed
            if p.asked is not None
            and self.answer_by(p.asked) <= now
            and p.heard is not None
            # Only the hour is stored, so that another one is waited.
            and p.heard.replace(minute=0, second=0, microsecond=0) <= now - DAY - HOUR
        ]
        if silent and not self.is_late(now):
            for party in silent:
                party.lose(LAPSED)
            self.offer(now)

    @staticmethod
    def answer_by(asked: datetime) -> datetime:
        """A day and a half later; what falls into the night is due before or after it."""
        due = (asked + timedelta(hours=36)).astimezone(ZONE)
        if due.hour < 9:
            return due.replace(hour=9, minute=0, second=0, microsecond=0)
        return due.replace(hour=20, minute=0, second=0, microsecond=0) if due.hour >= 20 else due

    def forget_answers(self) -> None:
        for party in self.parties:
            party.asked, party.heard, party.has_confirmed = None, None, False
