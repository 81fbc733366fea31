"""Lines of a feed are well-formed for any typed text."""

import re
from collections.abc import Iterator
from datetime import time

import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.db.types import Codes
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Visibility, Way
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.feeds import ics_feed
from tests.conftest import LONG_AGO, kind, office
from tests.support.feed_reader import SITE, events_of, utc_today

pytestmark = [pytest.mark.any_database("texts of an event"), pytest.mark.core]


def physical_lines(body: bytes) -> Iterator[bytes]:
    assert body.endswith(b"\r\n")
    yield from body[:-2].split(b"\r\n")


@settings(max_examples=100, deadline=None)
@given(title=st.text(max_size=300), place=st.text(max_size=60), text=st.text(max_size=300))
def test_lines_are_well_formed_for_any_text(title: str, place: str, text: str) -> None:
    workshop = _unsaved(title, place, text)
    body = ics_feed.write_single(workshop, "es", SITE)

    for line in physical_lines(body):
        assert line
        assert len(line) <= 75
        assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", line)
        line.decode("utf-8")
        assert "\ufffd" not in line.decode()
    [event] = events_of(body)
    summary = str(event["SUMMARY"])
    assert 0 < len(summary) <= 200
    assert not re.search("[\x00-\x1f\x7f\x85\u2028\u2029\u202a-\u202e\u2066-\u2069]", summary)
    assert vobject.readOne(body.decode()).vevent.summary.value == summary


def test_unpaired_surrogates_are_removed() -> None:
    workshop = _unsaved("Taller \ud83d roto", "Sala \udc00", "a\ud800b")
    [event] = events_of(ics_feed.write_single(workshop, "es", SITE))
    assert event["SUMMARY"] == "Taller roto"


def _unsaved(title: str, place: str, text: str) -> Workshop:
    chicago = office("chicago", "Chicago", "IL", "America/Chicago")
    typed_venue = Venue(
        office=chicago,
        name=place,
        city="Chicago",
        region="IL",
        zone=chicago.zone,
        near_latitude=0.0,
        near_longitude=0.0,
        changed_at=LONG_AGO,
    )
    return Workshop(
        public_id="0123456789",
        office=chicago,
        kind=kind("derechos", "Tus derechos"),
        venue=typed_venue,
        title={"es": title},
        summary={"es": text},
        bring={"es": text},
        mode=DeliveryMode.IN_PERSON,
        way=Way.PLACE,
        visibility=Visibility.PUBLIC,
        languages=Codes(["es"]),
        interpretation=Codes(),
        has_childcare=False,
        zone=chicago.zone,
        day=utc_today(),
        starts=time(18),
        ends=time(20),
        status=WorkshopStatus.PUBLISHED,
        capacity=1,
        seats_left=1,
        party_limit=1,
        retention_days=30,
        has_reminders=False,
        created_at=LONG_AGO,
        changed_at=LONG_AGO,
    )
