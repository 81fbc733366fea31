"""The checker of the kill harness detects each planted fault."""

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.notifications import Notification
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.privacy import erasure
from tests.conftest import make_workshop, registration_data
from tests.faults.book import Book, Edit, Person
from tests.faults.checks import CheckResult, check, missing_letters
from tests.faults.mailbox import Letter
from tests.faults.nights import NAMES

pytestmark = pytest.mark.any_database("the checker reads both by the same questions")
CHECKOUT = Path(__file__).parents[2]


class Day:
    """A small load: registered people, and the result of the checker."""

    def __init__(self, app: Flask, store: Store, key_store: KeyStore, workshop: Workshop) -> None:
        self.app, self.store, self.key_store, self.workshop = app, store, key_store, workshop
        self.book, self.letters = Book(), list[Letter]()

    def save(self, *, people: int = 1) -> Person:
        nonce = f"nonce-{len(self.book.everyone):020}"
        person = self.book.meet(self.workshop.public_id, nonce, writes=True, people=people)
        someone = registration_data(
            contact=ContactMethod.EMAIL, address=person.email, people=people
        )
        ticket = registrations.prepare(self.key_store, self.workshop, someone)
        with self.store.change() as session:
            form_id, now = self.key_store.form_id(nonce), clock.now()
            registrations.register(session, self.workshop, someone, ticket, form_id, now=now)
        person.token, person.saved_at = registrations.derive_manage_token(ticket.key), time.time()
        return person

    def row(self, person: Person) -> Registration:
        with self.store.read() as session:
            found = registrations.find_duplicate(session, self.key_store.form_id(person.nonce))
            assert found is not None
            return found

    def forget(self, person: Person) -> None:
        config = self.app.extensions["outreach_config"]
        registration_ids = [self.row(person).id]
        person.is_leaving = True
        erasure.erase(self.store, self.key_store, config, registration_ids, now=clock.now())
        person.left_at = time.time()

    def do(self, *statements: sa.Executable) -> None:
        with self.store.change() as session:
            for each in statements:
                session.execute(each)

    def write(self, person: Person, *, after: float = 0.0, times: int = 1) -> None:
        """Delivers the pending letter, that many seconds after the person left or registered."""
        registration_ids = self.row(person) if not person.left_at else None
        name = "<1.gone@example.org>"
        if registration_ids is not None:
            with self.store.read() as session:
                notice = sa.select(Notification.id).where(
                    Notification.registration_id == registration_ids.id
                )
                number = session.scalar(notice)
            letter_id = self.key_store.letter_id(number, registration_ids.id.lower())
            name = f"<{letter_id}@example.org>"
        moment = (person.left_at or person.saved_at) + after
        written = datetime.fromtimestamp(int(moment), UTC)
        self.letters += [Letter(person.email, name, written, moment)] * times
        self.do(sa.update(Notification).values(done_at=clock.now()))

    def check(self) -> CheckResult:
        return check(self.book, self.store, self.key_store, self.letters, is_over=True)

    def missing_letters(self, *, kills: int = 0) -> list[str]:
        return missing_letters(
            self.book, self.store, self.key_store, self.letters, kills=kills, at=clock.now()
        )


@pytest.fixture
def day(app: Flask, store: Store, key_store: KeyStore, chicago: Office, rights: Kind) -> Day:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, capacity=6)
    return Day(app, store, key_store, workshop)


def test_checker_finds_nothing_in_a_correct_state(day: Day) -> None:
    rosa, luz, _ana = day.save(), day.save(people=2), day.save()
    day.write(rosa)
    day.write(luz)
    day.forget(luz)
    day.write(luz, after=-2)
    day.write(_ana)
    looked = day.check()
    assert looked.wrong == []
    assert (looked.saved, looked.left, looked.rows, looked.letters) == (3, 1, 3, 4)
    assert day.missing_letters(kills=1) == []


def test_checker_finds_a_lost_registration(day: Day) -> None:
    rosa = day.save()
    registration_ids = day.row(rosa).id
    day.do(
        sa.delete(Notification).where(Notification.registration_id == registration_ids),
        sa.delete(Registration).where(Registration.id == registration_ids),
        sa.update(Workshop).values(seats_left=6),
    )
    [fault] = day.check().lost
    assert "there is no row" in fault


def test_checker_does_not_miss_erased_people(day: Day) -> None:
    rosa, luz = day.save(), day.save()
    day.forget(rosa)
    day.forget(luz)
    later = {"id": "A" * 26, "nonce": b"n" * 32}
    gone = sa.update(Registration).where(
        Registration.nonce == registrations.digest(day.key_store.form_id(rosa.nonce))
    )
    day.do(gone.values(**later))
    assert day.check().wrong == []
    day.do(sa.delete(Registration).where(Registration.nonce == b"n" * 32))
    assert "there is no row" in day.check().lost[0]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda day, rosa: day.key_store.destroy(day.row(rosa).key_id), "is forgotten"),
        (lambda day, rosa: setattr(rosa, "token", "A" * 22), "leads to nothing"),
        (lambda day, rosa: setattr(rosa, "people", 3), "other answers"),
        (lambda day, rosa: setattr(rosa, "left_at", time.time()), "can be read"),
    ],
    ids=["key gone", "link", "answers", "not forgotten"],
)
def test_checker_finds_a_state_that_contradicts_an_answer(
    day: Day, spoil: Callable[[Day, Person], object], words: str
) -> None:
    rosa = day.save()
    assert day.check().wrong == []
    spoil(day, rosa)
    assert words in day.check().lost[0]


def test_checker_finds_an_oversold_workshop(day: Day) -> None:
    rosa = day.save()
    day.do(sa.update(Registration).values(people=7), sa.update(Workshop).values(seats_left=0))
    rosa.people = 7
    assert f"{day.workshop.public_id}: 7 people have a place, and there are 6" in day.check().wrong


def test_checker_finds_a_wrong_seat_counter(day: Day) -> None:
    day.save()
    day.do(sa.update(Workshop).values(seats_left=6))
    assert day.check().oversold


def test_checker_finds_a_double_registration(day: Day) -> None:
    rosa = day.save()
    second_person = day.save()
    day.book.everyone.remove(second_person)
    someone = registration_data(contact=ContactMethod.EMAIL, address=rosa.email)
    ticket = registrations.prepare(day.key_store, day.workshop, someone)
    with day.store.change() as session:
        registrations.register(
            session, day.workshop, someone, ticket, "another-nonce-of-hers-1", now=clock.now()
        )
    first, second = day.check().doubled
    assert first == f"{rosa.email} is registered 2 times by one form"
    assert second == "2 registrations are of nobody who asked for one"


def test_checker_finds_a_letter_to_an_erased_person(day: Day) -> None:
    rosa = day.save()
    day.forget(rosa)
    day.write(rosa, after=2)
    assert "after being told they are forgotten" in day.check().unwanted[0]


def test_checker_finds_a_letter_delivered_too_late_after_erasure(day: Day) -> None:
    rosa = day.save()
    day.forget(rosa)
    written = datetime.now(UTC) - timedelta(minutes=1)
    day.letters.append(Letter(rosa.email, "<1.x@example.org>", written, rosa.left_at + 11))
    assert day.check().unwanted


def test_checker_finds_a_lost_staff_edit(day: Day) -> None:
    edit = Edit(day.workshop.public_id, 6, "18:00")
    day.book.edits[edit.workshop] = edit
    assert day.check().wrong == []
    edit.capacity = 9
    assert "an organizer was told" in day.check().lost[0]


def test_checker_finds_missing_and_repeated_letters(day: Day) -> None:
    rosa, luz = day.save(), day.save()
    assert len([each for each in day.missing_letters() if "never had a letter" in each]) == 2
    day.write(rosa, times=3)
    found = day.missing_letters(kills=5)
    assert any(f"{luz.email} has a place or a turn" in each for each in found)
    assert any("is called sent, and never came" in each for each in found)
    assert any("came 3 times" in each for each in found)


def test_checker_finds_more_repeats_than_kills(day: Day) -> None:
    day.write(day.save(), times=2)
    assert day.missing_letters(kills=1) == []
    assert day.missing_letters(kills=0) == ["1 letters came twice, and there were 0 kills"]


def test_harness_finds_a_name_in_a_log() -> None:
    assert NAMES.search("notice of p12@example.org cannot be written")
    assert NAMES.search("GET /es/r/AAAAAAAAAAAAAAAAAAAAAA failed")
    assert not NAMES.search("POST /<lang:lang>/r/<token>/borrar failed")


@pytest.mark.long
def test_two_kills_on_sqlite_lose_nothing() -> None:
    done = _run("--on", "sqlite", "--rounds", "2")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
def test_harness_without_root_says_what_it_needs() -> None:
    done = subprocess.run(
        [
            "setpriv", "--reuid=65534", "--clear-groups",
            sys.executable, "-m", "tests.faults.killing", "--on", "postgresql",
        ],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("tests.faults.killing: Namespaces need root")


def _run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tests.faults.killing", *arguments],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=400,
    )
