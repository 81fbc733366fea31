"""Bursts: seats that seem to be of one person are confirmed or released in one act (S29)."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.base import Base
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.registrations import Registration, RegistrationStatus, doubtful
from outreach.domain.workshops import Workshop
from outreach.keystore import Burst, Key, KeyStore, SeatParty, bursts
from outreach.maintenance import scheduled_jobs
from tests.conftest import make_workshop, tomorrow
from tests.support.arrivals import store_arrival
from tests.support.limits import UNLIMITED
from tests.support.registration_forms import (
    answers,
    everyone,
    link_of,
    now_of,
    own_address,
    seats_left,
    send,
)
from tests.support.staff_client import StaffClient, employ, signed_in_as

SEATS = 20
HOSTILE = "203.0.113.9"
CONFIRMED, WAITLISTED = RegistrationStatus.CONFIRMED, RegistrationStatus.WAITLISTED
AFTER_THE_UNDO = doubtful.UNDO_WITHIN + timedelta(seconds=1)


@pytest.fixture
def client(make_app: Callable[..., Flask]) -> FlaskClient:
    return make_app(limits=UNLIMITED).test_client()


@pytest.fixture
def ordinary(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, capacity=SEATS)


@pytest.fixture
def discreet(store: Store, chicago: Office, women: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, women, capacity=SEATS)


@pytest.fixture
def ana(client: FlaskClient, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(client.application, store, employ(store))


def post(client: FlaskClient, workshop: Workshop, address: str, **changes: Any) -> TestResponse:
    consent = {"consent": "yes"} if workshop.is_discreet else {}
    typed = answers(client.application, workshop, **(consent | changes))
    return send(client, workshop, typed, address=address)


def attack(client: FlaskClient, workshop: Workshop, parties: int = 8) -> list[str]:
    """So many parties of one address, with an honest person after each; their links."""
    links = []
    for number in range(parties):
        links.append(post(client, workshop, HOSTILE).headers["Location"])
        post(client, workshop, own_address(number))
    return links


def named(store: Store, key_store: KeyStore) -> list[list[Registration]]:
    """The registrations of each burst, in the order of their registration."""
    found = bursts.list_bursts(key_store.store, key_store.today())
    rows = everyone(store)
    return [[row for row in rows if row.key_id in each.key_ids] for each in found]


def page_of(workshop: Workshop) -> str:
    return f"/org/talleres/{workshop.public_id}/dudosos"


def decide(
    ana: StaffClient, workshop: Workshop, what: str, burst_ids: list[bytes] | None = None
) -> TestResponse:
    """Presses a button of the page, with all bursts that it shows unless `burst_ids` are given."""
    shown = ana.get(page_of(workshop)).text
    ids = [each.hex() for each in burst_ids or ()] or re.findall(
        r'name="burst" value="([0-9a-f]{32})"', shown
    )
    seen = dict(re.findall(r'name="(seen-[0-9a-f]{32})" value="(\d+)"', shown))
    return ana.post(page_of(workshop), burst=ids, do=what, **seen)


def run_job(store: Store, key_store: KeyStore, *, after: timedelta = AFTER_THE_UNDO) -> int:
    return scheduled_jobs.carry_out_decisions(store, key_store, now=clock.now() + after)


# What a burst is


@pytest.mark.parametrize("is_discreet", [True, False], ids=["discreet", "ordinary"])
def test_burst_names_the_seats_that_its_network_took_before(
    client: FlaskClient, store: Store, key_store: KeyStore,
    ordinary: Workshop, discreet: Workshop, is_discreet: bool,
) -> None:  # fmt: skip
    workshop = discreet if is_discreet else ordinary
    attack(client, workshop)
    rows = everyone(store)
    [of_burst] = named(store, key_store)
    assert [each.id for each in of_burst] == [each.id for each in rows[::2]]
    assert [each.status for each in of_burst] == [CONFIRMED] * 5 + [WAITLISTED] * 3


def test_network_within_its_share_is_of_no_burst(
    client: FlaskClient, store: Store, key_store: KeyStore, ordinary: Workshop
) -> None:
    attack(client, ordinary, 5)
    assert named(store, key_store) == []
    with key_store.store.read() as session:
        assert not session.scalars(sa.select(Key.id).where(Key.burst.is_not(None))).all()


@pytest.mark.parametrize("net", ["203.0.113.{}", "2001:db8:7:{}::1"])
def test_rush_of_a_network_is_one_burst(
    client: FlaskClient, store: Store, key_store: KeyStore, discreet: Workshop, net: str
) -> None:
    for number in range(30):
        post(client, discreet, net.format(number % 10))
    [of_burst] = named(store, key_store)
    assert len(of_burst) == 30


def test_neighbours_of_an_address_beyond_its_share_are_not_named(
    client: FlaskClient, store: Store, key_store: KeyStore, ordinary: Workshop
) -> None:
    """Customers of one carrier share a /24."""
    post(client, ordinary, "203.0.113.77")
    attack(client, ordinary, 6)
    [of_burst] = named(store, key_store)
    assert len(of_burst) == 6
    assert everyone(store)[0].id not in {each.id for each in of_burst}


def test_nothing_leads_from_a_registration_to_a_burst_or_from_a_burst_to_an_address(
    client: FlaskClient, store: Store, key_store: KeyStore, ordinary: Workshop
) -> None:
    attack(client, ordinary)
    with key_store.store.read() as session:
        [burst] = session.scalars(sa.select(Burst)).all()
        digests = set(session.scalars(sa.text("SELECT bucket FROM seat_share")))
    with store.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(sa.select(table)):
                assert burst.id not in tuple(row)
                assert burst.id.hex() not in str(tuple(row))
    values = {getattr(burst, column.name) for column in Burst.__table__.columns}
    assert not values & {*map(bytes, digests), HOSTILE}
    assert burst.began_at.minute == burst.began_at.second == burst.began_at.microsecond == 0


def test_digest_of_the_network_goes_with_the_day(
    client: FlaskClient, store: Store, key_store: KeyStore, ordinary: Workshop
) -> None:
    attack(client, ordinary)
    yesterday = key_store.counting_day() - timedelta(days=1)
    with key_store.store.change() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(SeatParty)) == 16
        session.execute(sa.update(SeatParty).values(day=yesterday))
        session.execute(sa.text("UPDATE seat_share SET day = :day"), {"day": str(yesterday)})
    key_store.tidy()
    with key_store.store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(SeatParty)) == 0
        assert session.scalar(sa.text("SELECT count(*) FROM seat_share")) == 0
    assert len(named(store, key_store)[0]) == 8


@pytest.mark.parametrize(("days", "is_left"), [(6, True), (7, False)])
def test_undecided_burst_ends_after_seven_days(
    client: FlaskClient, key_store: KeyStore, ordinary: Workshop, days: int, is_left: bool
) -> None:
    attack(client, ordinary)
    with key_store.store.change() as session:
        session.execute(sa.update(Burst).values(day=key_store.today() - timedelta(days=days)))
    assert bool(bursts.list_bursts(key_store.store, key_store.today())) is is_left
    key_store.tidy()
    with key_store.store.read() as session:
        assert bool(session.scalars(sa.select(Burst)).all()) is is_left
        assert bool(session.scalars(sa.select(Key).where(Key.burst.is_not(None))).all()) is is_left


def test_erased_party_leaves_the_burst(
    client: FlaskClient, store: Store, key_store: KeyStore, ordinary: Workshop
) -> None:
    links = attack(client, ordinary)
    client.post(f"{links[0]}/cancelar")
    assert len(named(store, key_store)[0]) == 7
    client.post(f"{link_of(key_store, everyone(store)[1])}/borrar")
    with key_store.store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(SeatParty)) == 14


# What staff see


def test_one_alert_for_a_workshop_and_day(
    client: FlaskClient, store: Store, ordinary: Workshop, ana: StaffClient
) -> None:
    attack(client, ordinary)
    for _ in range(6):
        post(client, ordinary, "198.51.100.7", people="1")
    network = employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    elena = signed_in_as(client.application, store, network)
    text = " ".join(elena.get("/org/").text.split())
    assert text.count("lugares parecen de una sola persona o red") == 1
    assert "14 lugares parecen de una sola persona o red" in text
    assert re.search(r"desde las \d+:00 [ap]\. m\.: 14 registros, 14 personas\.", text)
    assert ordinary.public_id in text
    for page in (text, ana.get(page_of(ordinary)).text):
        assert HOSTILE not in page
        assert "Rosa" not in page
    assert ana.get(f"/org/talleres/{ordinary.public_id}").text.count(">dudoso<") == 10


def test_office_of_another_place_sees_nothing(
    client: FlaskClient, store: Store, ordinary: Workshop, calgary: Office
) -> None:
    attack(client, ordinary)
    tomas = signed_in_as(
        client.application, store, employ(store, "tomas@example.org", Role.ORGANIZER, "calgary")
    )
    assert "parecen de una sola persona" not in tomas.get("/org/").text
    assert "Por revisar" not in tomas.get("/org/").text
    assert tomas.get(page_of(ordinary)).status_code == 404
    assert decide(tomas, ordinary, "release").status_code == 404


@pytest.mark.parametrize("is_discreet", [True, False], ids=["discreet", "ordinary"])
def test_confirmed_parties_take_free_seats_when_undo_is_over(
    client: FlaskClient, store: Store, key_store: KeyStore, ana: StaffClient,
    ordinary: Workshop, discreet: Workshop, is_discreet: bool,
) -> None:  # fmt: skip
    workshop = discreet if is_discreet else ordinary
    attack(client, workshop)
    before = [(each.id, each.status) for each in everyone(store)]
    assert decide(ana, workshop, "confirm").status_code == 303
    assert "8 lugares se confirman a las" in ana.get(page_of(workshop)).text
    assert run_job(store, key_store, after=timedelta(minutes=4)) == 0
    assert [(each.id, each.status) for each in everyone(store)] == before
    assert run_job(store, key_store) == 3
    assert named(store, key_store) == []
    rows = everyone(store)[::2]
    assert not any(each.is_beyond_share for each in rows)
    assert [each.status for each in rows] == [CONFIRMED] * 8
    assert "Por revisar" not in ana.get("/org/").text
    assert "No hay lugares dudosos." in ana.get(page_of(workshop)).text


def test_confirmed_parties_without_a_seat_wait_like_others(
    client: FlaskClient, store: Store, key_store: KeyStore, ordinary: Workshop, ana: StaffClient
) -> None:
    attack(client, ordinary)
    for number in range(100, 107):
        post(client, ordinary, own_address(number))
    decide(ana, ordinary, "confirm")
    assert run_job(store, key_store) == 0
    rows = everyone(store)[:16:2]
    assert [each.status for each in rows[5:]] == [WAITLISTED] * 3
    assert not any(each.is_beyond_share or each.is_released for each in rows)


def test_confirmation_is_undone_whole(
    client: FlaskClient, store: Store, key_store: KeyStore, ordinary: Workshop, ana: StaffClient
) -> None:
    attack(client, ordinary)
    before = [(each.id, each.status, each.is_beyond_share) for each in everyone(store)]
    decide(ana, ordinary, "confirm")
    assert decide(ana, ordinary, "undo").status_code == 303
    assert run_job(store, key_store) == 0
    assert [(each.id, each.status, each.is_beyond_share) for each in everyone(store)] == before


def test_review_leaves_a_decided_burst_to_the_decision(
    client: FlaskClient, store: Store, key_store: KeyStore, ordinary: Workshop, ana: StaffClient
) -> None:
    for _ in range(8):
        post(client, ordinary, HOSTILE)
    in_two_days = clock.now() + timedelta(days=2)
    decide(ana, ordinary, "release")
    assert scheduled_jobs.run_reviews(store, key_store, now=in_two_days) == 0
    decide(ana, ordinary, "undo")
    assert scheduled_jobs.run_reviews(store, key_store, now=in_two_days) == 3


def test_parties_that_staff_have_not_seen_are_not_decided(
    client: FlaskClient, store: Store, key_store: KeyStore, ordinary: Workshop, ana: StaffClient
) -> None:
    attack(client, ordinary)
    [burst] = bursts.list_bursts(key_store.store, key_store.today())
    typed = {"do": "confirm", "burst": burst.id.hex(), f"seen-{burst.id.hex()}": "7"}
    answer = ana.post(page_of(ordinary), **typed)
    assert answer.status_code == 422
    assert "Llegaron más desde que abriste esta página." in answer.text
    assert len(named(store, key_store)) == 1


# Release


def fill_up(client: FlaskClient, workshop: Workshop) -> None:
    """Takes the seats that are left, and puts two honest people on the waitlist."""
    for number in range(100, 100 + SEATS - 5 + 2 - 8):
        post(client, workshop, own_address(number))


@pytest.mark.parametrize("is_discreet", [True, False], ids=["discreet", "ordinary"])
def test_released_seats_go_to_the_waitlist_when_undo_is_over(
    client: FlaskClient, store: Store, key_store: KeyStore, ana: StaffClient,
    ordinary: Workshop, discreet: Workshop, is_discreet: bool,
) -> None:  # fmt: skip
    workshop = discreet if is_discreet else ordinary
    attack(client, workshop)
    fill_up(client, workshop)
    before = everyone(store)
    assert seats_left(store, workshop) == 0
    assert decide(ana, workshop, "release").status_code == 303
    assert run_job(store, key_store, after=timedelta(minutes=4)) == 0
    assert [each.status for each in everyone(store)] == [each.status for each in before]
    assert run_job(store, key_store) == 8
    now = {each.id: each for each in everyone(store)}
    hostile = [now[each.id] for each in before[:16:2]]
    assert [(each.status, each.is_released) for each in hostile] == [(WAITLISTED, True)] * 8
    honest = [now[each.id] for each in [*before[1:16:2], *before[16:]]]
    assert [each.status for each in honest] == [CONFIRMED] * 15 + [RegistrationStatus.OFFERED] * 2
    assert seats_left(store, workshop) == 3
    assert named(store, key_store) == []
    assert run_job(store, key_store) == 0
    with store.change() as session:
        row = session.get_one(Workshop, workshop.id)
        registrations.offer_free_seats(session, row, now=clock.now())
    assert seats_left(store, workshop) == 3  # released parties get no offers


def test_release_is_undone_whole(
    client: FlaskClient, store: Store, key_store: KeyStore, ordinary: Workshop, ana: StaffClient
) -> None:
    attack(client, ordinary)
    before = [(each.id, each.status, each.is_beyond_share) for each in everyone(store)]
    decide(ana, ordinary, "release")
    assert "Por revisar" not in ana.get("/org/").text
    assert "8 lugares se liberan a las" in ana.get(page_of(ordinary)).text
    assert "8 lugares se liberan a las" in ana.get(f"/org/talleres/{ordinary.public_id}").text
    assert decide(ana, ordinary, "undo").status_code == 303
    assert run_job(store, key_store) == 0
    assert [(e.id, e.status, e.is_beyond_share) for e in everyone(store)] == before
    assert "8 registros de una misma red" in ana.get("/org/por-atender").text


def test_undo_after_five_minutes_is_refused(
    client: FlaskClient, store: Store, key_store: KeyStore, ordinary: Workshop, ana: StaffClient
) -> None:
    attack(client, ordinary)
    decide(ana, ordinary, "release")
    with key_store.store.change() as session:
        session.execute(sa.update(Burst).values(due_at=clock.now() - timedelta(seconds=1)))
    answer = decide(ana, ordinary, "undo")
    assert answer.status_code == 422
    assert "ya no se puede deshacer" in answer.text
    assert run_job(store, key_store, after=timedelta()) == 8


def test_what_the_network_does_after_the_decision_is_another_burst(
    client: FlaskClient, store: Store, key_store: KeyStore, ordinary: Workshop, ana: StaffClient
) -> None:
    attack(client, ordinary)
    decide(ana, ordinary, "release")
    post(client, ordinary, HOSTILE)
    first, second = sorted(named(store, key_store), key=len, reverse=True)
    assert (len(first), len(second)) == (8, 1)
    assert run_job(store, key_store) == 8
    assert len(named(store, key_store)) == 1


def test_release_after_a_crash_before_the_burst_ended_changes_nothing(
    client: FlaskClient, store: Store, key_store: KeyStore, ordinary: Workshop, ana: StaffClient
) -> None:
    attack(client, ordinary)
    decide(ana, ordinary, "release")
    [burst] = bursts.list_bursts(key_store.store, key_store.today())
    with store.change() as session:  # the process died after this commit
        workshop = session.get_one(Workshop, ordinary.id)
        assert doubtful.release(session, workshop, burst.key_ids, now=clock.now()) == 8
    left = seats_left(store, ordinary)
    assert run_job(store, key_store) == 0
    assert seats_left(store, ordinary) == left
    assert named(store, key_store) == []


def test_burst_of_parties_that_were_not_stored_shows_nothing(
    client: FlaskClient, store: Store, key_store: KeyStore, ordinary: Workshop, ana: StaffClient
) -> None:
    """The process died after the key store's commit and before the main database's."""
    attack(client, ordinary)
    with store.change() as session:
        session.execute(sa.update(Registration).values(key_id=None))
    assert "de una misma red" not in ana.get("/org/por-atender").text
    assert decide(ana, ordinary, "release").status_code == 422


def test_party_that_has_come_keeps_its_seat(
    client: FlaskClient, store: Store, key_store: KeyStore, ordinary: Workshop, ana: StaffClient
) -> None:
    attack(client, ordinary)
    with store.change() as session:
        first = session.get_one(Registration, everyone(store)[0].id)
        store_arrival(session, first, 1)
    decide(ana, ordinary, "release")
    assert run_job(store, key_store) == 7
    assert now_of(store, first).status is CONFIRMED


def test_audit_log_has_numbers_and_no_people(
    client: FlaskClient, store: Store, ordinary: Workshop, ana: StaffClient
) -> None:
    attack(client, ordinary)
    decide(ana, ordinary, "release")
    decide(ana, ordinary, "undo")
    decide(ana, ordinary, "confirm")
    with store.read() as session:
        lines = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.number)).all()
    wanted = ["doubtful places released", "release undone", "doubtful places confirmed"]
    found = [each for each in lines if each.action in wanted]
    assert [each.action for each in found] == wanted
    assert all("8" in str(each.details) for each in found)
    assert "liberó lugares dudosos" in ana.get(f"/org/talleres/{ordinary.public_id}/bitacora").text


# What released people see


def test_released_person_reads_that_she_may_come(
    client: FlaskClient, store: Store, key_store: KeyStore, ordinary: Workshop, ana: StaffClient
) -> None:
    links = attack(client, ordinary)
    decide(ana, ordinary, "release")
    assert "Puedes venir" not in client.get(links[0]).text
    run_job(store, key_store)
    for link in (links[0], links[7]):
        page = client.get(link).text
        assert "Puedes venir" in page
        assert "Ven de todos modos: si hay silla, es tuya." in page
        assert "Qué sigue" not in page


def masked(page: str, code: str) -> str:
    page = re.sub(r"<svg class=.qr.*?</svg>|<svg[^>]*>.*?</svg>", "<svg>", page, flags=re.DOTALL)
    return page.replace(f"{code[:3]} {code[3:]}", "CODE")


def test_discreet_page_is_the_same_after_the_release(
    client: FlaskClient, store: Store, key_store: KeyStore, discreet: Workshop, ana: StaffClient
) -> None:
    links = attack(client, discreet)
    paths = [f"{link}{end}" for link in (links[0], links[7]) for end in ("", "/cambiar")]
    before = [client.get(path).text for path in paths]
    decide(ana, discreet, "release")
    assert run_job(store, key_store) == 8
    assert [client.get(path).text for path in paths] == before
    changed = client.post(f"{links[0]}/cambiar", data={"people": "1"})
    assert changed.status_code == 303


# At the door


@pytest.mark.parametrize("is_discreet", [True, False], ids=["discreet", "ordinary"])
def test_released_code_is_greeted_as_a_walk_in(
    client: FlaskClient, store: Store, key_store: KeyStore, ana: StaffClient,
    chicago: Office, rights: Kind, women: Kind, is_discreet: bool,
) -> None:  # fmt: skip
    with store.change() as session:
        kind = women if is_discreet else rights
        workshop = make_workshop(session, chicago, kind, capacity=SEATS, day=tomorrow(chicago))
    attack(client, workshop)
    decide(ana, workshop, "release")
    run_job(store, key_store)
    party = everyone(store)[0]
    code = page_code(client, key_store, party)
    found = ana.post(f"/org/talleres/{workshop.public_id}/entrada", do="find", q=code)
    assert "entra como visita" in found.text
    token = registrations.derive_entry_token(registrations.get_key(key_store, party))
    page = ana.get(f"/q/{token}").text
    assert "Entra como visita" in page
    assert "No hizo nada mal" in page


def page_code(client: FlaskClient, key_store: KeyStore, party: Registration) -> str:
    page = client.get(link_of(key_store, party)).text
    found = re.search(r"[0-9A-Z]{3} [0-9A-Z]{3}(?=</)", page)
    assert found is not None
    return found[0]


def test_seat_given_by_hand_ends_the_release(
    client: FlaskClient, store: Store, key_store: KeyStore, ordinary: Workshop, ana: StaffClient
) -> None:
    attack(client, ordinary)
    decide(ana, ordinary, "release")
    run_job(store, key_store)
    party = everyone(store)[0]
    ana.post(f"/org/talleres/{ordinary.public_id}/persona", do="grant", registration=party.id)
    after = now_of(store, party)
    assert (after.status, after.is_released, after.is_beyond_share) == (CONFIRMED, False, False)


def test_review_seats_no_released_party(
    client: FlaskClient, store: Store, key_store: KeyStore, ordinary: Workshop, ana: StaffClient
) -> None:
    attack(client, ordinary)
    decide(ana, ordinary, "release")
    run_job(store, key_store)
    now: datetime = ordinary.starts_at - timedelta(hours=23)
    assert scheduled_jobs.run_reviews(store, key_store, now=now) == 0
    assert now_of(store, everyone(store)[0]).status is WAITLISTED


def test_nothing_is_released_once_the_workshop_has_begun(
    client: FlaskClient, store: Store, key_store: KeyStore, ordinary: Workshop, ana: StaffClient
) -> None:
    attack(client, ordinary)
    decide(ana, ordinary, "release")
    assert scheduled_jobs.carry_out_decisions(store, key_store, now=ordinary.starts_at) == 0
    assert now_of(store, everyone(store)[0]).status is CONFIRMED
    assert named(store, key_store) == []
