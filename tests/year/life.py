"""Lives day after day: rounds of the worker, what staff and people do, and what is looked at."""

import calendar
import logging
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import time_machine

from outreach import clock
from outreach.clock import Month
from outreach.domain.workshops import Workshop, WorkshopStatus
from tests.support.extension_scenes import SCENES
from tests.year.findings import Findings, LogWatch
from tests.year.installation import (
    CANARY,
    FIRST_DAY,
    OFFICES,
    SECRET_STREET,
    Installation,
    installed,
    make_venues,
)
from tests.year.messages import CHANGED, MessageCheck
from tests.year.people import People, Person
from tests.year.rendering import Rendering
from tests.year.staff import Staff
from tests.year.state import StateCheck

WAKING_HOURS: Final = (8, 12, 16, 20)  # UTC+0 and later: rounds of an ordinary day
PAPER_EVERY: Final = 14  # days
REPEATED_WITHIN: Final = timedelta(
    hours=18
)  # the same words again: each morning's digest may be so


def is_edge(day: date) -> bool:
    """Whether a day is lived hour by hour: clocks change, a month begins or ends, 29 February."""
    last = calendar.monthrange(day.year, day.month)[1]
    is_of_month = day.day in {1, last} or (day.month, day.day) == (2, 29)
    return is_of_month or any(_changes(day, ZoneInfo(each[0])) for each in OFFICES.values())


def _changes(day: date, zone: ZoneInfo) -> bool:
    noon = datetime.combine(day, time(12), zone)
    return noon.utcoffset() != (noon - timedelta(days=1)).utcoffset()


@dataclass
class Life:
    seed: int
    site: Installation
    clock_hands: Any  # time-machine's
    findings: Findings
    rng: random.Random
    people: People = field(init=False)
    staff: Staff = field(init=False)
    state: StateCheck = field(init=False)
    rendering: Rendering = field(init=False)
    sent: dict[tuple[str, str], datetime] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    messages: MessageCheck = field(init=False)
    answered: dict[str, datetime] = field(default_factory=dict)  # who texted last when
    notified_of_change: dict[str, datetime] = field(default_factory=dict)  # when, by address

    def __post_init__(self) -> None:
        self.people = People(self.site, self.rng, self.findings, self.pause)
        self.staff = Staff(self.site, self.rng, self.findings)
        self.state = StateCheck(self.site, self.findings)
        self.messages = MessageCheck(self.site, self.findings)
        # What is looked at changes nothing of what is done.
        self.rendering = Rendering(
            self.site, self.people, self.staff, self.findings, self.state,
            random.Random(self.seed),
        )  # fmt: skip

    def pause(self, seconds: int) -> None:
        self.clock_hands.shift(seconds)
        self.findings.now = clock.now()

    def go_to(self, moment: datetime) -> None:
        if moment > clock.now():
            self.clock_hands.move_to(moment, tick=False)
        self.findings.now = clock.now()

    def live(self, day: date, *, is_looked_at: bool = True) -> None:
        hours = range(24) if is_edge(day) else WAKING_HOURS
        midnight = datetime.combine(day, time(), UTC)
        for hour in hours:
            self.go_to(midnight + timedelta(hours=hour, minutes=self.rng.randrange(5)))
            self._act(day, is_first=hour == hours[0])
            self.messages.remember()
            self._round()
        self.go_to(midnight + timedelta(hours=23, minutes=50))
        self._round()
        self.rendering.read_secrets()
        if is_looked_at:
            self.state.run(clock.network_day(clock.now()))
            self.messages.check(self.people.everyone)
            number = (day - FIRST_DAY).days
            self.rendering.render(day, with_paper=is_edge(day) or not number % PAPER_EVERY)

    def summary(self) -> str:
        """What was lived, in numbers."""
        counts = {
            "answers": sum(self.findings.answers.values()),
            "rules": len(self.findings.answers),
            "people": len(self.people.everyone),
            **self.counts,
            **self.messages.counts,
        }
        words = ", ".join(f"{number} {name}" for name, number in counts.items())
        return f"{clock.now():%Y-%m-%d}, seed {self.seed}: {words}"

    def _round(self) -> None:
        self.site.worker.round()
        for person, to, subject, text in self.people.read_letters():
            self._read("letter", person, to, f"{subject}\n{text}")
            if person is not None and self.rng.random() < 0.5:
                self.people.open_links(person, text)
        for person, to, text in self.people.read_texts():
            self._read("text", person, to, text)
            if person is not None and self.rng.random() < 0.2:
                self.people.answer_text(person)
                self.answered[to] = clock.now()

    def _read(self, what: str, person: Person | None, to: str, text: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1
        lang = person.lang if person else "es"
        if person is not None:
            self.messages.read(what, person, text)
            for secret in (CANARY, SECRET_STREET):
                is_secret = person.workshop in self.rendering.secret
                self.findings.expect(
                    not is_secret or secret not in text, what, "says what is discreet", text
                )
        self.findings.check_lines(what, (e.strip() for e in text.splitlines() if e.strip()), lang)
        key = (to, text)
        before = self.sent.get(key)
        # Two answers to what somebody texted may be the same, and two notices in neutral words;
        # a question may be asked again after a change; and of two workshops of one kind at one hour
        # staff read the same.
        is_neutral = person is not None and person.workshop in self.rendering.secret
        if before is not None and clock.now() - before < REPEATED_WITHIN:
            is_answer = to in self.answered and self.answered[to] >= before
            is_after_change = self.notified_of_change.get(to, before) > before
            is_excused = is_neutral or is_answer or is_after_change
            if not is_excused and not self.staff.has_alerts_alike(since=before):
                said = f"since {before:%d %H:%M} to {to}: {text[:200]}"
                self.findings.add(what, "is sent twice", said)
        self.sent[key] = clock.now()
        if CHANGED.search(text.partition("\n")[0]):
            self.notified_of_change[to] = clock.now()

    def _act(self, day: date, *, is_first: bool) -> None:
        dice = self.rng.random
        slug = self.rng.choice(list(OFFICES))
        if dice() < 0.7:
            ahead = self.rng.choice([1, 2, 3, 7, 10, 14, 30])
            self.staff.publish(slug, day + timedelta(days=ahead))
        ahead_now = self.staff.list_ahead()
        with_seats = self.staff.list_with_seats()
        for public_id, _office in self.rng.choices(with_seats, k=4) if with_seats else ():
            self.people.register(public_id)
        if ahead_now:
            public_id, office = self.rng.choice(ahead_now)
            act = self.rng.choice(
                [self.staff.change, self.staff.press, self.staff.press, lambda *_ids: None]
            )
            act(public_id, office)
        living = [each for each in self.people.everyone if each.link and not each.is_gone]
        for person in self.rng.sample(living, min(2, len(living))):
            self.people.look(person)
        if is_first:
            self._act_once(day)
        if dice() < 0.15:
            self.staff.wander(self.rng.choice([slug, "admin"]))

    def _act_once(self, day: date) -> None:
        now = clock.now()
        over = self.staff.find_workshops(
            Workshop.status == WorkshopStatus.PUBLISHED,
            Workshop.ends_at <= now,
            Workshop.ends_at > now - timedelta(days=3),
        )
        for public_id, office in over:
            if self.rng.random() < 0.6:
                self.staff.report(public_id, office)
        near = self.staff.find_workshops(
            Workshop.status == WorkshopStatus.PUBLISHED,
            Workshop.starts_at <= now + timedelta(hours=20),
            Workshop.ends_at > now - timedelta(hours=20),
        )
        for public_id, office in near[:2]:
            self.staff.check_in(public_id, office)
        if self.rng.random() < 0.3:
            for scene in SCENES:
                if scene.act is not None:
                    scene.act(self.people)
        if self.rng.random() < 0.1:
            self.staff.bring(self.rng.choice(list(OFFICES)), day + timedelta(days=12))
        if day.day == 6:
            self.staff.close(Month.from_day(day).plus(-1))


@contextmanager
def begun(seed: int, folder: Path, first: date = FIRST_DAY) -> Iterator[Life]:
    """A life on the morning of its first day."""
    begins = datetime.combine(first, time(6), UTC)
    with time_machine.travel(begins, tick=False) as hands, installed(folder) as site:
        rng = random.Random(seed)
        findings = Findings(site.app, now=begins)
        watch = LogWatch(findings)
        logging.getLogger().addHandler(watch)
        try:
            make_venues(site, rng, findings.watch)
            yield Life(seed, site, hands, findings, rng)
        finally:
            logging.getLogger().removeHandler(watch)


def live_days(
    seed: int,
    folder: Path,
    days: int,
    tell: Callable[[str], None] = lambda words: None,
    *,
    looked_at: date | None = None,
) -> Life:
    """Lives so many days from FIRST_DAY, and looks at each, or at one alone."""
    with begun(seed, folder) as life:
        for number in range(days):
            day = FIRST_DAY + timedelta(days=number)
            known = len(life.findings.found)
            life.live(day, is_looked_at=looked_at in {None, day})
            tell(f"{day}: {len(life.findings.found)} findings")
            for each in list(life.findings.found.values())[known:]:
                tell(f"  {each}")
    return life
