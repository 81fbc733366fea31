"""Clashes of workshops: of a venue, and of a speaker."""

from datetime import date, time

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.domain.dashboard import clashes
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.domain.workshops.partners import Speaker, WorkshopSpeaker
from tests.conftest import make_workshop, venue

pytestmark = pytest.mark.any_database
DRAFT = WorkshopStatus.DRAFT
DAY = date(2027, 1, 15)


def at(
    session: Session, office: Office, kind: Kind, hours: tuple[int, int], **changes: object
) -> Workshop:
    starts, ends = hours
    return make_workshop(
        session, office, kind, day=DAY, starts=time(starts), ends=time(ends), **changes
    )


def everything(session: Session) -> list[Workshop]:
    return list(session.scalars(sa.select(Workshop)))


def test_overlap_in_a_venue_is_a_clash_and_one_after_the_other_is_not(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        hall = venue(session, chicago, name="Sala B")
        first = at(session, chicago, rights, (9, 11), venue=hall)
        second = at(session, chicago, rights, (10, 12), venue=hall)
        at(session, chicago, rights, (12, 13), venue=hall)
        at(session, chicago, rights, (10, 12))
        online = [
            at(session, chicago, rights, (10, 12), venue=None, status=DRAFT) for _ in range(2)
        ]
        found = clashes.find_clashes(session, everything(session))
        assert [(each.first, each.second, each.place) for each in found] == [
            (first, second, "Sala B")
        ]
        assert online[0] not in (found[0].first, found[0].second)


def test_three_at_once_are_two_clashes_with_the_longest(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        hall = venue(session, chicago, name="Sala B")
        long = at(session, chicago, rights, (9, 14), venue=hall)
        short = at(session, chicago, rights, (10, 11), venue=hall)
        later = at(session, chicago, rights, (12, 13), venue=hall)
        found = clashes.find_clashes(session, [later, short, long])
        assert [(each.first, each.second) for each in found] == [(long, short), (long, later)]


@pytest.mark.parametrize("status", [WorkshopStatus.CANCELLED, WorkshopStatus.NOT_HELD])
def test_what_does_not_take_place_clashes_with_nothing(
    store: Store, chicago: Office, rights: Kind, status: WorkshopStatus
) -> None:
    with store.change() as session:
        hall = venue(session, chicago, name="Sala B")
        at(session, chicago, rights, (9, 11), venue=hall)
        at(session, chicago, rights, (9, 11), venue=hall).status = status
        assert clashes.find_clashes(session, everything(session)) == []


def test_a_speaker_at_two_venues_is_a_clash(store: Store, chicago: Office, rights: Kind) -> None:
    with store.change() as session:
        speaker = Speaker(office_id=chicago.id, name="Lic. Paz", partner=None, is_shown=False)
        session.add(speaker)
        pair = [at(session, chicago, rights, hours) for hours in ((9, 11), (10, 12))]
        apart = at(session, chicago, rights, (12, 14))
        session.flush()
        session.add_all(
            WorkshopSpeaker(workshop_id=each.id, speaker_id=speaker.id) for each in [*pair, apart]
        )
        session.flush()
        found = clashes.find_clashes(session, [*pair, apart])
        assert [(each.first, each.second, each.place) for each in found] == [
            (pair[0], pair[1], "Lic. Paz")
        ]
