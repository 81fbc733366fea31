"""A new link, QR code and door code on request; the old ones lead nowhere any more (S05)."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

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
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound
from outreach.keystore import Key, KeyStore, RegistrationKey, link_renewals, rotation
from outreach.privacy import link_renewal
from tests.conftest import make_workshop, seat, tomorrow
from tests.support.registration_forms import everyone, link_of, now_of
from tests.support.staff_client import employ, signed_in_as

LATER = timedelta(minutes=2)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


@pytest.fixture
def rosa(store: Store, key_store: KeyStore, workshop: Workshop) -> Registration:
    return seat(store, key_store, workshop)


def form_of(client: FlaskClient, link: str) -> dict[str, str]:
    page = client.get(f"{link}/enlace").text
    return dict(re.findall(r'name="(nonce|registration)" value="([^"]+)"', page))


def renew(client: FlaskClient, link: str) -> str:
    """The new link."""
    answer = client.post(f"{link}/enlace", data=form_of(client, link))
    assert answer.status_code == 303
    return answer.headers["Location"].partition("?")[0]


def body(answer: TestResponse) -> str:
    return re.sub(r"/es/r/[\w-]+", "/es/r/…", answer.text)


def key_of(key_store: KeyStore, registration: Registration) -> RegistrationKey:
    return registrations.get_key(key_store, registration)


def entry_of(key_store: KeyStore, registration: Registration) -> str:
    return registrations.derive_entry_token(key_of(key_store, registration))


def begin(key_store: KeyStore, registration: Registration) -> None:
    """The first step of a renewal, after which the process dies."""
    assert registration.key_id is not None
    link_renewals.begin(key_store, [registration.key_id], b"form", now=clock.now())


# What changes


@pytest.mark.parametrize("is_discreet", [False, True], ids=["ordinary", "discreet"])
def test_new_link_replaces_link_square_and_code(
    client: FlaskClient, store: Store, key_store: KeyStore,
    chicago: Office, rights: Kind, women: Kind, is_discreet: bool,
) -> None:  # fmt: skip
    with store.change() as session:
        workshop = make_workshop(session, chicago, women if is_discreet else rights)
    rosa = seat(store, key_store, workshop)
    old, old_entry = link_of(key_store, rosa), entry_of(key_store, rosa)
    before = client.get(old).text
    assert f"{old}/enlace" in before
    answer = client.post(f"{old}/enlace", data=form_of(client, old))
    after = client.get(answer.headers["Location"]).text
    new = answer.headers["Location"].partition("?")[0]
    assert new == link_of(key_store, rosa) != old
    assert "Este es tu enlace nuevo: guárdalo." in after
    assert entry_of(key_store, rosa) != old_entry
    squares = [page.partition('class="qr"')[2].partition("</svg>")[0] for page in (before, after)]
    assert squares[0] != squares[1]
    codes = [re.findall(r"[0-9A-Z]{3} [0-9A-Z]{3}(?=</)", page) for page in (before, after)]
    assert codes[0] != codes[1]
    assert old.rpartition("/")[2] not in after
    assert "enlace nuevo: guárdalo" not in client.get(new).text


def test_first_link_is_derived_without_a_number(key_store: KeyStore, rosa: Registration) -> None:
    assert key_of(key_store, rosa).renewals == 0
    plain = bytes(key_of(key_store, rosa))
    assert registrations.derive_manage_token(plain) == link_of(key_store, rosa)[6:]


def test_old_link_answers_like_an_unknown_one(
    client: FlaskClient, store: Store, key_store: KeyStore, rosa: Registration
) -> None:
    old = link_of(key_store, rosa)
    form = form_of(client, old)
    renew(client, old)
    unknown = f"/es/r/{'A' * 21}A"
    for path in ("", "/cambiar", "/cancelar", "/borrar", "/enlace", "/vengo"):
        assert client.get(old + path).status_code == 404
        assert body(client.get(old + path)) == body(client.get(unknown + path))
    for path in ("/cambiar", "/cancelar", "/borrar", "/enlace", "/vengo", "/acepto"):
        typed = {"people": "2", "answer": "yes", "nonce": "another", **form} | {"nonce": "another"}
        assert client.post(old + path, data=typed).status_code in {404, 405}
    row = now_of(store, rosa)
    assert (row.status, row.people, row.key_id) == (rosa.status, rosa.people, rosa.key_id)
    assert client.get(link_of(key_store, rosa)).status_code == 200


def test_old_square_and_code_are_unknown_at_the_door(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    """Who shows them enters as a walk-in; they tell nobody of whom they were."""
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, day=tomorrow(chicago))
    rosa = seat(store, key_store, workshop)
    ana = signed_in_as(client.application, store, employ(store))
    entry, old_code = entry_of(key_store, rosa), rosa.door_code or "?"
    renew(client, link_of(key_store, rosa))
    page = ana.get(f"/q/{entry}")
    assert page.status_code == 404
    assert "Puede ser un código viejo" in page.text
    path = f"/org/talleres/{workshop.public_id}/entrada"
    assert "No está en la lista. ¿Llegó sin registro?" in ana.post(path, do="find", q=old_code).text
    assert "Rosa" in ana.get(f"/q/{entry_of(key_store, rosa)}").text


def test_letters_from_then_on_have_the_new_link(
    client: FlaskClient, key_store: KeyStore, rosa: Registration
) -> None:
    new = renew(client, link_of(key_store, rosa))
    assert registrations.derive_manage_token(key_of(key_store, rosa)) == new.rpartition("/")[2]


def test_all_dates_of_a_group_get_new_links(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    """The page of each leads to the others."""
    with store.change() as session:
        workshops = [make_workshop(session, chicago, rights) for _ in range(2)]
    rows = [seat(store, key_store, each) for each in workshops]
    with store.change() as session:
        session.execute(sa.update(Registration).values(joint_id=rows[0].id))
    old = [link_of(key_store, each) for each in rows]
    page = client.get(renew(client, old[0])).text
    new = [link_of(key_store, each) for each in rows]
    assert not set(old) & set(new)
    assert new[1] in page
    assert [client.get(each).status_code for each in [*old, *new]] == [404, 404, 200, 200]


def test_number_of_renewals_is_sealed(
    client: FlaskClient, key_store: KeyStore, rosa: Registration
) -> None:
    renew(client, link_of(key_store, rosa))
    new = renew(client, link_of(key_store, rosa))
    assert key_of(key_store, rosa).renewals == 2
    rotation.rotate(key_store, now=clock.now())
    assert link_of(key_store, rosa) == new
    assert client.get(new).status_code == 200


def test_three_new_links_in_a_day(
    client: FlaskClient, key_store: KeyStore, rosa: Registration
) -> None:
    for _ in range(3):
        renew(client, link_of(key_store, rosa))
    link = link_of(key_store, rosa)
    answer = client.post(f"{link}/enlace", data=form_of(client, link))
    assert answer.status_code == 429
    assert "Hoy ya pediste tres enlaces nuevos." in answer.text
    assert client.get(link).status_code == 200


def test_new_link_does_not_allow_more_contact_changes(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@ejemplo.com")
    statuses = []
    for number in range(3):
        typed = {"people": "1", "name": "Rosa", "contact": "email", "email": f"r{number}@x.org"}
        statuses.append(client.post(f"{link_of(key_store, rosa)}/cambiar", data=typed).status_code)
        renew(client, link_of(key_store, rosa))
    assert statuses == [303, 303, 429]


# Lost answers and crashes


def test_repeated_post_after_a_lost_answer_leads_to_the_new_link(
    client: FlaskClient, key_store: KeyStore, rosa: Registration
) -> None:
    old = link_of(key_store, rosa)
    form = form_of(client, old)
    first = client.post(f"{old}/enlace", data=form)
    again = client.post(f"{old}/enlace", data=form)
    assert (again.status_code, again.headers["Location"]) == (303, first.headers["Location"])
    assert key_of(key_store, rosa).renewals == 1


def test_form_of_somebody_else_with_the_old_link_does_not_lead_to_the_new_one(
    client: FlaskClient, key_store: KeyStore, rosa: Registration
) -> None:
    """He opened the page before she did."""
    old = link_of(key_store, rosa)
    his = form_of(client, old)
    renew(client, old)
    assert client.post(f"{old}/enlace", data=his).status_code == 404
    without = {"registration": his["registration"], "nonce": ""}
    assert client.post(f"{old}/enlace", data=without).status_code == 404


def test_old_link_stays_good_after_a_crash_between_the_two_databases(
    client: FlaskClient, store: Store, key_store: KeyStore, rosa: Registration
) -> None:
    old, code = link_of(key_store, rosa), rosa.door_code
    begin(key_store, rosa)
    assert client.get(old).status_code == 200
    assert link_renewal.end_interrupted(store, key_store, now=clock.now()) == 0
    assert link_renewal.end_interrupted(store, key_store, now=clock.now() + LATER) == 1
    assert link_of(key_store, rosa) == old
    assert client.get(old).status_code == 200
    assert now_of(store, rosa).door_code == code
    assert link_renewal.end_interrupted(store, key_store, now=clock.now() + LATER) == 0


def test_renewal_after_such_a_crash_works(
    client: FlaskClient, store: Store, key_store: KeyStore, rosa: Registration
) -> None:
    old = link_of(key_store, rosa)
    begin(key_store, rosa)
    new = renew(client, old)
    assert link_renewal.end_interrupted(store, key_store, now=clock.now() + LATER) == 0
    assert [client.get(each).status_code for each in (old, new)] == [404, 200]


def test_new_link_stays_good_after_a_crash_before_the_last_step(
    client: FlaskClient, store: Store, key_store: KeyStore, rosa: Registration
) -> None:
    old = link_of(key_store, rosa)
    new = renew(client, old)
    with key_store.store.change() as session:
        session.execute(sa.update(Key).values(renewal_at=clock.now()))
    assert link_renewal.end_interrupted(store, key_store, now=clock.now() + LATER) == 1
    assert link_renewal.reconcile_links(store, key_store, now=clock.now()) == 0
    assert [client.get(each).status_code for each in (old, new)] == [404, 200]


def test_restored_database_does_not_bring_the_old_link_back(
    client: FlaskClient, store: Store, key_store: KeyStore, rosa: Registration
) -> None:
    old = link_of(key_store, rosa)
    new = renew(client, old)
    with store.change() as session:  # as the backup has it
        row = session.get_one(Registration, rosa.id)
        row.manage_digest, row.entry_digest = rosa.manage_digest, rosa.entry_digest
        row.sealed_details, row.code_digest = rosa.sealed_details, rosa.code_digest
    assert client.get(old).status_code == 200
    assert link_renewal.reconcile_links(store, key_store, now=clock.now()) == 1
    assert [client.get(each).status_code for each in (old, new)] == [404, 200]
    assert now_of(store, rosa).door_code != rosa.door_code
    assert link_renewal.reconcile_links(store, key_store, now=clock.now()) == 0


def test_key_backup_of_before_keeps_the_new_link(
    client: FlaskClient, store: Store, key_store: KeyStore, rosa: Registration
) -> None:
    with key_store.store.read() as session:
        sealed = session.scalar(sa.select(Key.sealed))
    old = link_of(key_store, rosa)
    new = renew(client, old)
    with key_store.store.change() as session:
        session.execute(sa.update(Key).values(sealed=sealed))
    assert link_renewal.reconcile_links(store, key_store, now=clock.now()) == 1
    assert link_of(key_store, rosa) == new
    assert [client.get(each).status_code for each in (old, new)] == [404, 200]


def test_erased_person_gets_no_new_link(
    client: FlaskClient, store: Store, key_store: KeyStore, rosa: Registration
) -> None:
    old = link_of(key_store, rosa)
    form = form_of(client, old)
    client.post(f"{old}/borrar")
    assert client.post(f"{old}/enlace", data=form).status_code == 404
    with pytest.raises(NotFound):
        link_renewal.renew(store, key_store, [rosa], "nonce", now=clock.now())
    assert now_of(store, rosa).manage_digest is None


def test_two_renewals_at_once_leave_one_link(
    app: Flask, store: Store, key_store: KeyStore, rosa: Registration
) -> None:
    old = link_of(key_store, rosa)
    forms = [form_of(app.test_client(), old) for _ in range(3)]

    def send(form: dict[str, str]) -> int:
        return app.test_client().post(f"{old}/enlace", data=form).status_code

    with ThreadPoolExecutor(3) as pool:
        statuses = set(pool.map(send, forms))
    assert 303 in statuses <= {303, 404}
    link_renewal.end_interrupted(store, key_store, now=clock.now() + LATER)
    assert app.test_client().get(link_of(key_store, rosa)).status_code == 200
    assert app.test_client().get(old).status_code == 404
    [row] = everyone(store)
    with store.read() as session:
        assert (
            registrations.find_by_entry_token(session, key_store, entry_of(key_store, rosa)).id
            == row.id
        )
