"""Feeds as they are pushed to other sites: a day late, without a street or a free text (S39)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.calendar.feed_query import FeedQuery
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.domain.workshops.pushed import PUSHED_AFTER
from outreach.feeds import server
from tests.conftest import make_workshop
from tests.support.fixed_clock import FIXED_NOW, fixed_clock

pytestmark = [fixed_clock, pytest.mark.any_database("what a feed says of a workshop")]

DAY = date(2026, 12, 5)
STREET = "1805 S. Ejemplo St."
FORMS = tuple(server.WRITERS)


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    """Published long ago, at a venue with a street."""
    with store.change() as session:
        return make_workshop(session, chicago, rights, day=DAY)


def write(store: Store, config: Config, form: str, choice: FeedQuery) -> str:
    with store.read() as session:
        site = server.get_site(config, session)
        body = server.WRITERS[form](session, choice, "es", site, today=FIXED_NOW.date())
    return body.decode().replace("\r\n ", "").replace("\\,", ",")


@pytest.mark.parametrize("form", FORMS)
def test_pushed_feed_has_no_street_no_venue_and_no_free_text(
    store: Store, config: Config, workshop: Workshop, form: str
) -> None:
    with store.change() as session:
        found = workshops.find(session, workshop.public_id)
        place = found.venue
        assert place is not None
        place.latitude, place.longitude = 41.123456, -87.123456
        name = place.name
        data = replace(
            workshop_service.get_data(found),
            title={"es": f"Derechos en {name.upper()}"},
            summary={"es": f"En {STREET}, segundo piso"},
            bring={"es": "La llave de la sala"},
        )
        workshop_service.change(session, found, data, now=FIXED_NOW)
    assert STREET in write(store, config, form, FeedQuery(None))
    text = write(store, config, form, FeedQuery(None, published_until=FIXED_NOW - PUSHED_AFTER))
    for word in (STREET, name, name.upper(), "segundo piso", "llave", "41.12", "imagen-", "0142"):
        assert word not in text, word
    for word in ("Chicago, IL", "Tus derechos", f"/es/t/{workshop.public_id}"):
        assert word in text, word


@pytest.mark.parametrize("form", FORMS)
def test_workshop_is_in_it_a_day_after_it_was_published(
    store: Store, config: Config, chicago: Office, rights: Kind, women: Kind, form: str
) -> None:
    with store.change() as session:
        recent = make_workshop(session, chicago, rights, day=DAY, now=FIXED_NOW)
        discreet = make_workshop(session, chicago, women, day=DAY, visibility=Visibility.APPROVED)
    for age, is_shown in ((timedelta(0), True), (timedelta(seconds=1), False)):
        text = write(store, config, form, FeedQuery(None, published_until=FIXED_NOW - age))
        assert (recent.uid in text) is is_shown
        assert discreet.uid not in text
