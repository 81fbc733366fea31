"""Calendars as nobody would think of them: any words, zone and day, any order of edits. Four
programs read from each what the database has, and every version follows from the one before."""

from collections import Counter
from collections.abc import Sequence
from types import ModuleType
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from sqlalchemy.orm import Session

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.errors import Refusal
from tests.calendar_readers import (
    TAKE_THE_SECOND,
    Seen,
    by_ical,
    by_ical_js,
    by_icalendar,
    by_libical,
    by_vobject,
    rules,
)
from tests.calendar_readers.life import Life
from tests.calendar_readers.stories import Story, stories
from tests.conftest import DATABASES

pytestmark = [pytest.mark.thorough, pytest.mark.any_database]
HERE: Final = (by_icalendar, by_vobject, by_libical)
AT_ONCE: Final = 500
CALENDARS: Final = 2200  # of the long run
# What no calendar shows.
UNSEEN: Final = {"nothing", "report", "unseen"}


class Check:
    """Follows stories, and remembers how many there were and every version of every calendar."""

    def __init__(self, store: Store, readers: Sequence[ModuleType]) -> None:
        self.store = store
        self.readers = readers
        self.calendars = 0
        self.edits: Counter[str] = Counter()
        self.refused = 0
        self.occurrences = 0
        self.doubled = 0  # versions with an hour that comes twice
        self.versions: list[tuple[bytes, list[Seen]]] = []

    def follow(self, story: Story) -> None:
        self.calendars += 1
        life = Life(self.store, story, self.calendars)
        told = Told()
        self._step(life, told, 0, "create", story.first)
        for which, seconds, name, what in story.steps:
            life.pass_(seconds)
            self._step(life, told, which, name, what)

    def _step(self, life: Life, told: "Told", which: int, name: str, what: Any) -> None:
        note(f"{life.now} {name} ({which}): {what}")
        before = life.sequences()
        try:
            with self.store.change() as session:
                life.act(session, which, name, what)
            self.edits[name] += name != "nothing"
        except Refusal:
            self.refused += 1
            name = "nothing"
        for key, (sequence, there) in life.sequences().items():
            if key in before:
                assert sequence == before[key][0] + (there != before[key][1]), name
        with self.store.read() as session:
            for kinds in ((), ("mujeres",)):
                self._look(session, life, told, kinds, name)

    def _look(
        self, session: Session, life: Life, told: "Told", kinds: tuple[str, ...], name: str
    ) -> None:
        body = life.feed(session, *kinds)
        if body == told.bodies.get(kinds):
            return
        assert kinds not in told.bodies or name not in UNSEEN, f"{name} changed a calendar"
        entries = rules.check(body)
        for entry in entries.values():
            assert not kinds or not set(entry.lines) & {"DESCRIPTION", "CATEGORIES", "GEO"}
        rules.check_step(told.entries, told.entries | entries)
        seen, late = (life.expected(session, discreet=bool(kinds), fold=fold) for fold in (0, 1))
        for reader in self.readers:
            name = reader.__name__.rpartition(".")[2]
            assert reader.read(body) == (late if name in TAKE_THE_SECOND else seen), name
        told.bodies[kinds] = body
        told.entries |= entries
        self.occurrences += len(seen)
        self.doubled += seen != late
        self.versions.append((body, late))
        if len(self.versions) == AT_ONCE:
            self.ask_ical_js()

    def ask_ical_js(self) -> None:
        found = by_ical_js.read([body for body, _seen in self.versions])
        for theirs, (body, late) in zip(found, self.versions, strict=True):
            assert theirs == late, body.decode()
        self.versions.clear()


class Told:
    """What a subscriber of everything has been told."""

    def __init__(self) -> None:
        self.bodies: dict[tuple[str, ...], bytes] = {}
        self.entries: rules.Entries = {}


def run(config: Config, examples: int, readers: Sequence[ModuleType], *, anew: bool) -> Check:
    """Goes through so many stories: the same ones each time, or new ones."""
    store = Store(config.database_url, is_durable=False)
    check = Check(store, readers)

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=not anew,
        phases=[Phase.generate],  # making a story shorter would take minutes
        suppress_health_check=list(HealthCheck),
    )
    @given(story=stories())
    def follow(story: Story) -> None:
        check.follow(story)

    try:
        follow()
        check.ask_ical_js()
    finally:
        store.close()
    return check


def test_four_programs_read_what_the_database_has_after_every_edit(
    config: Config, rights: Kind, women: Kind
) -> None:
    calendars = 10 if config.is_postgresql else 30
    check = run(config, calendars, HERE, anew=False)
    assert check.calendars >= calendars
    assert sum(check.edits.values()) > 4 * calendars


@pytest.mark.long
def test_thousands_of_calendars_and_ten_thousand_edits_are_read_alike(
    config: Config, rights: Kind, women: Kind
) -> None:
    """Where there are two databases, each has half of them."""
    check = run(config, CALENDARS // len(DATABASES), (*HERE, by_ical), anew=True)
    edits = sum(check.edits.values())
    print(
        f"\n{config.database_url.partition(':')[0]}: {check.calendars} calendars,"
        f" {edits} edits ({check.refused} refused),"
        f" {check.occurrences} occurrences read by five programs"
        f" ({check.doubled} calendars with an hour that comes twice): {dict(check.edits)}"
    )
    assert check.calendars >= 2000 // len(DATABASES)
    assert edits >= 10_000 // len(DATABASES)
