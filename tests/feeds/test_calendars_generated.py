"""Generated feeds: any text, zone, day and order of edits. Four parsers must read the events of the
database from each, and each version must follow the rules of change."""

from collections import Counter
from collections.abc import Sequence
from types import ModuleType
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from sqlalchemy.orm import Session

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.domain.network.kinds import Kind
from outreach.errors import Refusal
from tests.calendar_readers import (
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
READERS: Final = (by_icalendar, by_vobject, by_libical)
BATCH_SIZE: Final = 500
CALENDARS: Final = 2200  # the long run has that many
# Edits that change no feed.
INVISIBLE_EDITS: Final = {"nothing", "report", "unseen"}


class StoryRunner:
    """Applies stories, checks the feed after each edit and counts what was checked."""

    def __init__(self, store: Store, readers: Sequence[ModuleType]) -> None:
        self.store = store
        self.readers = readers
        self.calendars = 0
        self.edits: Counter[str] = Counter()
        self.refused = 0
        self.occurrences = 0
        self.ambiguous = 0  # versions with an event at an hour that the clocks show twice
        self.versions: list[tuple[bytes, list[Seen]]] = []

    def follow(self, story: Story) -> None:
        self.calendars += 1
        life = Life(self.store, story, self.calendars)
        subscriber = Subscriber()
        self._step(life, subscriber, 0, "create", story.first)
        for index, seconds, name, value in story.steps:
            life.advance(seconds)
            self._step(life, subscriber, index, name, value)

    def _step(
        self, life: Life, subscriber: "Subscriber", index: int, name: str, value: Any
    ) -> None:
        note(f"{life.now} {name} ({index}): {value}")
        before = life.sequences()
        try:
            with self.store.change() as session:
                life.act(session, index, name, value)
            self.edits[name] += name != "nothing"
        except Refusal:
            self.refused += 1
            name = "nothing"
        for key, (sequence, schedule) in life.sequences().items():
            if key in before:
                assert sequence == before[key][0] + (schedule != before[key][1]), name
        with self.store.read() as session:
            for kinds in ((), ("mujeres",)):
                self._check_feed(session, life, subscriber, kinds, name)

    def _check_feed(
        self,
        session: Session,
        life: Life,
        subscriber: "Subscriber",
        kinds: tuple[str, ...],
        name: str,
    ) -> None:
        body = life.feed(session, *kinds)
        if body == subscriber.bodies.get(kinds):
            return
        assert kinds not in subscriber.bodies or name not in INVISIBLE_EDITS, (
            f"{name} changed a calendar"
        )
        entries = rules.check(body)
        for entry in entries.values():
            assert not kinds or not set(entry.lines) & {"DESCRIPTION", "CATEGORIES", "GEO"}
        rules.check_step(subscriber.entries, subscriber.entries | entries)
        expected = life.expected(session, discreet=bool(kinds))
        for reader in self.readers:
            assert reader.read(body) == expected, reader.__name__
        subscriber.bodies[kinds] = body
        subscriber.entries |= entries
        self.occurrences += len(expected)
        self.ambiguous += b"DTSTART:2" in body
        self.versions.append((body, expected))
        if len(self.versions) == BATCH_SIZE:
            self.check_with_ical_js()

    def check_with_ical_js(self) -> None:
        """Checks the collected versions in one run of ical.js, since its browser starts slowly."""
        read_versions = by_ical_js.read([body for body, _expected in self.versions])
        for read_events, (body, expected) in zip(read_versions, self.versions, strict=True):
            assert read_events == expected, body.decode()
        self.versions.clear()


class Subscriber:
    """The feeds that a subscriber has received."""

    def __init__(self) -> None:
        self.bodies: dict[tuple[str, ...], bytes] = {}
        self.entries: rules.Entries = {}


def run(
    config: Config, examples: int, readers: Sequence[ModuleType], *, is_random: bool
) -> StoryRunner:
    """Applies `examples` stories, which are random or the same in each run."""
    store = Store(config.database_url, is_durable=False)
    change_sessions.install(store)
    check = StoryRunner(store, readers)

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=not is_random,
        phases=[Phase.generate],  # shrinking a story would take minutes
        suppress_health_check=list(HealthCheck),
    )
    @given(story=stories())
    def follow(story: Story) -> None:
        check.follow(story)

    try:
        follow()
        check.check_with_ical_js()
    finally:
        store.close()
    return check


def test_parsers_read_the_database_after_every_edit(
    config: Config, rights: Kind, women: Kind
) -> None:
    calendars = 15
    check = run(config, calendars, READERS, is_random=False)
    assert check.calendars >= calendars
    assert sum(check.edits.values()) > 4 * calendars


@pytest.mark.long
def test_parsers_agree_on_thousands_of_feeds(config: Config, rights: Kind, women: Kind) -> None:
    """Each of the two databases gets half of the stories."""
    check = run(config, CALENDARS // len(DATABASES), (*READERS, by_ical), is_random=True)
    edits = sum(check.edits.values())
    print(
        f"\n{config.database_url.partition(':')[0]}: {check.calendars} calendars,"
        f" {edits} edits ({check.refused} refused),"
        f" {check.occurrences} occurrences read by five programs"
        f" ({check.ambiguous} calendars with an hour that comes twice): {dict(check.edits)}"
    )
    assert check.calendars >= 2000 // len(DATABASES)
    assert edits >= 10_000 // len(DATABASES)
