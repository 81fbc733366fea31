"""Who gives or interprets a workshop counts as its address: of a discreet one no public page, feed,
file, search or sitemap names them, and no name of the roster is public at all."""

import secrets

import pytest

from outreach import clock
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.roster import assignments, members
from outreach.domain.roster.models import RosterMember, RosterRole
from outreach.domain.workshops import Workshop, partners
from outreach.domain.workshops.partners import ChosenPartners, Speaker
from tests.conftest import make_workshop
from tests.support.public_urls import FurnishedSite
from tests.support.roster import add_member, read_assignment

pytestmark = pytest.mark.any_database("texts of pages and feeds")

# Queries that find discreet workshops.
ASKED = ("", "?tipo=K7QX", "?tipo=mujeres&idioma=nah", "?donde=Chicago&tipo=K7QX")

LISTS = ("/es/", "/en/cal/", "/api/")
MAX_LIST_PATH = 20  # characters: of the pages of one workshop or person there are hundreds


@pytest.fixture
def named_site(furnished_site: FurnishedSite, chicago: Office, women: Kind) -> FurnishedSite:
    """The site, where each workshop has a confirmed speaker and interpreter of the roster, and each
    discreet one a speaker whose name may be published."""
    app = furnished_site.app
    store = app.extensions["outreach_store"]
    key_store = app.extensions["outreach_key_store"]
    speaker = add_member(store, key_store, chicago, name="Nayeli Canaria")
    interpreter = add_member(
        store, key_store, None, RosterRole.INTERPRETER, name="Itzel Canaria", is_by_phone=True
    )
    with store.change() as session:
        shown = Speaker(office_id=chicago.id, name="Silvia Canaria", partner=None, is_shown=True)
        session.add(shown)
        session.flush()
        make_workshop(session, chicago, women, title={"es": "Círculo"})
        for each in furnished_site.workshops.values():
            workshop = session.get_one(Workshop, each.id)
            if workshop.is_discreet:
                partners.set_chosen(session, workshop, ChosenPartners(speakers=(shown.id,)))
            if workshop.is_cancelled:
                continue
            for member in (speaker, interpreter):
                current = session.get_one(RosterMember, member.id)
                made = assignments.ask(session, workshop, current, now=clock.now())
                assignments.answer(session, made, can_come=True, now=clock.now())
    return furnished_site


@pytest.mark.thorough
def test_no_public_address_names_the_roster_or_a_speaker_of_a_discreet_workshop(
    named_site: FurnishedSite,
) -> None:
    client = named_site.app.test_client(use_cookies=False)
    count = 0
    for _endpoint, path in named_site.addresses():
        is_list = len(path) <= MAX_LIST_PATH and path.startswith(LISTS)
        for query in ASKED if is_list else ("",):
            response = client.get(path + query)
            assert b"Canaria" not in response.data, path + query
            count += response.status_code == 200
    assert count > 100


def test_answer_page_and_feed_of_one_member_name_nobody(named_site: FurnishedSite) -> None:
    store = named_site.app.extensions["outreach_store"]
    client = named_site.app.test_client(use_cookies=False)
    with store.change() as session:
        member, *_others = members.list_members(session, [], role=RosterRole.INTERPRETER)
        token = members.make_feed(member, now=clock.now())
    feed = client.get(f"/es/equipo/cal/{token}.ics").text
    assert feed.count("BEGIN:VEVENT") > 3
    assert "Canaria" not in feed
    assert "mujeres" not in feed.casefold()
    assert read_assignment(store, named_site.workshops["discreet"], member).is_active
    unknown = secrets.token_urlsafe(32)
    assert client.get(f"/es/equipo/cal/{unknown}.ics").status_code == 404
