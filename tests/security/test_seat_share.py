"""Nobody takes all seats: the share of one address and of the networks around it (S29)."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration, RegistrationStatus, review
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore, SeatShare
from outreach.maintenance import scheduled_jobs
from tests.conftest import hold, seat
from tests.support.limits import UNLIMITED
from tests.support.registration_forms import (
    answers,
    everyone,
    link_of,
    own_address,
    seats_left,
    send,
    status_of,
)
from tests.support.staff_client import employ, signed_in_as

pytestmark = pytest.mark.any_database("the race is in concurrency/test_rush.py")

SEATS = 20
HOSTILE = "203.0.113.9"
CONFIRMED, WAITLISTED = RegistrationStatus.CONFIRMED, RegistrationStatus.WAITLISTED


@pytest.fixture
def client(make_app: Callable[..., Flask]) -> FlaskClient:
    return make_app(limits=UNLIMITED).test_client()


@pytest.fixture
def ordinary(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return hold(session, chicago, rights, capacity=SEATS)


@pytest.fixture
def discreet(store: Store, chicago: Office, women: Kind) -> Workshop:
    with store.change() as session:
        return hold(session, chicago, women, capacity=SEATS)


def post(client: FlaskClient, workshop: Workshop, address: str, **changes: Any) -> TestResponse:
    consent = {"consent": "yes"} if workshop.is_discreet else {}
    typed = answers(client.application, workshop, **(consent | changes))
    return send(client, workshop, typed, address=address)


def taken(store: Store, workshop: Workshop) -> int:
    return SEATS - seats_left(store, workshop)


def page_of(client: FlaskClient, answer: TestResponse) -> str:
    return client.get(answer.headers["Location"]).text


@pytest.mark.parametrize(
    ("seats", "address", "network", "first_party"),
    [(20, 5, 8, 6), (4, 2, 4, 4), (62, 15, 24, 20), (1, 2, 4, 4)],
)
def test_share_of_a_workshop(
    store: Store, chicago: Office, rights: Kind,
    seats: int, address: int, network: int, first_party: int,
) -> None:  # fmt: skip
    with store.change() as session:
        share = review.compute_share(hold(session, chicago, rights, capacity=seats))
    assert (share.address, share.network, share.first_party) == (address, network, first_party)


# What one person with many posts can take


@pytest.mark.parametrize(
    ("addresses", "most"),
    [
        ([HOSTILE] * 40, 5),
        ([f"203.0.113.{number % 10}" for number in range(40)], 8),
        ([f"203.0.113.{number}" for number in range(40)], 8),
        ([f"2001:db8:7:{number:x}::1" for number in range(40)], 8),
        ([f"2001:db8:7:{number % 4:x}::{number:x}" for number in range(40)], 8),
    ],
    ids=["one address", "ten addresses of a /24", "forty of a /24", "40 /64s of a /48", "4 /64s"],
)
@pytest.mark.parametrize(
    "is_discreet", [True, pytest.param(False, marks=pytest.mark.long)], ids=["discreet", "ordinary"]
)
def test_one_network_takes_only_its_share(
    client: FlaskClient, store: Store, ordinary: Workshop, discreet: Workshop,
    addresses: list[str], most: int, is_discreet: bool,
) -> None:  # fmt: skip
    workshop = discreet if is_discreet else ordinary
    for address in addresses:
        assert post(client, workshop, address).status_code == 303
    assert taken(store, workshop) <= most
    for number in range(30):  # as many honest people, each from a connection of her own
        assert post(client, workshop, own_address(number)).status_code == 303
    honest = everyone(store)[len(addresses) :]
    confirmed = sum(each.status is CONFIRMED for each in honest)
    assert confirmed == SEATS - most
    assert not any(each.needs_review for each in honest)


def test_network_stays_limited_after_a_rush(
    client: FlaskClient, store: Store, ordinary: Workshop, key_store: KeyStore
) -> None:
    for number in range(10):
        post(client, ordinary, f"203.0.113.{number}")
    with key_store.store.change() as session:  # a minute later
        session.execute(sa.update(SeatShare).values(minute_seats=0))
    post(client, ordinary, "203.0.113.200")
    assert taken(store, ordinary) == 8


def test_first_party_is_confirmed_though_it_exceeds_the_share(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        small = hold(session, chicago, rights, capacity=8)
    post(client, small, HOSTILE, people="4")
    post(client, small, HOSTILE, people="1")
    assert [each.status for each in everyone(store)] == [CONFIRMED, WAITLISTED]


def test_campaign_from_many_networks_fills_the_workshop(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = hold(session, chicago, rights, capacity=50)
    for number in range(300):
        assert post(client, workshop, own_address(number)).status_code == 303
    statuses = [each.status for each in everyone(store)]
    assert (statuses.count(CONFIRMED), statuses.count(WAITLISTED)) == (50, 250)
    assert not any(each.needs_review for each in everyone(store))


def test_neighbours_are_counted_once_one_of_them_wants_more(
    client: FlaskClient, store: Store, ordinary: Workshop, key_store: KeyStore
) -> None:
    """Ten people of one carrier within an hour are no attack; with one that takes all, they share
    what a network may take."""
    for number in range(10):
        post(client, ordinary, f"203.0.113.{number}")
        with key_store.store.change() as session:  # a minute later
            session.execute(sa.update(SeatShare).values(minute_seats=0))
    assert taken(store, ordinary) == 10
    for _ in range(6):
        post(client, ordinary, "203.0.113.200")
    assert taken(store, ordinary) == 15
    post(client, ordinary, "203.0.113.201")
    assert taken(store, ordinary) == 15


def test_shares_end_with_the_day(
    client: FlaskClient, key_store: KeyStore, ordinary: Workshop
) -> None:
    post(client, ordinary, HOSTILE)
    with key_store.store.change() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(SeatShare)) == 2
        session.execute(sa.update(SeatShare).values(day=key_store.today() - timedelta(days=1)))
    key_store.tidy()
    with key_store.store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(SeatShare)) == 0


def test_refused_registration_counts_for_nothing(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, key_store: KeyStore
) -> None:
    with store.change() as session:
        small = hold(session, chicago, rights, capacity=2, has_waiting_list=False)
    assert post(client, small, HOSTILE, people="3").status_code == 409
    with key_store.store.read() as session:
        assert not session.scalars(sa.select(SeatShare.seats)).all()


# What people are told


def test_ordinary_page_beyond_the_share_says_to_come_anyway(
    client: FlaskClient, store: Store, ordinary: Workshop
) -> None:
    pages = [page_of(client, post(client, ordinary, HOSTILE)) for _ in range(6)]
    assert "apartado" in pages[4]
    assert "Ya te anotamos" in pages[5]
    assert "Ven aunque no te confirmemos: si hay silla, es tuya." in pages[5]
    assert "tu turno</span>" not in pages[5]


def masked(page: str, registration: Registration) -> str:
    """The page without what differs between any two registrations."""
    code = registration.door_code
    page = re.sub(r"/r/[A-Za-z0-9_-]{22}", "/r/…", page)
    page = re.sub(r"<svg class=.qr.*?</svg>|<svg[^>]*>.*?</svg>", "<svg>", page, flags=re.DOTALL)
    return page.replace(f"{code[:3]} {code[3:]}", "CODE").replace(" ".join(code), "C O D E")


def test_discreet_pages_are_the_same_beyond_the_share(
    client: FlaskClient, store: Store, discreet: Workshop
) -> None:
    """The husband on her Wi-Fi sees the page that she saw."""
    answers_of = [post(client, discreet, HOSTILE) for _ in range(6)]
    first, *_others, last = everyone(store)
    assert (first.status, last.status) == (CONFIRMED, WAITLISTED)
    for path in ("", "/cambiar", "/cancelar"):
        seen = [
            masked(client.get(answer.headers["Location"] + path).text, row)
            for answer, row in ((answers_of[0], first), (answers_of[5], last))
        ]
        assert seen[0] == seen[1], path


def test_discreet_change_is_answered_alike(
    client: FlaskClient, store: Store, discreet: Workshop
) -> None:
    """Also one to more people, which nobody can ask for on a discreet page."""
    links = [post(client, discreet, HOSTILE).headers["Location"] for _ in range(6)]
    for people, status in (("1", 303), ("2", 422)):
        found = {
            client.post(f"{link}/cambiar", data={"people": people}).status_code
            for link in (links[0], links[5])
        }
        assert found == {status}


def test_more_people_count_in_the_share(
    client: FlaskClient, store: Store, ordinary: Workshop
) -> None:
    links = [post(client, ordinary, HOSTILE).headers["Location"] for _ in range(5)]
    answer = client.post(
        f"{links[0]}/cambiar", data={"people": "4"}, environ_base={"REMOTE_ADDR": HOSTILE}
    )
    assert answer.status_code == 409
    assert "Desde esta conexión ya no caben más." in answer.text
    assert taken(store, ordinary) == 5


# Review


def beyond_share(client: FlaskClient, store: Store, workshop: Workshop) -> Registration:
    """A registration for review, after five confirmed ones of the same address."""
    for _ in range(6):
        post(client, workshop, HOSTILE)
    [found] = [each for each in everyone(store) if each.needs_review]
    return found


def test_offers_pass_over_parties_for_review(
    client: FlaskClient, store: Store, key_store: KeyStore, ordinary: Workshop
) -> None:
    party = beyond_share(client, store, ordinary)
    for _ in range(15):
        seat(store, key_store, ordinary)
    waiting = seat(store, key_store, ordinary)
    link = link_of(key_store, everyone(store)[0])
    client.post(f"{link}/cancelar")
    assert status_of(store, party) is WAITLISTED
    assert status_of(store, waiting) is RegistrationStatus.OFFERED


@pytest.mark.parametrize("is_discreet", [True, False], ids=["discreet", "ordinary"])
def test_approved_party_gets_a_free_seat(
    client: FlaskClient, store: Store, ordinary: Workshop, discreet: Workshop, is_discreet: bool
) -> None:
    workshop = discreet if is_discreet else ordinary
    party = beyond_share(client, store, workshop)
    with store.change() as session:
        workshop = session.get_one(Workshop, workshop.id)
        assert review.approve(session, workshop, [party.id], now=clock.now()) == 1
    # On a discreet page she has had a seat all along, so she is not asked.
    expected = CONFIRMED if is_discreet else RegistrationStatus.OFFERED
    assert status_of(store, party) is expected
    assert taken(store, workshop) == 6


def test_review_ends_a_day_before(client: FlaskClient, store: Store, ordinary: Workshop) -> None:
    party = beyond_share(client, store, ordinary)
    for hours, count in ((25, 0), (23, 1), (22, 0)):
        now = ordinary.starts_at - timedelta(hours=hours)
        assert scheduled_jobs.end_reviews(store, now=now) == count
    assert status_of(store, party) is RegistrationStatus.OFFERED


def test_party_of_the_last_day_stays_for_review(
    client: FlaskClient, store: Store, ordinary: Workshop
) -> None:
    party = beyond_share(client, store, ordinary)
    late = ordinary.starts_at - timedelta(hours=20)
    with store.change() as session:
        session.execute(sa.update(Registration).values(registered_at=late))
    assert scheduled_jobs.end_reviews(store, now=late + timedelta(hours=1)) == 0
    assert status_of(store, party) is WAITLISTED


def test_staff_seat_by_hand_ends_the_review(
    client: FlaskClient, store: Store, discreet: Workshop
) -> None:
    party = beyond_share(client, store, discreet)
    with store.change() as session:
        registration = session.get_one(Registration, party.id)
        registrations.grant_seat(session, registration, now=clock.now())
    with store.read() as session:
        registration = session.get_one(Registration, party.id)
        assert (registration.status, registration.needs_review) == (CONFIRMED, False)


def test_entry_says_what_her_page_shows(
    client: FlaskClient, store: Store, key_store: KeyStore, discreet: Workshop
) -> None:
    """So that nobody at the entry tells her that she is waiting."""
    party = beyond_share(client, store, discreet)
    token = registrations.derive_entry_token(registrations.get_key(key_store, party))
    ana = signed_in_as(client.application, store, employ(store))
    assert "Su página dice que tiene lugar" in ana.get(f"/q/{token}").text
