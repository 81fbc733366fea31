"""Assignments of roster members: asking, answering, and following what the workshop is."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from time_machine import TimeMachineFixture

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations.change_notifications import LATER, NotifyDecision, NotifyMode
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.roster import assignments, member_clashes, members
from outreach.domain.roster.member_clashes import ClashType
from outreach.domain.roster.models import (
    AssignmentState,
    RosterAssignment,
    RosterLetter,
    RosterLetterType,
    RosterMember,
    RosterRole,
)
from outreach.domain.scheduling import bulk, undo, workshop_changes, workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus, facts
from outreach.errors import ErrorCode, NotFound, Refusal
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, venue
from tests.support.fixed_clock import fixed_clock
from tests.support.roster import add_member, list_unsent, read_assignment, read_state

pytestmark = fixed_clock

TELL = NotifyDecision(NotifyMode.NOTIFY, UNDO_WINDOW, batch="lote")


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    """Friday 4 December 2026, 18:00 to 20:00 in Chicago."""
    with store.change() as session:
        return make_workshop(session, chicago, rights)


@pytest.fixture
def nayeli(store: Store, key_store: KeyStore, chicago: Office) -> RosterMember:
    return add_member(store, key_store, chicago)


def ask(store: Store, workshop: Workshop, member: RosterMember) -> None:
    with store.change() as session:
        assignments.ask(
            session,
            session.get_one(Workshop, workshop.id),
            session.get_one(RosterMember, member.id),
            now=clock.now(),
        )


def deliver(store: Store) -> None:
    """Records that the letters that wait were delivered."""
    with store.change() as session:
        for letter in session.scalars(sa.select(RosterLetter)).all():
            if letter.done_at is None:
                letter.done_at = clock.now()
                assignment = session.get_one(RosterAssignment, letter.assignment_id)
                assignment.known_facts = letter.facts


def answer(store: Store, workshop: Workshop, member: RosterMember, *, can_come: bool) -> bool:
    assignment = read_assignment(store, workshop, member)
    with store.change() as session:
        current = session.get_one(RosterAssignment, assignment.id)
        return assignments.answer(session, current, can_come=can_come, now=clock.now())


def move(session: Session, workshop: Workshop, decision: NotifyDecision, days: int = 1) -> None:
    current = session.get_one(Workshop, workshop.id)
    data = workshop_service.get_data(current)
    later = replace(data, day=data.day + timedelta(days=days))
    workshop_service.change(session, current, later, now=clock.now(), decision=decision)


def confirm(store: Store, workshop: Workshop, member: RosterMember) -> None:
    """The member is asked, gets the letter and says yes."""
    ask(store, workshop, member)
    deliver(store)
    assert answer(store, workshop, member, can_come=True)


def test_asking_queues_a_letter_that_is_held(
    store: Store, workshop: Workshop, nayeli: RosterMember
) -> None:
    ask(store, workshop, nayeli)
    with store.read() as session:
        letter = session.scalars(sa.select(RosterLetter)).one()
    assert letter.letter_type is RosterLetterType.ASK
    assert letter.due_at == letter.made_at + UNDO_WINDOW
    assert read_state(store, workshop, nayeli) is AssignmentState.ASKED
    with pytest.raises(Refusal) as refused:
        ask(store, workshop, nayeli)
    assert refused.value.code is ErrorCode.ASSIGNED_ALREADY


def test_member_without_mail_gets_no_letter(
    store: Store, key_store: KeyStore, chicago: Office, workshop: Workshop
) -> None:
    volunteer = add_member(store, key_store, chicago, RosterRole.VOLUNTEER, email="")
    ask(store, workshop, volunteer)
    assert list_unsent(store) == []
    assert answer(store, workshop, volunteer, can_come=True)
    assert read_state(store, workshop, volunteer) is AssignmentState.CONFIRMED


def test_answer_is_recorded_once_and_can_be_changed(
    store: Store, workshop: Workshop, nayeli: RosterMember
) -> None:
    confirm(store, workshop, nayeli)
    assert not answer(store, workshop, nayeli, can_come=True)
    assert answer(store, workshop, nayeli, can_come=False)
    assert read_state(store, workshop, nayeli) is AssignmentState.DECLINED


def test_moved_workshop_asks_who_had_confirmed_again(
    store: Store, workshop: Workshop, nayeli: RosterMember
) -> None:
    confirm(store, workshop, nayeli)
    with store.change() as session:
        move(session, workshop, TELL)
    assert read_state(store, workshop, nayeli) is AssignmentState.ASK_AGAIN
    with store.read() as session:
        letter = session.scalars(
            sa.select(RosterLetter).where(RosterLetter.done_at.is_(None))
        ).one()
        current = session.get_one(Workshop, workshop.id)
    assert letter.due_at == letter.made_at + UNDO_WINDOW
    assert letter.facts == facts.compute_facts(current)


def test_undone_move_restores_the_confirmation_and_writes_nothing(
    store: Store, workshop: Workshop, nayeli: RosterMember
) -> None:
    confirm(store, workshop, nayeli)
    with store.change() as session:
        move(session, workshop, TELL)
    with store.change() as session:
        changes = workshop_changes.list_batch(session, TELL.batch)
        outcomes = undo.undo_batch(session, changes, now=clock.now())
    assert [each.refusal for each in outcomes] == [None]
    assert read_state(store, workshop, nayeli) is AssignmentState.CONFIRMED
    assert list_unsent(store) == []


def test_move_undone_after_the_letter_asks_again(
    store: Store, workshop: Workshop, nayeli: RosterMember
) -> None:
    confirm(store, workshop, nayeli)
    with store.change() as session:
        move(session, workshop, TELL)
    deliver(store)
    with store.change() as session:
        move(session, workshop, TELL, days=-1)
    assert read_state(store, workshop, nayeli) is AssignmentState.ASK_AGAIN
    assert list_unsent(store) == ["ask"]


@pytest.mark.parametrize("mode", [NotifyMode.LATER, NotifyMode.NOBODY])
def test_move_that_nobody_is_notified_of_leaves_the_member_to_be_asked(
    store: Store, workshop: Workshop, nayeli: RosterMember, mode: NotifyMode
) -> None:
    with store.change() as session:  # further away: a near one has to be told
        move(session, workshop, LATER, days=20)
    confirm(store, workshop, nayeli)
    with store.change() as session:
        move(session, workshop, NotifyDecision(mode))
    assert read_state(store, workshop, nayeli) is AssignmentState.ASK_AGAIN
    assert list_unsent(store) == []
    with store.change() as session:  # staff decide later
        current = session.get_one(Workshop, workshop.id)
        workshop_service.notify(session, current, TELL, now=clock.now())
    assert list_unsent(store) == ["ask"]


def test_moved_draft_asks_again_too(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind, nayeli: RosterMember
) -> None:
    with store.change() as session:
        draft = make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT)
    confirm(store, draft, nayeli)
    with store.change() as session:
        move(session, draft, TELL)
    assert read_state(store, draft, nayeli) is AssignmentState.ASK_AGAIN
    assert list_unsent(store) == ["ask"]


def test_draft_with_a_team_is_not_deleted(
    store: Store, chicago: Office, rights: Kind, nayeli: RosterMember
) -> None:
    with store.change() as session:
        draft = make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT)
    ask(store, draft, nayeli)
    with pytest.raises(Refusal) as refused, store.change() as session:
        bulk.delete_draft(session, session.get_one(Workshop, draft.id), clock.now())
    assert refused.value.code is ErrorCode.DELETE_WITH_TEAM
    release(store, draft, nayeli)
    with store.change() as session:
        bulk.delete_draft(session, session.get_one(Workshop, draft.id), clock.now())


def test_changed_capacity_asks_nobody(
    store: Store, workshop: Workshop, nayeli: RosterMember
) -> None:
    confirm(store, workshop, nayeli)
    with store.change() as session:
        current = session.get_one(Workshop, workshop.id)
        data = replace(workshop_service.get_data(current), capacity=90)
        workshop_service.change(session, current, data, now=clock.now(), decision=TELL)
    assert read_state(store, workshop, nayeli) is AssignmentState.CONFIRMED
    assert list_unsent(store) == []


def test_cancellation_is_announced_and_reinstating_asks_again(
    store: Store, workshop: Workshop, nayeli: RosterMember
) -> None:
    confirm(store, workshop, nayeli)
    with store.change() as session:
        current = session.get_one(Workshop, workshop.id)
        workshop_service.cancel(session, current, now=clock.now(), decision=TELL)
    assert list_unsent(store) == ["cancelled"]
    deliver(store)
    with store.change() as session:
        current = session.get_one(Workshop, workshop.id)
        workshop_service.reinstate(session, current, now=clock.now(), decision=TELL)
    assert read_state(store, workshop, nayeli) is AssignmentState.ASK_AGAIN
    assert list_unsent(store) == ["ask"]


def test_cancelled_before_the_question_is_sent_writes_nothing(
    store: Store, workshop: Workshop, nayeli: RosterMember
) -> None:
    ask(store, workshop, nayeli)
    with store.change() as session:
        current = session.get_one(Workshop, workshop.id)
        workshop_service.cancel(session, current, now=clock.now(), decision=TELL)
    assert list_unsent(store) == []


def test_released_member_is_notified_only_if_they_know(
    store: Store, workshop: Workshop, nayeli: RosterMember
) -> None:
    ask(store, workshop, nayeli)
    release(store, workshop, nayeli)
    assert list_unsent(store) == []
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(RosterAssignment)) == 0
    confirm(store, workshop, nayeli)
    release(store, workshop, nayeli)
    assert read_state(store, workshop, nayeli) is AssignmentState.RELEASED
    assert list_unsent(store) == ["released"]
    ask(store, workshop, nayeli)  # within the hold: as if nothing had been
    assert read_state(store, workshop, nayeli) is AssignmentState.CONFIRMED
    assert list_unsent(store) == []


def release(store: Store, workshop: Workshop, member: RosterMember) -> None:
    assignment = read_assignment(store, workshop, member)
    with store.change() as session:
        current = session.get_one(RosterAssignment, assignment.id)
        assignments.release(session, current, now=clock.now())


def test_sheet_counts_members_by_role(
    store: Store, key_store: KeyStore, chicago: Office, workshop: Workshop, nayeli: RosterMember
) -> None:
    interpreter = add_member(store, key_store, chicago, RosterRole.INTERPRETER)
    quiet = add_member(store, key_store, chicago, RosterRole.VOLUNTEER, email="")
    for each in (nayeli, interpreter, quiet):
        confirm(store, workshop, each)
    with store.change() as session:
        current = session.get_one(Workshop, workshop.id)
        move(session, workshop, LATER)
        reach = assignments.count_uninformed(session, [current])
        session.rollback()
    assert reach.asked_again == {RosterRole.SPEAKER: 1, RosterRole.INTERPRETER: 1}
    assert (reach.cancelled, reach.total) == ({}, 2)


def test_mobile_unit_is_refused_while_it_stands_elsewhere(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind, workshop: Workshop
) -> None:
    unit = add_member(store, key_store, chicago, RosterRole.MOBILE_UNIT, name="Unidad 1")
    with store.change() as session:
        current = session.get_one(Workshop, workshop.id)
        beside = make_workshop(session, chicago, rights, venue=current.venue)
        elsewhere = make_workshop(session, chicago, rights, starts=time(19, 30), ends=time(21, 0))
        later = make_workshop(session, chicago, rights, starts=time(20, 0), ends=time(21, 0))
    ask(store, workshop, unit)
    ask(store, beside, unit)
    ask(store, later, unit)
    with pytest.raises(Refusal) as refused:
        ask(store, elsewhere, unit)
    assert refused.value.code is ErrorCode.UNIT_ELSEWHERE


def test_clashes_of_a_person_are_said_and_not_refused(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind, workshop: Workshop
) -> None:
    member = add_member(
        store,
        key_store,
        chicago,
        hours=[(4, time(9), time(14))],  # Fridays
        absences=[(date(2026, 12, 11), date(2026, 12, 13))],
    )
    with store.change() as session:
        overlapping = make_workshop(session, chicago, rights, starts=time(19, 0), ends=time(21, 0))
        morning = make_workshop(session, chicago, rights, starts=time(10), ends=time(12))
        away = make_workshop(session, chicago, rights, day=date(2026, 12, 13), starts=time(10))
    ask(store, overlapping, member)
    assert find_clash_types(store, member, workshop) == {
        ClashType.OVERLAP,
        ClashType.OUTSIDE_HOURS,
    }
    assert find_clash_types(store, member, morning) == set()
    assert find_clash_types(store, member, away) == {ClashType.AWAY}
    ask(store, workshop, member)


def find_clash_types(store: Store, member: RosterMember, workshop: Workshop) -> set[ClashType]:
    with store.read() as session:
        member = session.get_one(RosterMember, member.id)
        current = session.get_one(Workshop, workshop.id)
        others = member_clashes.list_overlapping(session, [member.id], current)[member.id]
        return {each.clash_type for each in member_clashes.find_clashes(member, current, others)}


def test_hours_are_by_the_clock_of_the_members_office(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    member = add_member(store, key_store, chicago, hours=[(4, time(9), time(14))])
    with store.change() as session:
        pacific = ZoneInfo("America/Los_Angeles")
        place = venue(session, chicago, zone=pacific)
        workshop = make_workshop(
            session, chicago, rights, venue=place, zone=pacific, starts=time(10), ends=time(13)
        )
    assert find_clash_types(store, member, workshop) == {ClashType.OUTSIDE_HOURS}, "12 to 15 h"


def test_members_of_another_office_are_not_found(
    store: Store, key_store: KeyStore, chicago: Office, nayeli: RosterMember
) -> None:
    everywhere = add_member(store, key_store, None, RosterRole.INTERPRETER, is_by_phone=True)
    with store.read() as session:
        assert [each.id for each in members.list_members(session, [0])] == [everywhere.id]
        assert members.find(session, [0], everywhere.id).is_by_phone
        with pytest.raises(NotFound):
            members.find(session, [0], nayeli.id)
        found = members.list_members(session, [chicago.id], language="nah")
        assert [each.id for each in found] == [everywhere.id]


def test_nobody_is_asked_for_what_has_begun_or_is_cancelled(
    store: Store, chicago: Office, rights: Kind, workshop: Workshop, nayeli: RosterMember
) -> None:
    with store.change() as session:
        workshop_service.cancel(session, session.get_one(Workshop, workshop.id), now=clock.now())
        begun = make_workshop(session, chicago, rights, day=clock.now().date(), starts=time(11, 0))
    for each, code in (
        (workshop, ErrorCode.WORKSHOP_CANCELLED),
        (begun, ErrorCode.WORKSHOP_STARTED),
    ):
        with pytest.raises(Refusal) as refused:
            ask(store, each, nayeli)
        assert refused.value.code is code


def test_retired_member_leaves_the_workshops_ahead(
    store: Store, workshop: Workshop, nayeli: RosterMember
) -> None:
    confirm(store, workshop, nayeli)
    with store.change() as session:
        member = session.get_one(RosterMember, nayeli.id)
        left = assignments.release_member(session, member, now=clock.now())
        members.retire(member, now=clock.now())
        assert [each.id for each in left] == [workshop.id]
    assert list_unsent(store) == ["released"]
    with pytest.raises(NotFound):
        ask(store, workshop, nayeli)


def test_letters_sent_long_ago_are_deleted(
    store: Store, workshop: Workshop, nayeli: RosterMember
) -> None:
    ask(store, workshop, nayeli)
    deliver(store)
    count = sa.select(sa.func.count()).select_from(RosterLetter)
    for days, left in ((89, 1), (91, 0)):
        later: datetime = clock.now() + timedelta(days=days)
        with store.change() as session:
            assignments.delete_old_letters(session, now=later)
            assert session.scalar(count) == left


def find_in_teams(store: Store, *workshops: Workshop) -> list[tuple[int, ClashType, int | None]]:
    """The workshop, what keeps a member from it, and the other workshop, of each clash."""
    with store.read() as session:
        listed = [session.get_one(Workshop, each.id) for each in workshops]
        return [
            (
                each.workshop.id,
                each.clash.clash_type,
                each.clash.workshop.id if each.clash.workshop else None,
            )
            for each in member_clashes.find_in_teams(session, listed, now=clock.now())
        ]


def test_clashes_of_teams_are_one_for_each_pair_and_one_for_each_other_reason(
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    workshop: Workshop,
    nayeli: RosterMember,
) -> None:
    away = add_member(
        store, key_store, chicago, absences=[(workshop.day, workshop.day + timedelta(days=1))]
    )
    with store.change() as session:
        later = make_workshop(session, chicago, rights, starts=time(19, 0), ends=time(21, 0))
        after = make_workshop(session, chicago, rights, starts=time(21, 0), ends=time(22, 0))
    for each in (workshop, later, after):
        ask(store, each, nayeli)
    ask(store, after, away)
    pair = (later.id, ClashType.OVERLAP, workshop.id)
    absence = (after.id, ClashType.AWAY, None)
    assert find_in_teams(store, workshop, later, after) == [pair, absence]
    assert find_in_teams(store, workshop) == [(workshop.id, ClashType.OVERLAP, later.id)]
    assert answer(store, later, nayeli, can_come=False)
    release(store, after, away)
    assert find_in_teams(store, workshop, later, after) == []


def test_what_is_over_cancelled_or_of_a_retired_member_is_no_clash(
    store: Store,
    chicago: Office,
    rights: Kind,
    workshop: Workshop,
    nayeli: RosterMember,
    time_machine: TimeMachineFixture,
) -> None:
    with store.change() as session:
        later = make_workshop(session, chicago, rights, starts=time(19, 0), ends=time(21, 0))
        third = make_workshop(session, chicago, rights, starts=time(18, 30), ends=time(20, 30))
    for each in (workshop, later, third):
        ask(store, each, nayeli)
    with store.change() as session:
        workshop_service.cancel(session, session.get_one(Workshop, third.id), now=clock.now())
    assert find_in_teams(store, workshop, later, third) == [
        (later.id, ClashType.OVERLAP, workshop.id)
    ]
    with store.change() as session:
        member = session.get_one(RosterMember, nayeli.id)
        assignments.release_member(session, member, now=clock.now())
        members.retire(member, now=clock.now())
    assert find_in_teams(store, workshop, later) == []
    with store.change() as session:
        members.reinstate(session.get_one(RosterMember, nayeli.id))
    for each in (workshop, later):
        ask(store, each, nayeli)
    assert len(find_in_teams(store, workshop, later)) == 1
    time_machine.move_to(later.ends_at, tick=False)
    assert find_in_teams(store, workshop, later) == []


def test_typed_hour_and_venue_are_compared_with_the_other_workshops_of_the_team(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind, workshop: Workshop
) -> None:
    unit = add_member(store, key_store, chicago, RosterRole.MOBILE_UNIT, name="Unidad 1", email="")
    with store.change() as session:
        stored = session.get_one(Workshop, workshop.id)
        beside = make_workshop(session, chicago, rights, venue=stored.venue)
    for each in (workshop, beside):
        ask(store, each, unit)
    with store.read() as session:
        stored = session.get_one(Workshop, workshop.id)
        data = workshop_service.get_data(stored)
        session.expunge(stored)
        typed = workshop_service.prepare(data, now=clock.now())
        typed.id = stored.id
        assigned = assignments.list_active(session, stored)
        assert member_clashes.find_in_team(session, typed, assigned) == []
        moved = workshop_service.prepare(replace(data, venue=None), now=clock.now())
        moved.id = stored.id
        (found,) = member_clashes.find_in_team(session, moved, assigned)
        assert found.clash.workshop is not None
        assert found.clash.workshop.id == beside.id
