"""The roster of the demo: members of each office, what they answered, and a clash to look at."""

from collections import Counter

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network import offices
from outreach.domain.roster import assignments, member_clashes, members
from outreach.domain.roster.member_clashes import ClashType
from outreach.domain.roster.models import (
    AssignmentState,
    RosterAssignment,
    RosterMember,
    RosterRole,
)
from outreach.domain.workshops import Workshop
from outreach.imports import demo
from outreach.keystore import KeyStore
from tests.support.roster import list_unsent


@pytest.mark.thorough
@pytest.mark.any_database
def test_each_office_has_members_and_the_one_of_ana_a_clash(
    store: Store, key_store: KeyStore
) -> None:
    now = clock.now()
    demo.fill(store, key_store, now=now)
    with store.read() as session:
        listed = offices.list_open_offices(session, now.date())
        everyone = session.scalars(sa.select(RosterMember)).unique().all()
        by_office = Counter(each.office_id for each in everyone)
        assert set(by_office) == {each.id for each in listed}
        assert min(by_office.values()) >= 2
        assert len(members.open_details(key_store, everyone)) == len(everyone)
        states = Counter(session.scalars(sa.select(RosterAssignment.state)))
        assert {
            AssignmentState.CONFIRMED, AssignmentState.DECLINED, AssignmentState.ASKED,
        } <= set(states)  # fmt: skip
        chicago = offices.find(session, "chicago")
        own = session.scalars(sa.select(Workshop).where(Workshop.office_id == chicago.id)).all()
        clashes = member_clashes.find_in_teams(session, own, now=now)
        assert ClashType.AWAY in {each.clash.clash_type for each in clashes}
        active = [each for one in own for each in assignments.list_active(session, one)]
        assert RosterRole.SPEAKER in {each.role for each in active}
    assert list_unsent(store) == [], "they were asked days ago"
