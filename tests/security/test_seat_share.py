"""Nobody takes all seats, and nobody is shut out: the shares of networks and their review (S29)."""

import re
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration, RegistrationStatus, review
from outreach.domain.registrations.message_types import DECLARATIONS, REMINDERS
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.workshops import DeliveryMode, Workshop, series
from outreach.keystore import KeyStore, MasterKeys, SeatParty, SeatShare
from outreach.keystore.seat_shares import NetworkSize, Share
from outreach.maintenance import scheduled_jobs
from tests.conftest import a_saturday, kind, make_workshop
from tests.support.limits import UNLIMITED
from tests.support.registration_forms import (
    answers,
    everyone,
    own_address,
    seats_left,
    send,
)

SEATS = 20
HOSTILE = "203.0.113.9"
CONFIRMED, WAITLISTED = RegistrationStatus.CONFIRMED, RegistrationStatus.WAITLISTED
OFFERED = RegistrationStatus.OFFERED
MINUTE = timedelta(minutes=1)

# How sensitive the kind of a workshop is: what its pages may show follows from it.
of_each_kind = pytest.mark.parametrize("sort", ["ordinary", "sensitive", "discreet"])
of_veiled_kinds = pytest.mark.parametrize("sort", ["sensitive", "discreet"])


@pytest.fixture
def client(make_app: Callable[..., Flask]) -> FlaskClient:
    return make_app(limits=UNLIMITED).test_client()


@pytest.fixture
def daca(store: Store) -> Kind:
    with store.change() as session:
        found = kind("daca", "Renueva tu DACA", sensitivity="high")
        session.add(found)
    return found


@pytest.fixture
def make(
    store: Store, chicago: Office, rights: Kind, daca: Kind, women: Kind
) -> Callable[..., Workshop]:
    """Makes a workshop next week of an ordinary, sensitive or discreet kind."""
    kinds = {"ordinary": rights, "sensitive": daca, "discreet": women}

    def make_one(sort: str = "ordinary", seats: int = SEATS, **changes: Any) -> Workshop:
        with store.change() as session:
            return make_workshop(session, chicago, kinds[sort], capacity=seats, **changes)

    return make_one


def post(client: FlaskClient, workshop: Workshop, address: str, **changes: Any) -> TestResponse:
    consent = {"consent": "yes"} if workshop.is_discreet else {}
    typed = answers(client.application, workshop, **(consent | changes))
    return send(client, workshop, typed, address=address)


def taken(store: Store, workshop: Workshop) -> int:
    return workshop.capacity - seats_left(store, workshop)


def page_of(client: FlaskClient, answer: TestResponse) -> str:
    return client.get(answer.headers["Location"]).text


def run_reviews(store: Store, key_store: KeyStore, workshop: Workshop) -> datetime:
    """Runs the worker's step when the reviews of who has just come are due, and a minute before,
    when nothing happens; returns when."""
    with store.read() as session:
        due = review.compute_review(session.get_one(Workshop, workshop.id), clock.now())
    before = [(each.id, each.status) for each in everyone(store)]
    scheduled_jobs.run_reviews(store, key_store, now=due - MINUTE)
    assert [(each.id, each.status) for each in everyone(store)] == before
    scheduled_jobs.run_reviews(store, key_store, now=due)
    return due


def begin_another_day(key_store: KeyStore) -> None:
    """Deletes what is counted by day, as the key store does when the day ends."""
    with key_store.store.change() as session:
        session.execute(sa.delete(SeatShare))
        session.execute(sa.delete(SeatParty))


# What a network may take at once


@pytest.mark.parametrize(
    ("seats", "address", "site", "provider", "line"),
    [
        (1, 2, 4, 4, 2),
        (8, 2, 4, 4, 3),
        (20, 5, 8, 10, 8),
        (50, 12, 20, 25, 20),
        (300, 75, 120, 150, 120),
    ],
)
def test_shares_of_a_workshop(
    make: Callable[..., Workshop], seats: int, address: int, site: int, provider: int, line: int
) -> None:
    found = review.compute_share(make(seats=seats))
    assert found == Share(
        address=address, site=site, provider=provider, phone_line=line, first_party=4
    )


HOARDERS = {
    "one address": ([HOSTILE] * 60, 10),
    "one /64": ([f"2001:db8:7:1::{number:x}" for number in range(60)], 10),
    "/64s of a /56": ([f"2001:db8:7:{number:x}::1" for number in range(60)], 16),
    "/56s of a /48": ([f"2001:db8:7:{number * 256:x}::1" for number in range(60)], 20),
    "addresses of a /24": ([f"203.0.113.{number}" for number in range(60)], 20),
}


@pytest.mark.parametrize("hoarder", HOARDERS)
@of_each_kind
def test_network_takes_only_its_share_at_any_speed(
    client: FlaskClient, store: Store, make: Callable[..., Workshop], hoarder: str, sort: str
) -> None:
    """No bound depends on how fast the posts come, or on what others do."""
    workshop = make(sort, seats=40)
    addresses, most = HOARDERS[hoarder]
    for address in addresses:
        assert post(client, workshop, address).status_code == 303
    assert taken(store, workshop) == most
    for number in range(30):  # as many honest people, each from a connection of her own
        assert post(client, workshop, own_address(number)).status_code == 303
    honest = everyone(store)[len(addresses) :]
    assert sum(each.status is CONFIRMED for each in honest) == min(30, 40 - most)
    assert not any(each.is_beyond_share for each in honest)


@pytest.mark.parametrize("seats", [1, 2, 3, 4, 5, 7, 8, 20, 50, 300])
def test_bounds_of_the_review_at_every_size(
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    make: Callable[..., Workshop],
    seats: int,
) -> None:
    workshop = make(seats=seats)
    for _ in range(seats + 5):
        assert post(client, workshop, HOSTILE).status_code == 303
    at_once = min(seats, max(2, seats // 4))
    assert taken(store, workshop) == at_once
    run_reviews(store, key_store, workshop)
    later = min(seats // 4, max(0, (seats - at_once) - (seats + 1) // 2))
    assert taken(store, workshop) == at_once + later
    expected = {8: 4, 20: 10, 50: 24, 300: 150}
    assert taken(store, workshop) == expected.get(seats, taken(store, workshop))


def test_party_of_four_is_all_that_an_address_gets_of_eight_seats(
    client: FlaskClient, store: Store, key_store: KeyStore, make: Callable[..., Workshop]
) -> None:
    workshop = make(seats=8)
    post(client, workshop, HOSTILE, people="4")
    post(client, workshop, HOSTILE, people="1")
    assert [each.status for each in everyone(store)] == [CONFIRMED, WAITLISTED]
    run_reviews(store, key_store, workshop)
    assert taken(store, workshop) == 4


def test_party_above_four_has_no_share_of_its_own(
    client: FlaskClient, store: Store, make: Callable[..., Workshop]
) -> None:
    workshop = make(seats=20, party_limit=8)
    post(client, workshop, HOSTILE, people="6")
    assert [each.status for each in everyone(store)] == [WAITLISTED]


def test_campaign_from_many_networks_fills_the_workshop(
    client: FlaskClient, store: Store, make: Callable[..., Workshop]
) -> None:
    workshop = make(seats=50)
    for number in range(300):
        assert post(client, workshop, own_address(number)).status_code == 303
    statuses = [each.status for each in everyone(store)]
    assert (statuses.count(CONFIRMED), statuses.count(WAITLISTED)) == (50, 250)
    assert not any(each.is_beyond_share for each in everyone(store))


def test_hours_of_consultations_are_counted_without_a_bonus(
    client: FlaskClient, store: Store, make: Callable[..., Workshop]
) -> None:
    workshop = make(way=Way.SLOTS, ends=time(19), slot_minutes=10, slot_places=1)
    assert review.compute_share(workshop).first_party == 0
    for hour in ("18:00", "18:10", "18:20", "18:30"):
        assert post(client, workshop, HOSTILE, slot=hour).status_code == 303
    assert [each.status for each in everyone(store)] == [
        CONFIRMED,
        CONFIRMED,
        WAITLISTED,
        WAITLISTED,
    ]


def test_course_has_one_share_for_all_its_dates(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        office = session.merge(chicago, load=False)
        course = series.find_or_create(session, office, "Los sábados", is_joint=True)
        dates = [
            make_workshop(
                session, chicago, rights, capacity=8, series=course,
                day=a_saturday() + timedelta(days=7 * week),
            )
            for week in range(3)
        ]  # fmt: skip
    for _ in range(2):
        assert post(client, dates[0], HOSTILE, series="yes").status_code == 303
    assert [each.status for each in everyone(store)] == [CONFIRMED] * 6
    for workshop in dates:  # each date alone would still have room in a share of its own
        assert post(client, workshop, HOSTILE).status_code == 303
    post(client, dates[0], HOSTILE, series="yes")
    statuses = [each.status for each in everyone(store)]
    assert (statuses.count(CONFIRMED), statuses.count(WAITLISTED)) == (6, 6)


def test_counting_day_begins_at_ten_utc(config: Any, key_store: KeyStore) -> None:
    ten = clock.hour_of(clock.now()).replace(hour=10)

    def at(moment: datetime) -> bytes:
        keys = MasterKeys(config.keys)
        return KeyStore(key_store.store, keys, lambda: moment).digest_of_today(HOSTILE)

    morning = at(ten)
    assert at(ten + timedelta(hours=23, minutes=59)) == morning
    assert at(ten + timedelta(hours=24)) != morning


def test_shares_end_with_the_counting_day(
    client: FlaskClient, key_store: KeyStore, make: Callable[..., Workshop]
) -> None:
    post(client, make(), HOSTILE)
    with key_store.store.change() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(SeatShare)) == 2
        yesterday = key_store.counting_day() - timedelta(days=1)
        session.execute(sa.update(SeatShare).values(day=yesterday))
    key_store.tidy()
    with key_store.store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(SeatShare)) == 0


def test_refused_registration_counts_for_nothing(
    client: FlaskClient, store: Store, key_store: KeyStore, make: Callable[..., Workshop]
) -> None:
    small = make(seats=2, has_waiting_list=False)
    assert post(client, small, HOSTILE, people="3").status_code == 409
    with key_store.store.read() as session:
        assert not session.scalars(sa.select(SeatShare.seats)).all()


# What may not go around the shares


def test_more_people_count_in_the_share(
    client: FlaskClient, store: Store, make: Callable[..., Workshop]
) -> None:
    workshop = make()
    links = [post(client, workshop, HOSTILE).headers["Location"] for _ in range(5)]
    answer = client.post(
        f"{links[0]}/cambiar", data={"people": "4"}, environ_base={"REMOTE_ADDR": HOSTILE}
    )
    assert answer.status_code == 409
    assert "Tu lugar sigue igual. Para más personas" in answer.text
    assert taken(store, workshop) == 5


def test_moves_count_in_the_share_of_the_other_date(
    client: FlaskClient, store: Store, make: Callable[..., Workshop]
) -> None:
    sources = [make(day=clock.now().date() + timedelta(days=8 + number)) for number in range(3)]
    target = make(day=clock.now().date() + timedelta(days=20))
    links = [
        post(client, source, HOSTILE).headers["Location"] for source in sources for _ in range(5)
    ]
    found = [
        client.post(
            f"{link}/mover",
            data={"day": target.public_id},
            environ_base={"REMOTE_ADDR": HOSTILE},
        ).status_code
        for link in links
    ]
    assert found == [303] * 5 + [409] * 10
    assert taken(store, target) == 5


def test_places_that_were_cancelled_are_not_counted_again(
    client: FlaskClient, store: Store, make: Callable[..., Workshop]
) -> None:
    """Who cancels and comes back gets no second share on that day."""
    workshop = make()
    for _ in range(3):
        links = [post(client, workshop, HOSTILE).headers["Location"] for _ in range(5)]
        for link in links[:4]:
            client.post(f"{link}/cancelar")
    assert taken(store, workshop) <= 5


# What people are told


def test_ordinary_page_beyond_the_share_tells_the_truth(
    client: FlaskClient, store: Store, key_store: KeyStore, make: Callable[..., Workshop]
) -> None:
    workshop = make()
    answers_of = [post(client, workshop, HOSTILE) for _ in range(6)]
    page = page_of(client, answers_of[5])
    assert 'data-standing="seated"' in page_of(client, answers_of[4])
    assert 'data-standing="waiting"' in page
    words = " ".join(page.split())
    assert re.search(
        r"Te confirmamos a más tardar mañana a las 9:00 a\. m\. en esta página\. "
        r"Si no, ven: si hay lugar, entras\.",
        words,
    )
    assert "312 555 0142" in page
    for forbidden in ("lleno", "Llen", "tu turno</span>", "lista de espera", "Hay mucha gente"):
        assert forbidden not in words, forbidden


def test_thirty_people_of_one_hall(
    client: FlaskClient, store: Store, key_store: KeyStore, make: Callable[..., Workshop]
) -> None:
    large, small = make(seats=80), make(seats=40)
    for workshop, expected in ((large, 30), (small, 20)):
        found = [post(client, workshop, HOSTILE) for _ in range(30)]
        assert all("lleno" not in page_of(client, answer).lower() for answer in found)
        run_reviews(store, key_store, workshop)
        assert taken(store, workshop) == expected
        pages = [page_of(client, answer) for answer in found]
        assert sum('data-standing="seated"' in page for page in pages) == expected
        left = [page for page in pages if 'data-standing="waiting"' in page]
        assert len(left) == 30 - expected
        assert all("Puedes venir" in page for page in left)
        assert not any("lleno" in page.lower() for page in pages)


def masked(page: str, registration: Registration) -> str:
    """The page without what differs between any two registrations."""
    code = registration.door_code
    page = re.sub(r"/r/[A-Za-z0-9_-]{22}", "/r/…", page)
    page = re.sub(r"<svg class=.qr.*?</svg>|<svg[^>]*>.*?</svg>", "<svg>", page, flags=re.DOTALL)
    return page.replace(f"{code[:3]} {code[3:]}", "CODE").replace(" ".join(code), "C O D E")


@of_veiled_kinds
def test_veiled_pages_are_the_same_within_beyond_and_after_the_review(
    client: FlaskClient, store: Store, key_store: KeyStore, make: Callable[..., Workshop], sort: str
) -> None:
    """The husband on her Wi-Fi sees the page that she saw, today and tomorrow."""
    workshop = make(sort)
    links = [post(client, workshop, HOSTILE).headers["Location"] for _ in range(20)]
    rows = everyone(store)
    assert [each.status for each in rows] == [CONFIRMED] * 5 + [WAITLISTED] * 15
    for is_later in (False, True):
        if is_later:
            run_reviews(store, key_store, workshop)
            assert [each.status for each in everyone(store)].count(CONFIRMED) == 10
        for path in ("", "/cambiar", "/mover", "/cancelar", "/borrar"):
            pages = {
                masked(client.get(link + path).text, row)
                for link, row in zip(links, rows, strict=True)
            }
            assert len(pages) == 1, path
    page = client.get(links[-1]).text
    assert 'data-standing="seated"' in page
    assert "Si al llegar ya no hay lugar, ahí mismo te damos otra fecha." in page


@of_veiled_kinds
def test_veiled_full_workshop_tells_no_position(
    client: FlaskClient, store: Store, key_store: KeyStore, make: Callable[..., Workshop], sort: str
) -> None:
    workshop = make(sort, seats=8)
    for number in range(8):
        post(client, workshop, own_address(number))
    links = [post(client, workshop, HOSTILE).headers["Location"] for _ in range(4)]
    rows = everyone(store)[8:]
    assert [each.is_beyond_share for each in rows] == [False, False, True, True]
    pages = {masked(client.get(link).text, row) for link, row in zip(links, rows, strict=True)}
    assert len(pages) == 1


@of_veiled_kinds
def test_veiled_pages_do_not_count_the_seats(
    client: FlaskClient, store: Store, make: Callable[..., Workshop], sort: str
) -> None:
    """A party beyond its share takes no seat: a number that stays as it was would tell."""
    workshop = make(sort, seats=8)
    seen = set()
    for number in range(4):
        page = client.get(f"/es/t/{workshop.public_id}/lugar").text
        card = client.get("/es/?tipo=" + workshop.kind.public_code).text
        seen.add(tuple(re.findall(r"Quedan? [^<]*|Pocos lugares", page + card)))
        post(client, workshop, own_address(number))
    assert seen == {()}


@of_veiled_kinds
def test_veiled_letters_and_reminders_are_the_same(
    client: FlaskClient, store: Store, make: Callable[..., Workshop], sort: str
) -> None:
    workshop = make(sort)
    for number in range(6):
        typed = {"contact": "email", "email": f"rosa{number}@example.org", "remind": "yes"}
        assert post(client, workshop, HOSTILE, **typed).status_code == 303
    with store.read() as session:
        rows = session.execute(
            sa.select(Notification.registration_id, Notification.cause, Notification.due_at)
        ).all()
    causes = {
        each.id: {row.cause for row in rows if row.registration_id == each.id}
        for each in everyone(store)
    }
    assert set(map(frozenset, causes.values())) == {
        frozenset(
            {NotificationType.REGISTERED}
            | {each for each in REMINDERS if DECLARATIONS[each].is_sent_about(workshop)}
        )
    }


@of_veiled_kinds
def test_veiled_change_is_answered_alike(
    client: FlaskClient, store: Store, make: Callable[..., Workshop], sort: str
) -> None:
    """Also one to more people, which nobody can ask for on such a page."""
    workshop = make(sort)
    links = [post(client, workshop, HOSTILE).headers["Location"] for _ in range(6)]
    for people, status in (("1", 303), ("2", 422)):
        found = {
            client.post(f"{link}/cambiar", data={"people": people}).status_code
            for link in (links[0], links[5])
        }
        assert found == {status}


def test_move_within_a_sensitive_kind_is_answered_alike(
    client: FlaskClient, store: Store, key_store: KeyStore, make: Callable[..., Workshop]
) -> None:
    """Whoever moves to a date learns nothing of who registered there from the same connection."""
    first = make("sensitive")
    second = make("sensitive", seats=8, day=clock.now().date() + timedelta(days=9))
    for _ in range(2):  # her places
        post(client, second, HOSTILE)
    links = [post(client, first, HOSTILE).headers["Location"] for _ in range(6)]
    for link in (links[0], links[5]):  # one within its share, one beyond
        answer = client.post(
            f"{link}/mover", data={"day": second.public_id}, environ_base={"REMOTE_ADDR": HOSTILE}
        )
        assert answer.status_code == 303
        assert 'data-standing="seated"' in client.get(link).text
    assert (taken(store, first), taken(store, second)) == (4, 2)
    run_reviews(store, key_store, second)
    assert taken(store, second) == 4


def test_telephone_ticket_says_that_it_is_called_another_day(
    client: FlaskClient, make: Callable[..., Workshop]
) -> None:
    workshop = make("sensitive", mode=DeliveryMode.PHONE_BANK, venue=None)
    typed = {"contact": "phone", "phone": "312 555 0199", "by": "call"}
    page = page_of(client, post(client, workshop, HOSTILE, **typed))
    assert "Si ese día no alcanzamos a llamarte, te damos otra fecha." in page


# Nobody is limited by mistakes


def test_form_with_errors_costs_nobody_anything(
    make_app: Callable[..., Flask], store: Store, make: Callable[..., Workshop]
) -> None:
    client, workshop = make_app().test_client(), make(seats=300)
    for _ in range(80):
        assert post(client, workshop, HOSTILE, name="").status_code == 422
    assert post(client, workshop, HOSTILE).status_code == 303


def test_sixty_people_behind_one_address_all_get_a_page(
    make_app: Callable[..., Flask], store: Store, make: Callable[..., Workshop]
) -> None:
    client, workshop = make_app().test_client(), make(seats=50)
    for _ in range(60):
        assert post(client, workshop, HOSTILE).status_code == 303


def test_sizes_of_networks_are_all_in_the_share() -> None:
    share = Share(address=1, site=2, provider=3, phone_line=4, first_party=0)
    limits = {
        NetworkSize.ADDRESS: 1,
        NetworkSize.SITE: 2,
        NetworkSize.PROVIDER: 3,
        NetworkSize.PHONE_LINE: 4,
    }
    for size in NetworkSize:
        assert not share.is_exceeded(size, limits[size], 1)
        assert share.is_exceeded(size, limits[size] + 1, 1)
