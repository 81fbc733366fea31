"""Changes that a team has not been told of, and nobody has decided about: they are in the queue."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.db.store import Store
from outreach.domain.dashboard import work_queue
from outreach.domain.dashboard.pending_items import WorkSort
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations.change_notifications import (
    LATER,
    NotifyDecision,
    NotifyMode,
)
from outreach.domain.roster import undecided_changes
from outreach.domain.roster.models import (
    AssignmentState,
    RosterLetter,
    RosterMember,
    RosterRole,
)
from outreach.domain.scheduling import venue_change, venue_merge, workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, venue
from tests.domain.roster.test_assignments import TELL, confirm, deliver, move, release
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.roster import add_member, list_unsent, read_state

pytestmark = [fixed_clock, pytest.mark.any_database]

NOBODY = NotifyDecision(NotifyMode.NOBODY)


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    """In a month: so far away that staff may decide to tell nobody."""
    with store.change() as session:
        return make_workshop(session, chicago, rights, day=FIXED_NOW.date() + timedelta(days=30))


@pytest.fixture
def nayeli(store: Store, key_store: KeyStore, chicago: Office) -> RosterMember:
    return add_member(store, key_store, chicago)


def is_queued(store: Store, workshop: Workshop) -> bool:
    """Whether the queue has a line of it; the page of the workshop says the same."""
    now = clock.now()
    with store.read() as session:
        lines = work_queue.load(session, ["chicago"], now=now)
        found = [each.workshop.id for each in lines if WorkSort.NOTIFY in each.sorts]
        current = session.get_one(Workshop, workshop.id)
        assert undecided_changes.is_undecided(session, current, now=now) == bool(found)
    return found == [workshop.id]


def change(store: Store, workshop: Workshop, decision: NotifyDecision, days: int = 1) -> None:
    with store.change() as session:
        move(session, workshop, decision, days=days)


@pytest.mark.parametrize("status", [WorkshopStatus.PUBLISHED, WorkshopStatus.DRAFT])
def test_put_off_letter_is_in_the_queue_until_staff_decide(
    store: Store, chicago: Office, rights: Kind, nayeli: RosterMember, status: WorkshopStatus
) -> None:
    with store.change() as session:
        day = FIXED_NOW.date() + timedelta(days=30)
        workshop = make_workshop(session, chicago, rights, day=day, status=status)
    confirm(store, workshop, nayeli)
    assert not is_queued(store, workshop)
    change(store, workshop, LATER)
    assert is_queued(store, workshop)
    with store.change() as session:
        current = session.get_one(Workshop, workshop.id)
        workshop_service.notify(session, current, TELL, now=clock.now())
    assert list_unsent(store) == ["ask"]
    assert not is_queued(store, workshop)
    deliver(store)
    assert not is_queued(store, workshop)


@pytest.mark.parametrize("status", [WorkshopStatus.PUBLISHED, WorkshopStatus.DRAFT])
def test_decision_to_tell_nobody_holds_until_the_next_change(
    store: Store, chicago: Office, rights: Kind, nayeli: RosterMember, status: WorkshopStatus
) -> None:
    with store.change() as session:
        day = FIXED_NOW.date() + timedelta(days=30)
        workshop = make_workshop(session, chicago, rights, day=day, status=status)
    confirm(store, workshop, nayeli)
    change(store, workshop, NOBODY)
    assert not is_queued(store, workshop)
    change(store, workshop, LATER)
    assert is_queued(store, workshop)


def test_letter_given_up_about_what_another_workshop_is_now_decides_nothing(
    store: Store, chicago: Office, rights: Kind, workshop: Workshop, nayeli: RosterMember
) -> None:
    confirm(store, workshop, nayeli)
    change(store, workshop, TELL)
    with store.change() as session:
        letters = sa.update(RosterLetter).where(RosterLetter.done_at.is_(None))
        session.execute(letters.values(done_at=clock.now(), is_dead=True))
    assert not is_queued(store, workshop)  # the decision was to tell them
    change(store, workshop, LATER)
    with store.change() as session:
        where = session.get_one(Workshop, workshop.id).venue
        day = FIXED_NOW.date() + timedelta(days=30)
        other = make_workshop(session, chicago, rights, day=day, venue=where)
    change(store, other, NOBODY)  # it is when and where the letter said now
    assert is_queued(store, workshop)


def test_change_that_is_taken_back_leaves_nothing_to_decide(
    store: Store, workshop: Workshop, nayeli: RosterMember
) -> None:
    confirm(store, workshop, nayeli)
    change(store, workshop, LATER)
    change(store, workshop, LATER, days=-1)
    assert not is_queued(store, workshop)
    assert read_state(store, workshop, nayeli) is AssignmentState.CONFIRMED


def test_member_without_mail_or_who_is_not_needed_waits_for_no_decision(
    store: Store, key_store: KeyStore, chicago: Office, workshop: Workshop, nayeli: RosterMember
) -> None:
    quiet = add_member(store, key_store, chicago, RosterRole.VOLUNTEER, email="")
    for each in (quiet, nayeli):
        confirm(store, workshop, each)
    change(store, workshop, LATER)
    release(store, workshop, nayeli)
    assert not is_queued(store, workshop)


def test_cancellation_that_is_put_off_is_in_the_queue(
    store: Store, workshop: Workshop, nayeli: RosterMember
) -> None:
    confirm(store, workshop, nayeli)
    with store.change() as session:
        current = session.get_one(Workshop, workshop.id)
        workshop_service.cancel(session, current, now=clock.now(), decision=LATER)
    assert is_queued(store, workshop)


def test_new_address_of_a_venue_reaches_the_team_of_a_draft(
    store: Store, chicago: Office, rights: Kind, nayeli: RosterMember
) -> None:
    with store.change() as session:
        hall = venue(session, chicago, name="Sala B")
        day = FIXED_NOW.date() + timedelta(days=30)
        draft = make_workshop(
            session, chicago, rights, day=day, venue=hall, status=WorkshopStatus.DRAFT
        )
    confirm(store, draft, nayeli)
    with store.change() as session:
        there = session.get_one(Venue, hall.id)
        data = replace(venue_merge.get_data(there), address="9 Otra Calle")
        venue_change.change_venue(session, there, data, now=clock.now(), decision=LATER)
    assert read_state(store, draft, nayeli) is AssignmentState.ASK_AGAIN
    assert is_queued(store, draft)
