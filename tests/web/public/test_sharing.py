"""Passing a workshop on: picture, tags for messengers, links to share and to save the date."""

import re
import struct
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.pdf import share_card
from outreach.web.middleware import rate_limits, request_retry
from tests.conftest import make_workshop
from tests.support.fixed_clock import fixed_clock

pytestmark = pytest.mark.any_database


def picture_path(page: str) -> str:
    found = re.search(r'property="og:image" content="[^"]*(/es/t/[^"]+\.png)"', page)
    assert found, "the page names a picture"
    return found[1]


def test_picture_is_of_the_size_that_messengers_show_and_kept_for_a_year(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    path = picture_path(client.get(f"/es/t/{workshop.public_id}").text)
    answer = client.get(path)
    assert answer.mimetype == "image/png"
    assert struct.unpack(">II", answer.data[16:24]) == (share_card.WIDTH, share_card.HEIGHT)
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_changed_workshop_has_another_picture(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    before = picture_path(client.get(f"/es/t/{workshop.public_id}").text)
    with store.change() as session:
        session.get_one(Workshop, workshop.id).title = {"es": "Otro título"}
    after = picture_path(client.get(f"/es/t/{workshop.public_id}").text)
    assert after != before
    answer = client.get(before)
    assert (answer.status_code, answer.headers["Location"]) == (302, after)


@pytest.mark.parametrize("case", ["discreet", "unlisted", "draft"])
def test_private_workshop_has_nothing_to_pass_on(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, women: Kind, case: str
) -> None:
    with store.change() as session:
        if case == "discreet":
            workshop = make_workshop(session, chicago, women)
        elif case == "unlisted":
            workshop = make_workshop(session, chicago, rights, way=Way.UNLISTED)
        else:
            workshop = make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT)
        version = share_card.get_version(workshop, "es")
    page = client.get(f"/es/t/{workshop.public_id}").text
    for mark in ("og:", "twitter:", "wa.me", "calendar.google", "Trae a alguien", "data-copy"):
        assert mark not in page
    assert client.get(f"/es/t/{workshop.public_id}/imagen-{version}.png").status_code == 404


@fixed_clock
def test_links_carry_day_hour_and_place(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        near = make_workshop(session, chicago, rights)
        hidden = make_workshop(session, chicago, rights, visibility=Visibility.REGISTERED)
        address = near.venue.address if near.venue else ""
    page = client.get(f"/es/t/{near.public_id}").text.replace("&amp;", "&")
    whatsapp = re.search(r'href="(https://wa\.me/[^"]+)"', page)
    google = re.search(r'href="(https://calendar\.google\.com/[^"]+)"', page)
    assert whatsapp
    assert google
    assert f"/es/t/{near.public_id}" in parse_qs(urlsplit(whatsapp[1]).query)["text"][0]
    invitation = parse_qs(urlsplit(whatsapp[1]).query)["text"][0]
    assert "Chicago: viernes 4 de diciembre" in invitation
    assert ".." not in invitation
    assert "derechos" not in invitation, "others read the phone that gets it"
    event = parse_qs(urlsplit(google[1]).query)
    assert event["dates"] == ["20261205T000000Z/20261205T020000Z"]
    assert address
    assert address in event["location"][0]
    assert address not in client.get(f"/es/t/{hidden.public_id}").text


def test_calendar_link_of_a_sensitive_kind_says_appointment_and_city_only(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    with store.change() as session:
        session.get_one(Kind, rights.id).sensitivity = "high"
    page = client.get(f"/es/t/{workshop.public_id}").text.replace("&amp;", "&")
    google = re.search(r'href="(https://calendar\.google\.com/[^"]+)"', page)
    assert google
    event = parse_qs(urlsplit(google[1]).query)
    assert set(event) == {"action", "dates", "text", "location"}
    assert (event["text"], event["location"]) == (["Cita"], ["Chicago, IL"])


def test_script_does_not_draw_pictures_without_end(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    path = picture_path(client.get(f"/es/t/{workshop.public_id}").text)
    with client.application.test_request_context(path, environ_base={"REMOTE_ADDR": "127.0.0.1"}):
        for _ in range(rate_limits.MAX_PICTURES):
            request_retry.keep("counted", set).clear()
            rate_limits.count_picture()
    assert client.get(path).status_code == 429
