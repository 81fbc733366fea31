"""What staff wanted to decide later: workshops of an office, and bulletins for headquarters."""

from dataclasses import replace
from datetime import date, time, timedelta

from outreach import clock
from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.newsletter import bulletins, undecided
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.change_notifications import LATER
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.reports import month_report
from tests.conftest import hold, seat

MARCH = Month(2026, 3)


def list_found(store: Store, *offices: Office) -> list[tuple[int | None, int | None]]:
    """Office and edition of each row; without offices of the whole network."""
    ids = [each.id for each in offices] or None
    with store.read() as session:
        rows = undecided.list_undecided(session, ids, now=clock.now())
        return [(each.office_id, each.edition.number if each.edition else None) for each in rows]


def change_later(store: Store, workshop: Workshop) -> None:
    with store.change() as session:
        found = session.get_one(Workshop, workshop.id)
        data = replace(workshop_service.get_data(found), starts=time(17, 0))
        workshop_service.change(session, found, data, now=clock.now(), decision=LATER)


def test_offices_see_their_workshops_and_headquarters_bulletins_too(
    store: Store, key_store: KeyStore, chicago: Office, calgary: Office, rights: Kind
) -> None:
    day = clock.now().date() + timedelta(days=20)
    with store.change() as session:
        near = hold(session, chicago, rights, day=day)
        far = hold(session, calgary, rights, day=day + timedelta(days=1))
        hold(session, chicago, rights, day=date(2026, 3, 10))
    for workshop in (far, near):
        seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    assert list_found(store) == []
    for workshop in (far, near):
        change_later(store, workshop)
    with store.change() as session:
        month_report.close(session, MARCH, now=clock.now())
        edition = bulletins.begin(session, MARCH, now=clock.now())
        bulletins.publish(
            session, edition, lambda _: "{}", version=1, decision=LATER, now=clock.now()
        )
    assert list_found(store) == [(chicago.id, None), (calgary.id, None), (None, 1)]
    assert list_found(store, chicago) == [(chicago.id, None)]
    assert list_found(store, calgary, chicago) == [(chicago.id, None), (calgary.id, None)]
