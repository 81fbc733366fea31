"""Call attempts: when a person is called again, by whom, and when never."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import (
    ContactMethod,
    PersonalData,
    Registration,
    call_attempts,
    contact_details,
    get_key,
)
from outreach.domain.registrations.call_attempts import (
    CallAttempt,
    CallBlock,
    CallHistory,
    CallOutcome,
)
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.errors import ErrorCode, NotFound, Refusal
from outreach.keystore import KeyStore
from outreach.privacy import erasure, reconcile
from tests.conftest import make_workshop, seat
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.interleaving import meet
from tests.support.staff_client import employ

pytestmark = fixed_clock

NIGHT = datetime(2026, 11, 28, 3, 30, tzinfo=UTC)  # 9:30 p. m. of the fixed day in Chicago
MORNING = datetime(2026, 11, 28, 15, 0, tzinfo=UTC)  # 9 a. m. of the next


def party_of(
    store: Store, key_store: KeyStore, office: Office, kind: Kind, **changes: Any
) -> Registration:
    """Somebody with a phone, at a workshop of next week."""
    with store.change() as session:
        workshop = make_workshop(session, office, kind, **changes)
    return seat(store, key_store, workshop, contact=ContactMethod.PHONE, address="+13125550142")


def record(
    store: Store,
    party: Registration,
    outcome: CallOutcome,
    *,
    number: int = 1,
    who: int,
    **more: Any,
) -> CallAttempt | None:
    with store.change() as session:
        return call_attempts.record(
            session,
            session.get_one(Registration, party.id),
            outcome,
            number=number,
            organizer_id=who,
            **{"now": FIXED_NOW} | more,
        )


def open_and_note(
    store: Store,
    party: Registration,
    outcome: CallOutcome,
    *,
    who: int,
    now: datetime,
    number: int = 1,
) -> None:
    with store.change() as session:
        registration = session.get_one(Registration, party.id)
        assert call_attempts.open_call(session, registration, organizer_id=who, now=now) is None
    assert record(store, party, outcome, number=number, who=who, now=now) is not None


def block(store: Store, party: Registration, now: datetime) -> CallBlock | None:
    with store.read() as session:
        registration = session.get_one(Registration, party.id)
        found = call_attempts.read_histories(session, [registration])
        history = found.get(party.id, CallHistory())
        return history.find_block(registration.workshop, now=now)


@pytest.mark.parametrize(
    ("now", "is_discreet", "again_at"),
    [
        (FIXED_NOW, False, FIXED_NOW + timedelta(hours=3)),
        (FIXED_NOW, True, MORNING),
        (NIGHT, False, MORNING),
        (NIGHT, True, MORNING),
        (NIGHT + timedelta(hours=4), False, MORNING),  # 1:30 a. m.
    ],
)
def test_who_did_not_answer_is_called_again_by_day(
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    women: Kind,
    now: datetime,
    is_discreet: bool,
    again_at: datetime,
) -> None:
    party = party_of(store, key_store, chicago, women if is_discreet else rights)
    with store.read() as session:
        workshop = session.get_one(Workshop, party.workshop_id)
        assert call_attempts.compute_retry(workshop, now=now) == again_at


def test_attempt_with_a_number_that_is_not_the_next_is_not_recorded(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    ana, party = employ(store), party_of(store, key_store, chicago, rights)
    for number, is_new in ((2, False), (0, False), (1, True), (1, False), (2, True)):
        done = record(store, party, CallOutcome.NO_ANSWER, number=number, who=ana)
        assert (done is not None) is is_new, number


def test_discreet_call_needs_to_be_opened_by_who_notes_it(
    store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    ana, bea = employ(store), employ(store, "bea@example.org")
    party = party_of(store, key_store, chicago, women)
    with pytest.raises(Refusal) as refused:
        record(store, party, CallOutcome.ANSWERED, who=ana)
    assert refused.value.code is ErrorCode.CALL_NOT_OPENED
    for who, expected in ((ana, None), (ana, None), (bea, CallBlock.OPENED)):
        with store.change() as session:
            opened = session.get_one(Registration, party.id)
            assert expected is call_attempts.open_call(
                session, opened, organizer_id=who, now=FIXED_NOW
            )
    assert record(store, party, CallOutcome.ANSWERED, who=ana) is not None
    assert block(store, party, FIXED_NOW + timedelta(hours=5)) is CallBlock.TODAY
    assert block(store, party, MORNING) is None


def test_open_call_that_was_never_noted_is_open_to_all_the_next_day(
    store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    ana, bea = employ(store), employ(store, "bea@example.org")
    party = party_of(store, key_store, chicago, women)
    for who, now in ((ana, FIXED_NOW), (bea, MORNING)):
        with store.change() as session:
            opened = session.get_one(Registration, party.id)
            blocked = call_attempts.open_call(session, opened, organizer_id=who, now=now)
            assert blocked is None


def test_last_hours_before_the_start_are_not_waited_out(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    ana, party = employ(store), party_of(store, key_store, chicago, rights)
    with store.read() as session:
        starts_at = session.get_one(Workshop, party.workshop_id).starts_at
    now = starts_at - timedelta(hours=4)
    record(store, party, CallOutcome.NO_ANSWER, who=ana, now=now)
    assert block(store, party, starts_at - timedelta(hours=2, minutes=1)) is CallBlock.LATER
    assert block(store, party, starts_at - timedelta(hours=2)) is None


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [(CallOutcome.WRONG_NUMBER, None), (CallOutcome.OTHER_PERSON, CallBlock.ENDED)],
)
def test_new_phone_mends_a_wrong_number_only(
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    outcome: CallOutcome,
    expected: CallBlock | None,
) -> None:
    ana, party = employ(store), party_of(store, key_store, chicago, rights)
    record(store, party, outcome, who=ana)
    assert block(store, party, MORNING) is CallBlock.ENDED
    for phone, state in (("+13125550142", CallBlock.ENDED), ("+13125550143", expected)):
        with store.change() as session:
            registration = session.get_one(Registration, party.id)
            contact_details.change_person(
                session, registration, get_key(key_store, registration),
                PersonalData(name="Rosa", address=phone), ContactMethod.PHONE,
                may_leave_message=False, takes_calls=False, now=FIXED_NOW,
            )  # fmt: skip
        assert block(store, party, MORNING) is state


def test_other_dates_of_a_group_are_the_same_phone(
    store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    ana = employ(store)
    first, second = (party_of(store, key_store, chicago, women) for _ in range(2))
    with store.change() as session:
        session.execute(sa.update(Registration).values(joint_id=first.id))
    with store.change() as session:
        opened = session.get_one(Registration, first.id)
        call_attempts.open_call(session, opened, organizer_id=ana, now=FIXED_NOW)
    record(store, first, CallOutcome.OTHER_PERSON, who=ana)
    assert block(store, second, MORNING) is CallBlock.ENDED
    with store.read() as session:
        ended = session.scalars(sa.select(Registration.id).where(call_attempts.has_ended())).all()
    assert sorted(ended) == sorted([first.id, second.id])


@pytest.mark.parametrize("warning", ["danger", "cancelled", "moved"])
def test_who_was_called_today_is_called_again_to_be_warned(
    store: Store, key_store: KeyStore, chicago: Office, women: Kind, warning: str
) -> None:
    """Once: the hour in which it came up is the first that counts."""
    ana, bea = employ(store), employ(store, "bea@example.org")
    today = FIXED_NOW.astimezone(chicago.zone).date()
    party = party_of(store, key_store, chicago, women, day=today)
    warned_at, called_at = FIXED_NOW + timedelta(hours=2), FIXED_NOW + timedelta(hours=3)
    open_and_note(store, party, CallOutcome.NO_ANSWER, who=ana, now=FIXED_NOW)
    with store.change() as session:  # the colleague was interrupted
        opened = session.get_one(Registration, party.id)
        session.add(
            CallAttempt(registration_id=opened.id, number=2, organizer_id=ana, made_at=FIXED_NOW)
        )
    assert block(store, party, called_at) is CallBlock.TODAY
    with store.change() as session:
        workshop = session.get_one(Workshop, party.workshop_id)
        if warning == "danger":
            workshop_service.close_for_danger(session, workshop, now=warned_at)
        elif warning == "cancelled":
            workshop_service.cancel(session, workshop, now=warned_at)
        else:
            data = workshop_service.get_data(workshop)
            later = replace(data, day=data.day + timedelta(days=7))
            workshop_service.change(session, workshop, later, now=warned_at)
    assert block(store, party, called_at) is None
    open_and_note(store, party, CallOutcome.NO_ANSWER, who=bea, now=called_at, number=3)
    assert block(store, party, called_at + timedelta(hours=1)) is CallBlock.TODAY


def test_change_of_a_workshop_days_away_is_no_reason_for_a_second_call(
    store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    party = party_of(store, key_store, chicago, women)
    open_and_note(store, party, CallOutcome.ANSWERED, who=employ(store), now=FIXED_NOW)
    later = FIXED_NOW + timedelta(hours=2)
    with store.change() as session:
        workshop_service.cancel(session, session.get_one(Workshop, party.workshop_id), now=later)
    assert block(store, party, later + timedelta(hours=1)) is CallBlock.TODAY


def test_phone_of_unrelated_registrations_rings_once_a_day_where_one_is_discreet(
    store: Store, key_store: KeyStore, chicago: Office, calgary: Office, women: Kind, rights: Kind
) -> None:
    ana = employ(store)
    circle = party_of(store, key_store, chicago, women)
    other_circle = party_of(store, key_store, calgary, women)
    ordinary = party_of(store, key_store, chicago, rights)
    with store.change() as session:
        there = session.get_one(Registration, circle.id)
        assert call_attempts.open_call(session, there, organizer_id=ana, now=FIXED_NOW) is None
    assert block(store, other_circle, FIXED_NOW) is CallBlock.OPENED, "somebody has the number"
    assert record(store, circle, CallOutcome.ANSWERED, who=ana) is not None
    assert block(store, other_circle, FIXED_NOW) is CallBlock.TODAY
    with store.change() as session:
        there = session.get_one(Registration, other_circle.id)
        found = call_attempts.open_call(session, there, organizer_id=ana, now=FIXED_NOW)
        assert found is CallBlock.TODAY
    assert block(store, ordinary, FIXED_NOW) is None, "the ordinary queue says nothing of the other"
    assert block(store, other_circle, MORNING) is None


def test_call_about_an_ordinary_workshop_is_the_call_of_the_day_for_a_discreet_one(
    store: Store, key_store: KeyStore, chicago: Office, women: Kind, rights: Kind
) -> None:
    ana = employ(store)
    circle = party_of(store, key_store, chicago, women)
    ordinary = party_of(store, key_store, chicago, rights)
    record(store, ordinary, CallOutcome.NO_ANSWER, who=ana)
    assert block(store, circle, FIXED_NOW) is CallBlock.TODAY


def test_outcome_of_an_opened_call_is_kept_though_the_phone_rang_for_another_workshop_since(
    store: Store, key_store: KeyStore, chicago: Office, women: Kind, rights: Kind
) -> None:
    ana = employ(store)
    circle = party_of(store, key_store, chicago, women)
    ordinary = party_of(store, key_store, chicago, rights)
    with store.change() as session:
        there = session.get_one(Registration, circle.id)
        assert call_attempts.open_call(session, there, organizer_id=ana, now=FIXED_NOW) is None
    tomas = employ(store, "tomas@example.org")
    assert record(store, ordinary, CallOutcome.NO_ANSWER, who=tomas) is not None
    assert record(store, circle, CallOutcome.OTHER_PERSON, who=ana) is not None
    assert block(store, circle, MORNING) is CallBlock.ENDED


@pytest.mark.races
@pytest.mark.parametrize("is_first_open", [True, False])
@pytest.mark.parametrize("other", ["date", "circle", "ordinary"])
def test_two_colleagues_at_once_do_not_ring_a_phone_twice(
    store: Store, key_store: KeyStore, chicago: Office, women: Kind, rights: Kind, other: str,
    is_first_open: bool,
) -> None:  # fmt: skip
    """Another date of the group, another discreet workshop, and one that needs no opened call."""
    ana, tomas = employ(store), employ(store, "tomas@example.org")
    circle = party_of(store, key_store, chicago, women)
    elsewhere = party_of(store, key_store, chicago, rights if other == "ordinary" else women)
    if other == "date":
        with store.change() as session:
            session.execute(sa.update(Registration).values(joint_id=circle.id))

    def open_here() -> CallBlock | None:
        with store.change() as session:
            there = session.get_one(Registration, circle.id)
            return call_attempts.open_call(session, there, organizer_id=ana, now=FIXED_NOW)

    def call_elsewhere() -> object:
        if other == "ordinary":
            return record(store, elsewhere, CallOutcome.NO_ANSWER, who=tomas)
        with store.change() as session:
            there = session.get_one(Registration, elsewhere.id)
            return call_attempts.open_call(session, there, organizer_id=tomas, now=FIXED_NOW)

    if is_first_open:
        assert meet(store, open_here, call_elsewhere, at="INSERT INTO call_attempt")[0] is None
    else:
        blocked = meet(store, call_elsewhere, open_here, at="INSERT INTO call_attempt")[1]
        assert blocked in {CallBlock.OPENED, CallBlock.TODAY}
    with store.read() as session:
        callers = session.scalars(sa.select(CallAttempt.organizer_id)).all()
    is_kept_anyway = other == "ordinary" and is_first_open  # that call was made already
    assert callers == ([ana, tomas] if is_kept_anyway else [ana if is_first_open else tomas])


@pytest.mark.parametrize("outcome", [CallOutcome.WRONG_NUMBER, CallOutcome.OTHER_PERSON])
def test_who_registers_with_the_phone_of_another_does_not_end_her_calls(
    store: Store, key_store: KeyStore, chicago: Office, women: Kind, rights: Kind,
    outcome: CallOutcome,
) -> None:  # fmt: skip
    ana = employ(store)
    circle = party_of(store, key_store, chicago, women)
    pretended = party_of(store, key_store, chicago, rights)
    record(store, pretended, outcome, who=ana)
    assert block(store, pretended, MORNING) is CallBlock.ENDED
    assert block(store, circle, MORNING) is None


def test_attempts_go_with_the_person(
    store: Store,
    key_store: KeyStore,
    config: Config,
    chicago: Office,
    rights: Kind,
) -> None:
    ana = employ(store)
    parties = [party_of(store, key_store, chicago, rights) for _ in range(3)]
    for each in parties:
        record(store, each, CallOutcome.NO_ANSWER, who=ana)
    erasure.erase(store, key_store, config, [parties[0].id], now=FIXED_NOW)
    assert _held(store) == sorted([parties[1].id, parties[2].id])
    key_store.destroy(parties[1].key_id or b"")  # by a purge, or before a crash
    reconcile.reconcile_stores(store, key_store, now=FIXED_NOW, sure=True)
    assert reconcile.clear_erased_rows(store, now=FIXED_NOW)["call_attempt"] == 1
    assert _held(store) == [parties[2].id]
    with pytest.raises(NotFound):
        record(store, parties[0], CallOutcome.ANSWERED, who=ana)


def _held(store: Store) -> list[str]:
    with store.read() as session:
        return sorted(session.scalars(sa.select(CallAttempt.registration_id)))


def test_attempt_says_the_hour_and_no_minute(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    ana, party = employ(store), party_of(store, key_store, chicago, rights)
    record(store, party, CallOutcome.NO_ANSWER, who=ana, now=FIXED_NOW + timedelta(minutes=17))
    with store.read() as session:
        attempt = session.scalars(sa.select(CallAttempt)).one()
    assert attempt.made_at == FIXED_NOW
    assert attempt.again_at is not None
    assert attempt.again_at.minute == 0
