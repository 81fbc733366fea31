"""Form tokens and rate limits against bots and mass registration (S09, S26)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock, keystore
from outreach.config import Config, Limits
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore, RateCounter
from outreach.keystore.seat_shares import NetworkSize
from outreach.web.forms import form_token
from outreach.web.middleware import client_address, rate_limits
from tests.conftest import make_workshop
from tests.support.daytime import noon_of
from tests.support.fixed_clock import fixed_clock
from tests.support.public_urls import NOBODY, Page
from tests.support.registration_forms import (
    answers,
    ask_for_link,
    everyone,
    filled,
    send,
)
from tests.web.public.test_my_registration import files

pytestmark = [pytest.mark.core, pytest.mark.any_database]


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


# The form


def test_filled_honeypot_field_is_refused_and_nothing_is_saved(
    app: Flask, client: FlaskClient, store: Store, workshop: Workshop
) -> None:
    typed = answers(app, workshop, website="https://spam.example")
    answer = send(client, workshop, typed)
    assert answer.status_code == 422
    assert everyone(store) == []
    fields = filled(answer)
    assert (fields["nonce"], fields["stamp"]) == ([typed["nonce"]], [typed["stamp"]])
    assert fields["website"] == [""], (
        "a browser that filled the field could not send the form again"
    )
    assert send(client, workshop, typed | {"website": ""}).status_code == 303


NO_TOKEN: Final = form_token.FormToken(form_token.TokenAge.TOO_OLD)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, form_token.TokenAge.TOO_YOUNG),
        (1.999, form_token.TokenAge.TOO_YOUNG),
        (2, form_token.TokenAge.GOOD),
        (12 * 3600, form_token.TokenAge.GOOD),
        (12 * 3600 + 0.001, form_token.TokenAge.TOO_OLD),
        (-5, form_token.TokenAge.TOO_YOUNG),
        # A token from the future gets a new token without a wait.
        (-24 * 3600, form_token.TokenAge.TOO_OLD),
    ],
)
def test_form_token_is_valid_from_two_seconds_to_twelve_hours(
    app: Flask, seconds: float, expected: form_token.TokenAge
) -> None:
    now = clock.now()
    with app.app_context():
        token = form_token.make("here", now=now)
        later = now + timedelta(seconds=seconds)
        assert form_token.read(token, "here", now=later).age is expected
        assert form_token.read(token, "elsewhere", now=later) == NO_TOKEN
        for forged in ("", "x", token[:-1], token[::-1], "ñ" * 40):
            assert form_token.read(forged, "here", now=later) == NO_TOKEN


def test_form_sent_too_soon_keeps_its_fields_and_can_be_resent(
    app: Flask, client: FlaskClient, store: Store, workshop: Workshop
) -> None:
    typed = answers(app, workshop, minutes=0)
    answer = send(client, workshop, typed)
    assert answer.status_code == 422
    assert everyone(store) == []
    fields = filled(answer)
    assert (fields["nonce"], fields["stamp"]) == ([typed["nonce"]], [typed["stamp"]])
    assert fields["name"] == ["Rosa"]


def test_no_form_has_a_captcha(client: FlaskClient, workshop: Workshop) -> None:
    page = Page(client.get(f"/es/t/{workshop.public_id}/lugar").text)
    text = " ".join(page.words).lower()
    assert not [word for word in ("captcha", "robot", "acertijo", "imágenes") if word in text]
    assert not [tag for tag, _ in page.tags if tag in {"img", "canvas", "audio", "iframe"}]


@pytest.mark.parametrize(("people", "status"), [("4", 303), ("5", 422), ("0", 422), ("44", 422)])
def test_party_size_is_limited_by_the_workshop(
    app: Flask, client: FlaskClient, store: Store, workshop: Workshop, people: str, status: int
) -> None:
    assert send(client, workshop, answers(app, workshop, people=people)).status_code == status
    assert len(everyone(store)) == (status == 303)


@pytest.mark.parametrize(
    "contact",
    [
        {"contact": "email", "email": "rosa@ejemplo.com"},
        {"contact": "phone", "phone": "312 555 0142"},
    ],
    ids=["email", "phone"],
)
def test_one_contact_registers_any_number_of_parties(
    app: Flask, client: FlaskClient, store: Store, workshop: Workshop, contact: dict[str, Any]
) -> None:
    """A refusal would tell whoever tries it that the contact is registered."""
    for _ in range(5):
        assert send(client, workshop, answers(app, workshop, **contact)).status_code == 303
    assert len(everyone(store)) == 5


# Rate limits of one address


def attempts(store: Store) -> list[tuple[bytes, int]]:
    with store.read() as session:
        rows = session.execute(
            sa.select(RateCounter.bucket, RateCounter.count).order_by(RateCounter.count)
        )
        return [(row[0], row[1]) for row in rows]


HERE: Final = "127.0.0.1"  # the address of a test client


@pytest.fixture
def make_limited_app(make_app: Callable[..., Flask]) -> Callable[..., Flask]:
    """Returns a function that creates an application with a limit of three posts per address."""

    def make(**changes: Any) -> Flask:
        return make_app(limits=Limits(posts=3), **changes)

    return make


def status(app: Flask, address: str, **headers: str) -> int:
    client = app.test_client()
    client.environ_base |= {"REMOTE_ADDR": address} | {
        f"HTTP_{name.upper().replace('-', '_')}": text for name, text in headers.items()
    }
    return ask_for_link(client).status_code


def test_fourth_post_of_a_client_address_is_rate_limited(
    make_limited_app: Callable[..., Flask],
) -> None:
    app = make_limited_app()
    assert [status(app, "203.0.113.9") for _ in range(4)] == [200, 200, 200, 429]
    assert status(app, "203.0.113.10") == 200
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    assert 1 <= int(ask_for_link(client).headers["Retry-After"]) <= 600


@fixed_clock  # a new day begins new counts
def test_malformed_posts_use_up_nothing_that_neighbours_need(
    make_app: Callable[..., Flask], store: Store, workshop: Workshop
) -> None:
    app = make_app()
    client, path = app.test_client(), f"/es/t/{workshop.public_id}/lugar"
    most = Limits().malformed_posts
    assert {client.post(path).status_code for _ in range(most)} == {422}
    assert client.post(path).status_code == 429
    # What was filled in wrong is no malformed post.
    assert client.post("/es/mi-registro").status_code == 422
    assert send(client, workshop, answers(app, workshop, name=""), address=HERE).status_code == 422
    link = send(client, workshop, answers(app, workshop), address=HERE).location
    assert client.post(f"{link}/cancelar").status_code == 200
    other = send(client, workshop, answers(app, workshop), address=HERE).location
    assert client.post(f"{other}/borrar").status_code == 200
    assert [each.key_id for each in everyone(store)] == [None, None]


@fixed_clock  # a new day begins new counts
def test_posts_to_unknown_links_are_limited_by_the_address(
    make_app: Callable[..., Flask],
) -> None:
    client = make_app(limits=Limits(malformed_posts=2)).test_client()
    statuses = [client.post(f"/es/r/{NOBODY}/cambiar").status_code for _ in range(3)]
    assert statuses == [404, 404, 429]


@fixed_clock  # a new day begins new counts
def test_posts_of_a_manage_link_are_limited_by_the_link(
    make_app: Callable[..., Flask], workshop: Workshop
) -> None:
    app = make_app(limits=Limits(posts=2, malformed_posts=0))
    client = app.test_client()
    one, other = (
        send(client, workshop, answers(app, workshop), address=HERE).location for _ in range(2)
    )
    statuses = [client.post(f"{one}/cambiar", data={"people": "2"}).status_code for _ in range(61)]
    assert statuses == [303] * rate_limits.MAX_LINK_POSTS + [429]
    assert client.post(f"{other}/cambiar", data={"people": "2"}).status_code == 303
    assert client.post(f"{one}/cancelar").status_code == 200


def test_ipv6_addresses_of_one_network_share_a_rate_limit(
    make_limited_app: Callable[..., Flask],
) -> None:
    app = make_limited_app()
    same = [f"2001:db8:1:2::{last}" for last in range(1, 5)]
    assert [status(app, address) for address in same] == [200, 200, 200, 429]
    assert status(app, "2001:db8:1:3::1") == 200
    assert [status(app, "::ffff:203.0.113.7") for _ in range(2)] == [200, 200]
    assert [status(app, "203.0.113.7") for _ in range(2)] == [200, 429]


def test_reading_pages_is_not_rate_limited(
    make_limited_app: Callable[..., Flask], workshop: Workshop
) -> None:
    client = make_limited_app().test_client()
    paths = ["/es/mi-registro", f"/es/t/{workshop.public_id}/lugar", f"/q/{NOBODY}"]
    assert {client.get(path).status_code for path in paths * 5} == {200}


def test_forwarded_address_counts_only_behind_trusted_proxies(
    make_limited_app: Callable[..., Flask],
) -> None:
    direct_app, proxied_app = make_limited_app(), make_limited_app(trusted_proxies=2)
    forged = [{"X-Forwarded-For": f"198.51.100.{last}"} for last in range(4)]
    assert [status(direct_app, "203.0.113.9", **each) for each in forged] == [200, 200, 200, 429]
    chains = [{"X-Forwarded-For": f"10.0.0.{last}, 198.51.100.1, 10.9.9.9"} for last in range(4)]
    assert [status(proxied_app, "10.1.1.1", **each) for each in chains] == [200, 200, 200, 429]
    other_headers = {"X-Forwarded-For": "198.51.100.2, 10.9.9.9"}
    assert status(proxied_app, "10.1.1.1", **other_headers) == 200


def test_rate_limit_window_restarts_after_its_end(
    make_limited_app: Callable[..., Flask], key_store: KeyStore
) -> None:
    app = make_limited_app()
    assert [status(app, "203.0.113.9") for _ in range(4)][-1] == 429
    with key_store.store.change() as session:
        session.execute(sa.update(RateCounter).values(ends_at=clock.now() - timedelta(seconds=1)))
    assert status(app, "203.0.113.9") == 200


def test_rate_counters_cannot_be_linked_to_an_address_the_next_day(
    config: Config, make_limited_app: Callable[..., Flask], key_store: KeyStore
) -> None:
    status(make_limited_app(), "203.0.113.9")
    [(bucket, _count)] = attempts(key_store.store)
    assert b"203.0.113.9" not in bucket
    today = key_store.digest_of_today("203.0.113.9")
    tomorrow = clock.now().date() + timedelta(days=1)

    later = KeyStore(key_store.store, keystore.MasterKeys(config.keys), noon_of(tomorrow))
    assert later.digest_of_today("203.0.113.9") != today
    for path in files(config):
        assert b"203.0.113.9" not in path.read_bytes(), path.name


def test_client_addresses_are_normalized(app: Flask) -> None:
    for given, read, *around in (
        ("203.0.113.9", "203.0.113.9", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/56", "2001:db8:1::/48"),
        ("::ffff:203.0.113.9", "203.0.113.9", "203.0.113.0/24"),
        ("no address", "no address"),
    ):
        with app.test_request_context("/", environ_base={"REMOTE_ADDR": given}):
            assert client_address.get_address() == read
            networks = client_address.list_networks()
            assert [each.name for each in networks] == [read, *around]
            sizes = [NetworkSize.ADDRESS, NetworkSize.SITE, NetworkSize.PROVIDER]
            if len(around) == 1:
                sizes.remove(NetworkSize.SITE)
            assert [each.size for each in networks] == sizes[: len(networks)]
