"""A venue that a stranger named: nothing is published there before staff have called."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.locations import venues
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import venue_merge, workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.domain.workshops.publish_checks import RequiredField, find_missing_fields
from outreach.errors import ErrorCode, Refusal
from tests.conftest import make_workshop
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.html_forms import fields
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = [fixed_clock, pytest.mark.any_database("what staff may do at a venue")]

TAG = "Sin verificar"
NOTICE = "Nada se publica aquí hasta que llames"


@pytest.fixture
def draft(store: Store, chicago: Office, rights: Kind) -> Workshop:
    """At a venue that nobody has verified."""
    with store.change() as session:
        made = make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT)
        assert made.venue is not None
        made.venue.is_unverified = True
        return made


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def path_of(draft: Workshop) -> str:
    return f"/org/sedes/chicago/{draft.venue_id}"


def publish(store: Store, public_id: str) -> None:
    with store.change() as session:
        found = workshops.find(session, public_id)
        workshop_service.publish(session, found, now=FIXED_NOW, phone="312 555 0100")


def test_nothing_is_published_there_by_any_way(
    store: Store, draft: Workshop, chicago: Office, rights: Kind
) -> None:
    with pytest.raises(Refusal) as refused:
        publish(store, draft.public_id)
    assert refused.value.code is ErrorCode.FIELDS_MISSING
    with store.change() as session:
        other = make_workshop(session, chicago, rights)
        venue = session.get_one(Venue, draft.venue_id)
        data = replace(workshop_service.get_data(other), venue=venue)
        with pytest.raises(Refusal) as refused:
            workshop_service.change(session, other, data, now=FIXED_NOW)
        assert refused.value.code is ErrorCode.VENUE_UNVERIFIED
        with pytest.raises(Refusal):
            workshop_service.create(session, data, now=FIXED_NOW, status=WorkshopStatus.PUBLISHED)
        assert find_missing_fields(workshops.find(session, draft.public_id)) == [
            RequiredField.VERIFIED_VENUE
        ]


def test_staff_verify_it_by_a_call(store: Store, draft: Workshop, ana: StaffClient) -> None:
    assert TAG in words(ana.get("/org/sedes"))
    assert NOTICE in words(ana.get(path_of(draft)))
    page = f"/org/talleres/{draft.public_id}"
    assert "verificar la sede" in words(ana.get(page))
    refused = ana.post(path_of(draft), do="verify")
    assert refused.status_code == 422
    assert "Marca que llamaste" in words(refused)
    assert ana.post(path_of(draft), do="verify", called="yes").status_code == 303
    assert NOTICE not in words(ana.get(path_of(draft)))
    assert TAG not in words(ana.get("/org/sedes"))
    with store.read() as session:
        actions = session.scalars(sa.select(AuditEntry.action)).all()
    assert actions.count("venue verified") == 1
    publish(store, draft.public_id)


def test_saving_its_form_does_not_verify_it(
    store: Store, draft: Workshop, ana: StaffClient
) -> None:
    typed = fields(ana.get(path_of(draft)).text, path_of(draft))
    assert ana.post(path_of(draft), **(typed | {"name": "Otra"})).status_code == 303
    with store.read() as session:
        assert session.get_one(Venue, draft.venue_id).is_unverified


def test_merged_venue_is_verified_where_one_of_the_two_was(
    store: Store, draft: Workshop, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        known = make_workshop(session, chicago, rights).venue
        assert known is not None
        unverified = session.get_one(Venue, draft.venue_id)
        data = venue_merge.get_data(unverified)
        venue_merge.merge(session, unverified, known, data, now=FIXED_NOW)
        assert not unverified.is_unverified
        [done] = venue_merge.find_undoable(session, unverified, now=FIXED_NOW)
        venue_merge.undo(session, done, now=FIXED_NOW)
        assert venues.find(session, chicago, draft.venue_id or 0).is_unverified
