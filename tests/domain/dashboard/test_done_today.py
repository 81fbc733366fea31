"""What was done today: of own offices, of nobody who is forgotten, and nothing that was undone."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.audit import audit_log
from outreach.domain.dashboard import done_today
from outreach.domain.dashboard.done_today import DoneLine
from outreach.domain.dashboard.pending_items import DoneSort
from outreach.domain.network import staff
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.registrations import (
    ContactMethod,
    Registration,
    address_approval,
    call_attempts,
)
from outreach.domain.registrations.call_attempts import CallAttempt, CallOutcome
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.privacy import erasure
from tests.conftest import make_workshop, seat
from tests.support.fixed_clock import FIXED_NOW, fixed_clock

pytestmark = fixed_clock

NOW: Final = FIXED_NOW  # noon in Chicago


@pytest.fixture
def ana(store: Store, chicago: Office) -> int:
    with store.change() as session:
        return staff.add(session, "ana@example.org", Role.ORGANIZER, ["chicago"]).id


def make(store: Store, office: Office, kind: Kind, days: int = 8, **changes: Any) -> Workshop:
    with store.change() as session:
        return make_workshop(
            session, office, kind, day=NOW.date() + timedelta(days=days), **changes
        )


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    return make(store, chicago, rights)


@pytest.fixture
def circle(store: Store, chicago: Office, women: Kind) -> Workshop:
    return make(store, chicago, women, visibility=Visibility.APPROVED)


def lines_of(store: Store, *slugs: str, now: datetime = NOW) -> list[DoneLine]:
    with store.read() as session:
        return done_today.load(session, slugs or ("chicago",), now=now)


def log(
    store: Store, workshop: Workshop, ana: int, action: str, now: datetime = NOW, **details: Any
) -> None:
    with store.change() as session:
        audit_log.record(
            session, ana, action, now=now, workshop_id=workshop.id, office="chicago",
            details=details,
        )  # fmt: skip


def call(
    store: Store,
    party: Registration,
    ana: int,
    outcome: CallOutcome = CallOutcome.ANSWERED,
    *,
    number: int = 1,
    now: datetime = NOW,
) -> None:
    with store.change() as session:
        found = session.get_one(Registration, party.id)
        call_attempts.record(session, found, outcome, number=number, organizer_id=ana, now=now)


def with_phone(store: Store, key_store: KeyStore, workshop: Workshop) -> Registration:
    return seat(store, key_store, workshop, contact=ContactMethod.PHONE, address="+13125550142")


def test_calls_say_who_called_and_what_came_of_it(
    store: Store, key_store: KeyStore, workshop: Workshop, ana: int
) -> None:
    party = with_phone(store, key_store, workshop)
    call(store, party, ana, CallOutcome.NO_ANSWER, now=NOW - timedelta(hours=2))
    call(store, party, ana, number=2)
    last, first = lines_of(store)
    assert (last.outcome, last.number) == (CallOutcome.ANSWERED, 2)
    assert (first.outcome, first.number) == (CallOutcome.NO_ANSWER, 1)
    assert last.organizer_ids == (ana,)
    assert (last.at, last.is_exact) == (clock.hour_of(NOW), False)
    assert not last.is_private
    with store.change() as session:
        call_attempts.take_back(session, session.get_one(Registration, party.id), organizer_id=ana)
    assert [line.number for line in lines_of(store)] == [1]


def test_opened_call_without_an_outcome_is_not_done(
    store: Store, key_store: KeyStore, circle: Workshop, ana: int
) -> None:
    party = with_phone(store, key_store, circle)
    with store.change() as session:
        found = session.get_one(Registration, party.id)
        call_attempts.open_call(session, found, organizer_id=ana, now=NOW)
    assert lines_of(store) == []
    call(store, party, ana)
    [line] = lines_of(store)
    assert line.is_private


def test_nothing_is_left_of_who_is_forgotten(
    store: Store, key_store: KeyStore, config: Config, circle: Workshop, ana: int
) -> None:
    parties = [with_phone(store, key_store, circle) for _ in range(2)]
    with store.change() as session:
        for party in parties:
            found = session.get_one(Registration, party.id)
            call_attempts.open_call(session, found, organizer_id=ana, now=NOW)
            registrations.approve(session, found, now=NOW)
    for party in parties:
        call(store, party, ana)
    log(store, circle, ana, "addresses approved", parties=2)
    log(store, circle, ana, "letters sent again", letters=1)
    log(store, circle, ana, "doubtful places confirmed", parties=2)
    assert [line.sort for line in lines_of(store)].count(DoneSort.CALL) == 2
    assert count_of(store, DoneSort.APPROVED) == [2]
    erasure.erase(store, key_store, config, [parties[0].id], now=NOW)
    assert [line.sort for line in lines_of(store)].count(DoneSort.CALL) == 1
    assert count_of(store, DoneSort.APPROVED) == [1]
    erasure.erase(store, key_store, config, [parties[1].id], now=NOW)
    assert lines_of(store) == []


def count_of(store: Store, sort: DoneSort) -> list[int]:
    return [line.number for line in lines_of(store) if line.sort is sort]


def test_decisions_on_addresses_that_are_undone_are_not_done(
    store: Store, key_store: KeyStore, circle: Workshop, ana: int
) -> None:
    eva, luz = (with_phone(store, key_store, circle) for _ in range(2))
    with store.change() as session:
        registrations.approve(session, session.get_one(Registration, eva.id), now=NOW)
        registrations.decline_approval(session, session.get_one(Registration, luz.id), now=NOW)
    log(store, circle, ana, "address approved")
    log(store, circle, ana, "approval declined", parties=1)
    assert {line.sort: line.number for line in lines_of(store)} == {
        DoneSort.APPROVED: 1,
        DoneSort.DECLINED: 1,
    }
    with store.change() as session:
        for party in (eva, luz):
            address_approval.undo_decision(session, session.get_one(Registration, party.id))
    log(store, circle, ana, "address decision undone", parties=2)
    assert lines_of(store) == []


def test_what_was_undone_is_not_done(
    store: Store, key_store: KeyStore, workshop: Workshop, ana: int
) -> None:
    with_phone(store, key_store, workshop)
    log(store, workshop, ana, "notification decided", decision="no")
    log(store, workshop, ana, "doubtful places released", parties=3)
    log(store, workshop, ana, "doubtful places confirmed", parties=5)
    assert {line.sort for line in lines_of(store)} == {
        DoneSort.NOTIFIED,
        DoneSort.RELEASED,
        DoneSort.REVIEWED,
    }
    log(store, workshop, ana, "change undone")
    log(store, workshop, ana, "release undone", parties=3)
    log(store, workshop, ana, "confirmation undone", parties=5)
    assert lines_of(store) == []
    log(store, workshop, ana, "notification decided", decision="avisar")
    assert [line.decision for line in lines_of(store)] == ["avisar"]


def test_report_is_one_line_with_its_last_number(
    store: Store, chicago: Office, rights: Kind, ana: int
) -> None:
    past = make(store, chicago, rights, -3)
    for number in (19, 26):
        with store.change() as session:
            found = session.get_one(Workshop, past.id)
            workshop_service.report(found, head_count=number, now=NOW)
        log(store, past, ana, "attendance reported", held=True, people=number)
    [line] = lines_of(store)
    assert (line.sort, line.workshop.head_count, line.is_exact) == (DoneSort.REPORTED, 26, True)


def test_only_ones_own_offices(
    store: Store, key_store: KeyStore, workshop: Workshop, calgary: Office, rights: Kind, ana: int
) -> None:
    elsewhere = make(store, calgary, rights)
    call(store, with_phone(store, key_store, elsewhere), ana)
    log(store, elsewhere, ana, "notification decided", decision="no")
    assert lines_of(store) == []
    assert len(lines_of(store, "calgary")) == 2
    assert lines_of(store, "nowhere") == []


def test_other_acts_are_not_listed(store: Store, workshop: Workshop, ana: int) -> None:
    for action in ("contact seen", "list exported", "workshop changed", "call made"):
        log(store, workshop, ana, action)
    assert lines_of(store) == []


def test_today_begins_at_midnight_of_the_office(
    store: Store,
    key_store: KeyStore,
    workshop: Workshop,
    calgary: Office,
    rights: Kind,
    ana: int,
) -> None:
    with store.change() as session:
        session.get_one(Office, calgary.id).zone = ZoneInfo("America/Los_Angeles")
    elsewhere = make(store, calgary, rights)
    late = datetime(2026, 11, 28, 5, 30, tzinfo=UTC)  # 23:30 in Chicago, 21:30 in Los Angeles
    for each in (workshop, elsewhere):
        log(store, each, ana, "notification decided", now=late, decision="no")
        call(store, with_phone(store, key_store, each), ana, now=late)
    now = late + timedelta(hours=1)
    offices = [line.workshop.office_id for line in lines_of(store, "chicago", "calgary", now=now)]
    assert offices == [calgary.id, calgary.id]
    assert lines_of(store, "chicago", now=now) == []


def test_call_of_a_former_account_has_nobody(
    store: Store, key_store: KeyStore, workshop: Workshop, ana: int
) -> None:
    call(store, with_phone(store, key_store, workshop), ana)
    with store.change() as session:
        session.execute(sa.update(CallAttempt).values(organizer_id=None))
    [line] = lines_of(store)
    assert line.organizer_ids == ()
