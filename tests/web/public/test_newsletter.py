"""Subscription to the bulletin by e-mail: double opt-in, unsubscribing, and deletion from all
files."""

import re
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier
from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach import clock
from outreach.config import Config, Limits
from outreach.db.store import Store
from outreach.domain.newsletter import subscribers
from outreach.domain.newsletter.mailings import Mailing
from outreach.domain.newsletter.subscribers import Subscriber
from outreach.keystore import Key, KeyStore, MasterKeys
from outreach.mail import delivery, mailings
from outreach.mail.delivery_round import deliver
from outreach.maintenance import keystore_check
from outreach.privacy import reconcile, retention, subscriber_erasure
from outreach.privacy.reconcile import TooManyBlind
from outreach.web.forms import form_token
from tests.support.canaries import traces
from tests.support.daytime import noon_of
from tests.support.limits import UNLIMITED
from tests.support.login import server_key
from tests.support.ports import free_port
from tests.support.smtp_server import Postman, serve_mail

pytestmark = pytest.mark.any_database

FORM = "/es/boletin/suscribirse"
ROSA = "rosa@ejemplo.com"


class Newsletter:
    """Subscribes by the public form, and reads the letters that the mail server received."""

    def __init__(
        self, app: Flask, store: Store, key_store: KeyStore, config: Config, postman: Postman
    ) -> None:
        self.app, self.store, self.key_store, self.postman = app, store, key_store, postman
        self.config = replace(config, smtp_url=f"smtp://127.0.0.1:{postman.port}", smtp_seconds=5)
        self.client: FlaskClient = app.test_client(use_cookies=True)

    def post_form(self, email: str = ROSA, *, minutes: float = 1, **changes: Any) -> TestResponse:
        """The response to the form, opened `minutes` ago."""
        with self.app.app_context():
            token = form_token.make("boletin", now=clock.now() - timedelta(minutes=minutes))
        typed = {"email": email, "stamp": token, "website": ""} | changes
        return self.app.test_client().post(FORM, data=typed)

    def deliver(self, **later: float) -> int:
        """Sends the letters due `later` than now; returns how many were sent."""
        transport = delivery.letter_transport(self.config)
        assert transport is not None
        with self.app.app_context():
            return deliver(
                mailings.letter_outlets(
                    self.store,
                    self.key_store,
                    self.config,
                    transport,
                    server_key=server_key(self.app),
                ),
                now=clock.now() + timedelta(**later),
            )

    def last_link(self) -> str:
        """The subscriber's link in the last letter."""
        found = re.search(r"/es/boletin/s/[\w-]{22}", self.postman.letters[-1].get_content())
        assert found
        return found[0]

    def subscribe(self, email: str = ROSA) -> str:
        """Posts the form and confirms the letter; returns the subscriber's link."""
        assert self.post_form(email).status_code == 303
        assert self.deliver() == 1
        assert self.client.post(self.last_link()).status_code == 303
        return self.last_link()

    def rows(self) -> list[Subscriber]:
        with self.store.read() as session:
            return list(session.scalars(sa.select(Subscriber)))

    def key_store_on(self, day: date) -> KeyStore:
        """The key store, with another day as today."""
        return KeyStore(self.key_store.store, MasterKeys(self.config.keys), noon_of(day))

    def count_keys(self) -> int:
        with self.key_store.store.read() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(Key)) or 0


@pytest.fixture
def newsletter(
    make_app: Callable[..., Flask], store: Store, key_store: KeyStore, config: Config
) -> Iterator[Newsletter]:
    with serve_mail(Postman(free_port())) as postman:
        yield Newsletter(make_app(limits=UNLIMITED), store, key_store, config, postman)


def test_subscription_starts_when_the_link_in_the_letter_is_confirmed(
    newsletter: Newsletter,
) -> None:
    answer = newsletter.post_form(" Rosa@Ejemplo.com ")
    assert (answer.status_code, answer.location) == (303, f"{FORM}/listo")
    assert "Revisa tu correo" in newsletter.client.get(answer.location).text
    assert newsletter.deliver() == 1
    (letter,) = newsletter.postman.letters
    assert letter["To"] == "Rosa@ejemplo.com"
    assert letter["Subject"] == "Confirma tu correo"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["List-Id"] is None
    assert newsletter.config.public_url + newsletter.last_link() in letter.get_content()
    for _ in range(2):  # mail scanners open every link
        page = newsletter.client.get(newsletter.last_link())
        assert "Sí, recibir el boletín" in page.text
        assert ROSA.casefold() not in page.text.casefold()
        assert page.headers["Cache-Control"] == "no-store"
        assert "noindex" in page.headers["X-Robots-Tag"]
    assert [each.confirmed_at for each in newsletter.rows()] == [None]
    for _ in range(2):
        answer = newsletter.client.post(newsletter.last_link())
        assert (answer.status_code, answer.location) == (303, newsletter.last_link())
    assert "Ya recibes el boletín" in newsletter.client.get(newsletter.last_link()).text
    assert newsletter.rows()[0].confirmed_at is not None
    assert newsletter.key_store.due_ids() == set()
    assert newsletter.key_store_on(date(2999, 12, 31)).due_ids() == set()


def test_known_and_unknown_addresses_get_the_same_answer(newsletter: Newsletter) -> None:
    first = newsletter.post_form()
    second = newsletter.post_form("ROSA@ejemplo.com")
    other = newsletter.post_form("luz@ejemplo.com")
    assert first.status_code == second.status_code == other.status_code == 303
    assert first.location == second.location == other.location
    assert first.data == second.data == other.data
    assert len(newsletter.rows()) == newsletter.count_keys() == 2
    assert newsletter.deliver() == 2  # one letter to each address


def test_confirmed_subscriber_gets_no_second_confirmation_request(newsletter: Newsletter) -> None:
    newsletter.subscribe()
    assert newsletter.post_form().status_code == 303
    assert newsletter.deliver(days=2) == 0
    assert len(newsletter.rows()) == newsletter.count_keys() == 1


def test_confirmation_letter_can_be_requested_again_the_next_day(newsletter: Newsletter) -> None:
    newsletter.post_form()
    assert newsletter.deliver() == 1
    with newsletter.store.change() as session:
        session.execute(sa.update(Mailing).values(made_at=clock.now() - timedelta(hours=25)))
    newsletter.post_form()
    assert newsletter.deliver() == 1
    assert newsletter.postman.to == [ROSA, ROSA]


def test_second_subscription_request_restarts_the_confirmation_period(
    newsletter: Newsletter,
) -> None:
    newsletter.post_form()
    assert newsletter.deliver() == 1
    with newsletter.store.change() as session:
        long_ago = clock.now() - timedelta(days=2, hours=23)
        session.execute(sa.update(Mailing).values(made_at=long_ago))
        session.execute(sa.update(Subscriber).values(asked_at=long_ago))
    with newsletter.key_store.store.change() as session:
        session.execute(
            sa.update(Key).values(forget_on=newsletter.key_store.today() + timedelta(days=1))
        )
    assert newsletter.post_form().status_code == 303
    assert newsletter.deliver() == 1
    later = clock.now() + timedelta(days=2)
    key_store = newsletter.key_store_on(later.date())
    assert not subscriber_erasure.find_expired(newsletter.store, key_store, now=later)
    assert key_store.due_ids() == set(), "the key is kept as long as the row"
    assert newsletter.client.post(newsletter.last_link()).status_code == 303


def test_confirmed_subscription_survives_another_request(newsletter: Newsletter) -> None:
    newsletter.subscribe()
    (before,) = newsletter.rows()
    newsletter.post_form()
    (after,) = newsletter.rows()
    assert after.asked_at == before.asked_at
    assert newsletter.key_store_on(date(2999, 12, 31)).due_ids() == set()


FAULTS: Final[list[tuple[dict[str, Any], str]]] = [
    ({"email": ""}, "Escribe tu correo"),
    ({"email": "rosa.ejemplo.com"}, "le falta la @"),
    ({"email": "rosa@gmial.com"}, "¿Quisiste decir rosa@gmail.com?"),
    ({"email": "r@" + "a" * 300}, "Es demasiado largo"),
    ({"email": ["a@ejemplo.com", "b@ejemplo.com"]}, "llegó dos veces"),
    ({"website": "x"}, "Algo llenó un dato que no se ve"),
    ({"minutes": 0}, "Espera un momento"),
    ({"minutes": 60 * 13}, "estuvo abierta mucho tiempo"),
    ({"stamp": "nada"}, "estuvo abierta mucho tiempo"),
]


@pytest.mark.any_database("the text of a form")
def test_invalid_subscription_form_shows_the_error_and_keeps_the_input(
    newsletter: Newsletter,
) -> None:
    for typed, message in FAULTS:
        answer = newsletter.post_form(**typed)
        assert answer.status_code == 422, typed
        assert message in answer.text
        assert f'value="{ROSA}"' in answer.text or "email" in typed
        assert "Set-Cookie" not in answer.headers
    assert newsletter.rows() == []


@pytest.mark.any_database("the text of a form")
def test_unlikely_mail_domain_is_accepted_the_second_time(newsletter: Newsletter) -> None:
    assert newsletter.post_form("rosa@gmial.com", email_asked="rosa@gmial.com").status_code == 303


@pytest.mark.any_database("the rate limit of all forms")
def test_subscription_requests_are_rate_limited(
    make_app: Callable[..., Flask], newsletter: Newsletter
) -> None:
    newsletter.app = make_app(limits=Limits(posts=2))
    statuses = [newsletter.post_form(f"{n}@ejemplo.com").status_code for n in range(3)]
    assert statuses == [303, 303, 429]


def test_unsubscribing_asks_once_and_deletes_at_once(newsletter: Newsletter) -> None:
    link = newsletter.subscribe()
    page = newsletter.client.get(f"{link}/baja")
    assert "¿Dejar de recibir el boletín?" in page.text
    assert len(newsletter.rows()) == 1
    answer = newsletter.client.post(f"{link}/baja")
    assert answer.status_code == 200
    assert "Ya no recibes el boletín" in answer.text
    assert (newsletter.rows(), newsletter.count_keys()) == ([], 0)
    assert newsletter.client.get(link).status_code == 404
    assert newsletter.client.post(link).status_code == 404
    # A used link and a link that never existed get the same answer.
    for path in (f"{link}/baja", f"/es/boletin/s/{'A' * 22}/baja"):
        assert newsletter.client.get(path).data == newsletter.client.post(path).data == answer.data


def test_one_click_unsubscribe_works_from_another_site(newsletter: Newsletter) -> None:
    newsletter.subscribe()
    letter = newsletter.postman.letters[-1]
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = letter["List-Unsubscribe"]
    assert address.startswith("<http")
    path = address.strip("<>").removeprefix(newsletter.config.public_url)
    cross_site = {"Origin": "https://mail.example.com", "Sec-Fetch-Site": "cross-site"}
    # Any other cross-site request is refused.
    refused = [
        newsletter.client.post(path, headers=cross_site),
        newsletter.client.post(path, headers=cross_site, data={"List-Unsubscribe": "no"}),
        newsletter.client.post(
            path.removesuffix("/baja"), headers=cross_site, data={"List-Unsubscribe": "One-Click"}
        ),
        newsletter.client.post(FORM, headers=cross_site, data={"List-Unsubscribe": "One-Click"}),
    ]
    assert {answer.status_code for answer in refused} == {403}
    assert len(newsletter.rows()) == 1
    for _ in range(2):  # some mail programs post twice
        answer = newsletter.client.post(
            path, headers=cross_site, data={"List-Unsubscribe": "One-Click"}
        )
        assert answer.status_code == 200
        assert newsletter.rows() == []


def test_long_public_url_is_not_split_in_list_unsubscribe(
    make_app: Callable[..., Flask], newsletter: Newsletter
) -> None:
    newsletter.config = replace(
        newsletter.config, public_url=f"https://{'talleres.' * 8}example.org"
    )
    newsletter.post_form()
    assert newsletter.deliver() == 1
    raw = newsletter.postman.letters[0]["List-Unsubscribe"]
    assert re.fullmatch(r"<https://(talleres\.){8}example\.org/es/boletin/s/[\w-]{22}/baja>", raw)


def test_unsubscribing_leaves_no_trace_in_any_file(newsletter: Newsletter, config: Config) -> None:
    newsletter.config = replace(newsletter.config, mail_folder=config.data / "letters", smtp_url="")
    newsletter.app.extensions["outreach_config"] = newsletter.config
    # Other tests write ROSA into the log of the same PostgreSQL server.
    address = f"{secrets.token_hex(8)}@ejemplo.com"
    newsletter.post_form(address)
    assert newsletter.deliver() == 1
    (subscriber,) = newsletter.rows()
    key = newsletter.key_store.get(subscriber.key_id)
    needles = [
        address.encode(),
        subscribers.token(key).encode(),
        key,
        subscriber.id.lower().encode(),
    ]
    # While subscribed, only the letter in the demo folder has the address in clear text.
    found = traces(config, newsletter.store, newsletter.key_store, [address.encode()])
    assert {name.rpartition(".")[2] for name in found} == {"eml"}
    retention.purge(newsletter.store, newsletter.key_store, newsletter.config, now=clock.now())
    assert traces(config, newsletter.store, newsletter.key_store, [address.encode()]) == found
    newsletter.client.post(f"/es/boletin/s/{subscribers.token(key)}/baja")
    assert traces(config, newsletter.store, newsletter.key_store, needles) == []
    if newsletter.store.is_sqlite:  # PostgreSQL keeps encrypted dead rows until vacuum
        sealed = [subscriber.sealed, subscriber.id.encode()]
        assert traces(config, newsletter.store, newsletter.key_store, sealed) == []


def test_unconfirmed_subscriber_is_deleted_after_three_days(newsletter: Newsletter) -> None:
    newsletter.subscribe("luz@ejemplo.com")
    newsletter.post_form()
    today = clock.now().date()
    for days, left in ((2, 2), (3, 1)):
        key_store = newsletter.key_store_on(today + timedelta(days=days))
        moment = clock.now() + timedelta(days=days)
        preview = retention.preview(newsletter.store, key_store, newsletter.config, now=moment)
        purged = retention.purge(newsletter.store, key_store, newsletter.config, now=moment)
        assert preview.rows["subscribers"] == purged.rows["subscribers"] == 2 - left
        assert len(newsletter.rows()) == newsletter.count_keys() == left
    assert newsletter.deliver() == 0  # the pending letter was deleted with the row
    assert newsletter.rows()[0].confirmed_at is not None


def test_keys_of_subscribers_are_kept_and_subscribers_without_a_key_deleted(
    newsletter: Newsletter,
) -> None:
    with newsletter.store.read() as session:
        assert reconcile.used_key_ids(session) == set()
    link = newsletter.subscribe()
    later = newsletter.key_store_on(clock.now().date() + timedelta(days=400))
    moment = clock.now() + timedelta(days=400)
    assert retention.purge(newsletter.store, later, newsletter.config, now=moment).unused == 0
    assert newsletter.count_keys() == 1
    assert all(result.is_well for result in keystore_check.check(newsletter.store, later))
    assert newsletter.client.get(link).status_code == 200
    # A subscriber restored from an old backup has lost the key, and is deleted.
    newsletter.key_store.destroy(newsletter.rows()[0].key_id)
    purged = retention.purge(newsletter.store, later, newsletter.config, now=moment)
    assert purged.rows["subscribers"] == 1
    assert newsletter.rows() == []


def test_lost_key_store_does_not_count_as_unsubscribed(newsletter: Newsletter) -> None:
    for number in range(11):
        sealed = subscribers.prepare(newsletter.key_store, f"{number}@ejemplo.com", "es")
        with newsletter.store.change() as session:
            subscribers.keep(session, sealed, now=clock.now()).confirmed_at = clock.now()
    with newsletter.key_store.store.change() as session:
        session.execute(sa.delete(Key))
    with pytest.raises(TooManyBlind, match="11 subscribers have lost their key"):
        retention.purge(newsletter.store, newsletter.key_store, newsletter.config, now=clock.now())
    assert len(newsletter.rows()) == 11
    purged = retention.purge(
        newsletter.store, newsletter.key_store, newsletter.config, now=clock.now(), sure=True
    )
    assert purged.rows["subscribers"] == 11


def test_crash_between_key_and_row_does_not_prevent_a_subscription(newsletter: Newsletter) -> None:
    subscribers.prepare(newsletter.key_store, ROSA, "es")  # makes the key; the row is never stored
    newsletter.subscribe()
    assert len(newsletter.rows()) == newsletter.count_keys() == 1


@pytest.mark.races
def test_simultaneous_posts_make_one_subscriber_and_one_letter(newsletter: Newsletter) -> None:
    ready = Barrier(4)

    def post_form(_number: int) -> int:
        ready.wait()
        return newsletter.post_form().status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(post_form, range(4))) == {303}
    assert len(newsletter.rows()) == newsletter.count_keys() == 1
    assert newsletter.deliver() == 1


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.any_database("the text of a letter")
def test_confirmation_letter_is_in_the_language_of_the_form(
    newsletter: Newsletter, lang: str
) -> None:
    with newsletter.app.app_context():
        token = form_token.make("boletin", now=clock.now() - timedelta(minutes=1))
    newsletter.client.post(f"/{lang}/boletin/suscribirse", data={"email": ROSA, "stamp": token})
    assert newsletter.deliver() == 1
    assert f"/{lang}/boletin/s/" in newsletter.postman.letters[0].get_content()
    assert f"/{lang}/boletin/s/" in newsletter.postman.letters[0]["List-Unsubscribe"]
