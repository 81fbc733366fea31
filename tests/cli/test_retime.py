"""`outreach retime` on rows that were written by older zone rules."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from icalendar import Calendar
from sqlalchemy.orm import Session

from outreach.cli import main
from outreach.config import Config
from outreach.db.store import Store
from outreach.db.types import Instant
from outreach.domain.calendar import change_counters
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.scheduling import timezone_update
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat
from tests.support.environment import where
from tests.support.feed_reader import feed, unfolded
from tests.support.fixed_clock import fixed_clock

pytestmark = [pytest.mark.core, fixed_clock]

JANUARY = date(2027, 1, 21)  # Alberta's clocks do not go back any more: 18:00 is 00:00 UTC
RIGHT = datetime(2027, 1, 22, 0, 0, tzinfo=UTC)
BEFORE_THE_LAW = RIGHT + timedelta(hours=1)
IN_NOVEMBER = date(2026, 11, 24)


class Shell:
    def __init__(self, config: Config) -> None:
        self._environ = {
            **where(config),
            "OUTREACH_PUBLIC_URL": "https://talleres.example.org",
        }

    def run(self, *words: str) -> Result:
        return CliRunner(env=self._environ).invoke(main, [*words])


@pytest.fixture
def shell(config: Config) -> Shell:
    return Shell(config)


def as_by_older_rules(session: Session, workshop: Workshop, hours: int = 1) -> None:
    """Stores the instants as an older tzdata computes them, without our own functions."""
    moved = {"starts": workshop.starts_at, "ends": workshop.ends_at}
    session.execute(
        sa.text(
            "UPDATE workshop SET starts_at = :starts, ends_at = :ends, calendar_zone = zone "
            "WHERE id = :id"
        ).bindparams(*(sa.bindparam(name, type_=Instant()) for name in moved)),
        {name: at + timedelta(hours=hours) for name, at in moved.items()} | {"id": workshop.id},
    )


@pytest.fixture
def wrong(store: Store, calgary: Office, rights: Kind) -> Workshop:
    """At 18:00 in Calgary, stored as 19:00."""
    with store.change() as session:
        made = make_workshop(session, calgary, rights, day=JANUARY)
        assert made.starts_at == RIGHT
        as_by_older_rules(session, made)
    return now_in(store, made)


def now_in(store: Store, workshop: Workshop) -> Workshop:
    with store.read() as session:
        return session.get_one(Workshop, workshop.id)


def event_of(body: bytes) -> dict[str, str]:
    lines = unfolded(body).split("BEGIN:VEVENT")[1].splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def test_retime_keeps_local_hours_and_moves_the_instant(
    store: Store, shell: Shell, wrong: Workshop
) -> None:
    assert wrong.starts_at == BEFORE_THE_LAW
    before = event_of(feed(store, "calgary", today=IN_NOVEMBER))
    done = shell.run("retime")
    assert done.exit_code == 0, done.output
    assert "America/Edmonton: workshops that moved: 1, from today on: 1" in done.output
    right = now_in(store, wrong)
    assert (right.starts_at, right.ends_at) == (RIGHT, RIGHT + timedelta(hours=2))
    assert (right.day, right.starts, right.month) == (JANUARY, time(18), 202701)
    assert right.changed_at > wrong.changed_at
    assert right.sequence == wrong.sequence + 1
    body = feed(store, "calgary", today=IN_NOVEMBER)
    after = event_of(body)
    # Older rules had a transition to come.
    assert before["DTSTART;TZID=America/Edmonton"] == "20270121T180000"
    assert after["DTSTART;TZID=America/Regina"] == "20270121T180000"
    assert after["LAST-MODIFIED"] > before["LAST-MODIFIED"]
    assert int(after["SEQUENCE"]) == int(before["SEQUENCE"]) + 1
    [block] = Calendar.from_ical(body).timezones
    zone = block.to_tz(lookup_tzid=False)
    assert datetime(2027, 1, 21, 18, tzinfo=zone).utcoffset() == timedelta(hours=-6)


def test_retime_moves_an_event_to_the_zone_that_programs_know(
    store: Store, shell: Shell, calgary: Office, rights: Kind
) -> None:
    """The instants are right already, so nothing but LAST-MODIFIED changes."""
    with store.change() as session:
        made = make_workshop(session, calgary, rights, day=JANUARY)
        as_by_older_rules(session, made, hours=0)
    before = event_of(feed(store, "calgary", today=IN_NOVEMBER))
    assert shell.run("retime").exit_code == 0
    after = event_of(feed(store, "calgary", today=IN_NOVEMBER))

    assert after["DTSTART;TZID=America/Regina"] == before["DTSTART;TZID=America/Edmonton"]
    assert after["LAST-MODIFIED"] > before["LAST-MODIFIED"]
    assert after["SEQUENCE"] == before["SEQUENCE"]
    assert "Nothing to do" in shell.run("retime").output


def test_retime_changes_the_feed(store: Store, shell: Shell, wrong: Workshop) -> None:
    def count() -> tuple[int, int]:
        with store.read() as session:
            return change_counters.read(session, "calgary")[0], change_counters.read(
                session, "red"
            )[0]

    before = count()
    shell.run("retime")
    assert count() == (before[0] + 1, before[1] + 1)


def test_retime_dry_run_changes_nothing(store: Store, shell: Shell, wrong: Workshop) -> None:
    done = shell.run("retime", "--dry-run")
    assert "America/Edmonton: workshops that would move: 1" in done.output
    assert now_in(store, wrong).starts_at == BEFORE_THE_LAW


def test_second_retime_changes_nothing(store: Store, shell: Shell, wrong: Workshop) -> None:
    shell.run("retime")
    once = now_in(store, wrong)
    done = shell.run("retime")
    assert "Nothing to do" in done.output
    unchanged = now_in(store, wrong)
    assert (unchanged.changed_at, unchanged.sequence) == (once.changed_at, once.sequence)


def test_retime_changes_only_stale_workshops(
    store: Store, shell: Shell, wrong: Workshop, chicago: Office, calgary: Office, rights: Kind
) -> None:
    with store.change() as session:
        well = [
            make_workshop(session, chicago, rights),
            make_workshop(session, calgary, rights, day=JANUARY),
        ]
    shell.run("retime")
    for each in well:
        still = now_in(store, each)
        assert (still.changed_at, still.sequence) == (each.changed_at, 0)


def test_interrupted_retime_is_finished_by_the_next(
    store: Store, shell: Shell, calgary: Office, rights: Kind
) -> None:
    with store.change() as session:
        made = [make_workshop(session, calgary, rights, day=JANUARY) for _ in range(3)]
        for each in made:
            as_by_older_rules(session, each)
    with store.change() as session:  # the first batch, and then somebody stopped it
        assert len(timezone_update.update(session, [made[0].id], now=datetime.now(UTC))) == 1
    done = shell.run("retime")
    assert "America/Edmonton: workshops that moved: 2" in done.output
    assert {now_in(store, each).starts_at for each in made} == {RIGHT}
    assert {now_in(store, each).sequence for each in made} == {1}


def test_retime_corrects_past_workshops_within_their_month(
    store: Store, shell: Shell, calgary: Office, rights: Kind
) -> None:
    with store.change() as session:
        past = make_workshop(session, calgary, rights, day=date(2026, 10, 31), starts=time(22))
        as_by_older_rules(session, past, hours=-1)
    done = shell.run("retime")
    assert "workshops that moved: 1, from today on: 0" in done.output
    right = now_in(store, past)
    assert (right.starts_at, right.month) == (datetime(2026, 11, 1, 4, tzinfo=UTC), 202610)


def test_retime_notifies_nobody_and_moves_reminders_with_the_clock(
    store: Store, key_store: KeyStore, shell: Shell, wrong: Workshop
) -> None:
    hers = seat(
        store,
        key_store,
        wrong,
        contact=ContactMethod.EMAIL,
        address="luz@ejemplo.com",
        wants_reminder=True,
    )
    right = datetime(2027, 1, 21, 14, 0, tzinfo=UTC)  # at 8:00 of the day
    with store.change() as session:
        due = (
            sa.update(Notification)
            .where(Notification.cause == NotificationType.REMINDER)
            .values(due_at=right + timedelta(hours=1))
        )
        session.execute(due)
    done = shell.run("retime")
    assert "Reminders that moved: 1" in done.output
    assert "nobody is written to" in done.output
    with store.read() as session:
        notifications = session.scalars(
            sa.select(Notification).where(Notification.registration_id == hers.id)
        ).all()
        assert {each.cause for each in notifications} == {
            NotificationType.REGISTERED,
            NotificationType.EARLY_REMINDER,
            NotificationType.REMINDER,
        }
        [reminder] = [each for each in notifications if each.cause is NotificationType.REMINDER]
    assert reminder.due_at == right


def test_retime_keeps_the_next_try_of_a_reminder(
    store: Store, key_store: KeyStore, shell: Shell, wrong: Workshop
) -> None:
    seat(
        store,
        key_store,
        wrong,
        contact=ContactMethod.EMAIL,
        address="luz@ejemplo.com",
        wants_reminder=True,
    )
    later = datetime(2027, 1, 20, 18, 30, tzinfo=UTC)
    with store.change() as session:
        tried = sa.update(Notification).where(Notification.cause == NotificationType.REMINDER)
        session.execute(tried.values(due_at=later, tries=1))
    shell.run("retime")
    with store.read() as session:
        due = session.scalars(
            sa.select(Notification.due_at).where(Notification.cause == NotificationType.REMINDER)
        ).all()
    assert due == [later]


def test_retime_moves_time_slots_with_their_workshop(
    store: Store, key_store: KeyStore, shell: Shell, calgary: Office, rights: Kind
) -> None:
    with store.change() as session:
        slots = make_workshop(session, calgary, rights, day=JANUARY, way=Way.SLOTS, slot_minutes=20)
        as_by_older_rules(session, slots)
    hers = seat(store, key_store, slots, slot="18:20")
    shell.run("retime")
    with store.read() as session:
        registration = session.get_one(type(hers), hers.id)
        assert (registration.day, registration.starts) == (JANUARY, time(18, 20))
        assert registration.workshop.starts_at == RIGHT


def test_doctor_reports_stale_times(store: Store, shell: Shell, wrong: Workshop) -> None:
    assert "workshops ahead stored by older zone rules: 1. Run: outreach retime" in (
        shell.run("doctor").output
    )
    shell.run("retime")
    assert "stored hours: as the zone rules say" in shell.run("doctor").output
