"""The bulletin by e-mail: nobody gets it who did not say yes, and whoever has enough of it is
forgotten at once, in every file."""

import re
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
from outreach.maintenance import keystore_check
from outreach.privacy import reconcile, retention, subscriber_erasure
from outreach.privacy.reconcile import TooManyBlind
from outreach.web.forms import form_token
from tests.support.canaries import traces
from tests.support.ports import free_port
from tests.support.smtp_server import Postman, serve_mail

pytestmark = pytest.mark.any_database

FORM = "/es/boletin/suscribirse"
ROSA = "rosa@ejemplo.com"


class Post:
    """Who asks for the bulletin, and what the mail server got."""

    def __init__(
        self, app: Flask, store: Store, key_store: KeyStore, config: Config, postman: Postman
    ) -> None:
        self.app, self.store, self.key_store, self.postman = app, store, key_store, postman
        self.config = replace(config, smtp_url=f"smtp://127.0.0.1:{postman.port}", smtp_seconds=5)
        self.client: FlaskClient = app.test_client(use_cookies=True)

    def ask(self, email: str = ROSA, *, minutes: float = 1, **changes: Any) -> TestResponse:
        with self.app.app_context():
            made = form_token.make("boletin", now=clock.now() - timedelta(minutes=minutes))
        typed = {"email": email, "stamp": made, "website": ""} | changes
        return self.app.test_client().post(FORM, data=typed)

    def deliver(self, **later: float) -> int:
        transport = delivery.letter_transport(self.config)
        assert transport is not None
        with self.app.app_context():
            return mailings.deliver(
                self.store,
                self.key_store,
                self.config,
                transport,
                now=clock.now() + timedelta(**later),
            )

    def link(self) -> str:
        """The one in the last letter."""
        found = re.search(r"/es/boletin/s/[\w-]{22}", self.postman.letters[-1].get_content())
        assert found
        return found[0]

    def subscribe(self, email: str = ROSA) -> str:
        """All of it; the link."""
        assert self.ask(email).status_code == 303
        assert self.deliver() == 1
        assert self.client.post(self.link()).status_code == 303
        return self.link()

    def everyone(self) -> list[Subscriber]:
        with self.store.read() as session:
            return list(session.scalars(sa.select(Subscriber)))

    def on(self, day: date) -> KeyStore:
        """The ring, as it is on another day."""
        return KeyStore(self.key_store.store, MasterKeys(self.config.keys), lambda: day)

    def keys(self) -> int:
        with self.key_store.store.read() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(Key)) or 0


@pytest.fixture
def post(
    make_app: Callable[..., Flask], store: Store, key_store: KeyStore, config: Config
) -> Iterator[Post]:
    with serve_mail(Postman(free_port())) as postman:
        yield Post(make_app(limits=Limits(posts=1000)), store, key_store, config, postman)


def test_subscription_starts_when_the_link_in_the_letter_is_confirmed(post: Post) -> None:
    answer = post.ask(" Rosa@Ejemplo.com ")
    assert (answer.status_code, answer.location) == (303, f"{FORM}/listo")
    assert "Revisa tu correo" in post.client.get(answer.location).text
    assert post.deliver() == 1
    (letter,) = post.postman.letters
    assert letter["To"] == "Rosa@ejemplo.com"
    assert letter["Subject"] == "Confirma tu correo"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["List-Id"] is None
    assert post.config.public_url + post.link() in letter.get_content()
    for _ in range(2):  # programs that look at mail open every link
        page = post.client.get(post.link())
        assert "Sí, recibir el boletín" in page.text
        assert ROSA.casefold() not in page.text.casefold()
        assert page.headers["Cache-Control"] == "no-store"
        assert "noindex" in page.headers["X-Robots-Tag"]
    assert [each.confirmed_at for each in post.everyone()] == [None]
    for _ in range(2):
        answer = post.client.post(post.link())
        assert (answer.status_code, answer.location) == (303, post.link())
    assert "Ya recibes el boletín" in post.client.get(post.link()).text
    assert post.everyone()[0].confirmed_at is not None
    assert post.key_store.due_ids() == set()
    assert post.on(date(2999, 12, 31)).due_ids() == set()


def test_known_and_unknown_addresses_get_the_same_answer(post: Post) -> None:
    first = post.ask()
    second = post.ask("ROSA@ejemplo.com")
    other = post.ask("luz@ejemplo.com")
    assert first.status_code == second.status_code == other.status_code == 303
    assert first.location == second.location == other.location
    assert first.data == second.data == other.data
    assert len(post.everyone()) == post.keys() == 2
    assert post.deliver() == 2  # one to each, however often it was asked for


def test_confirmed_subscriber_gets_no_second_confirmation_request(post: Post) -> None:
    post.subscribe()
    assert post.ask().status_code == 303
    assert post.deliver(days=2) == 0
    assert len(post.everyone()) == post.keys() == 1


def test_confirmation_letter_can_be_requested_again_the_next_day(post: Post) -> None:
    post.ask()
    assert post.deliver() == 1
    with post.store.change() as session:
        session.execute(sa.update(Mailing).values(made_at=clock.now() - timedelta(hours=25)))
    post.ask()
    assert post.deliver() == 1
    assert post.postman.to == [ROSA, ROSA]


def test_second_subscription_request_restarts_the_confirmation_period(post: Post) -> None:
    post.ask()
    assert post.deliver() == 1
    with post.store.change() as session:
        long_ago = clock.now() - timedelta(days=2, hours=23)
        session.execute(sa.update(Mailing).values(made_at=long_ago))
        session.execute(sa.update(Subscriber).values(asked_at=long_ago))
    with post.key_store.store.change() as session:
        session.execute(sa.update(Key).values(forget_on=post.key_store.today() + timedelta(days=1)))
    assert post.ask().status_code == 303
    assert post.deliver() == 1
    late, moment = clock.now().date() + timedelta(days=2), clock.now() + timedelta(days=2)
    assert not subscriber_erasure.find_expired(post.store, post.on(late), now=moment)
    assert post.on(late).due_ids() == set(), "the key is there as long as the row"
    assert post.client.post(post.link()).status_code == 303


def test_confirmed_subscription_survives_another_request(post: Post) -> None:
    post.subscribe()
    (before,) = post.everyone()
    post.ask()
    (after,) = post.everyone()
    assert after.asked_at == before.asked_at
    assert post.on(date(2999, 12, 31)).due_ids() == set()


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


@pytest.mark.any_database("what a form says")
def test_invalid_subscription_form_shows_the_error_and_keeps_the_input(post: Post) -> None:
    for typed, message in FAULTS:
        answer = post.ask(**typed)
        assert answer.status_code == 422, typed
        assert message in answer.text
        assert f'value="{ROSA}"' in answer.text or "email" in typed
        assert "Set-Cookie" not in answer.headers
    assert post.everyone() == []


@pytest.mark.any_database("what a form says")
def test_unlikely_mail_domain_is_accepted_the_second_time(post: Post) -> None:
    assert post.ask("rosa@gmial.com", email_asked="rosa@gmial.com").status_code == 303


@pytest.mark.any_database("the limit is that of every form")
def test_subscription_requests_are_rate_limited(make_app: Callable[..., Flask], post: Post) -> None:
    post.app = make_app(limits=Limits(posts=2))
    assert [post.ask(f"{n}@ejemplo.com").status_code for n in range(3)] == [303, 303, 429]


def test_unsubscribing_asks_once_and_deletes_at_once(post: Post) -> None:
    link = post.subscribe()
    page = post.client.get(f"{link}/baja")
    assert "¿Dejar de recibir el boletín?" in page.text
    assert len(post.everyone()) == 1
    answer = post.client.post(f"{link}/baja")
    assert answer.status_code == 200
    assert "Ya no recibes el boletín" in answer.text
    assert (post.everyone(), post.keys()) == ([], 0)
    assert post.client.get(link).status_code == 404
    assert post.client.post(link).status_code == 404
    # An older letter's link: it is so already, and never was one says the same.
    for path in (f"{link}/baja", f"/es/boletin/s/{'A' * 22}/baja"):
        assert post.client.get(path).data == post.client.post(path).data == answer.data


def test_one_click_unsubscribe_works_from_another_site(post: Post) -> None:
    post.subscribe()
    letter = post.postman.letters[-1]
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = letter["List-Unsubscribe"]
    assert address.startswith("<http")
    path = address.strip("<>").removeprefix(post.config.public_url)
    elsewhere = {"Origin": "https://mail.example.com", "Sec-Fetch-Site": "cross-site"}
    # Only that post, and only there: what another site asks for otherwise is refused.
    refused = [
        post.client.post(path, headers=elsewhere),
        post.client.post(path, headers=elsewhere, data={"List-Unsubscribe": "no"}),
        post.client.post(
            path.removesuffix("/baja"), headers=elsewhere, data={"List-Unsubscribe": "One-Click"}
        ),
        post.client.post(FORM, headers=elsewhere, data={"List-Unsubscribe": "One-Click"}),
    ]
    assert {answer.status_code for answer in refused} == {403}
    assert len(post.everyone()) == 1
    for _ in range(2):  # some ask twice
        answer = post.client.post(path, headers=elsewhere, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert post.everyone() == []


def test_long_public_url_is_not_split_in_list_unsubscribe(
    make_app: Callable[..., Flask], post: Post
) -> None:
    post.config = replace(post.config, public_url=f"https://{'talleres.' * 8}example.org")
    post.ask()
    assert post.deliver() == 1
    raw = post.postman.letters[0]["List-Unsubscribe"]
    assert re.fullmatch(r"<https://(talleres\.){8}example\.org/es/boletin/s/[\w-]{22}/baja>", raw)


def test_unsubscribing_leaves_no_trace_in_any_file(post: Post, config: Config) -> None:
    post.config = replace(post.config, mail_folder=config.data / "letters", smtp_url="")
    post.app.extensions["outreach_config"] = post.config
    post.ask()
    assert post.deliver() == 1
    (subscriber,) = post.everyone()
    key = post.key_store.get(subscriber.key_id)
    needles = [ROSA.encode(), subscribers.token(key).encode(), key, subscriber.id.lower().encode()]
    # While they subscribe, only the letter in the folder of a demo says who it is.
    found = traces(config, post.store, post.key_store, [ROSA.encode()])
    assert {name.rpartition(".")[2] for name in found} == {"eml"}
    retention.purge(post.store, post.key_store, post.config, now=clock.now())
    assert traces(config, post.store, post.key_store, [ROSA.encode()]) == found
    post.client.post(f"/es/boletin/s/{subscribers.token(key)}/baja")
    assert traces(config, post.store, post.key_store, needles) == []
    if post.store.is_sqlite:  # PostgreSQL keeps what nobody can open until it needs the room
        sealed = [subscriber.sealed, subscriber.id.encode()]
        assert traces(config, post.store, post.key_store, sealed) == []


def test_unconfirmed_subscriber_is_deleted_after_three_days(post: Post) -> None:
    post.subscribe("luz@ejemplo.com")
    post.ask()
    today = clock.now().date()
    for days, left in ((2, 2), (3, 1)):
        key_store = post.on(today + timedelta(days=days))
        moment = clock.now() + timedelta(days=days)
        found = retention.preview(post.store, key_store, post.config, now=moment)
        done = retention.purge(post.store, key_store, post.config, now=moment)
        assert found.rows["subscribers"] == done.rows["subscribers"] == 2 - left
        assert len(post.everyone()) == post.keys() == left
    assert post.deliver() == 0  # the letter that was owed went with the row
    assert post.everyone()[0].confirmed_at is not None


def test_keys_of_subscribers_are_kept_and_subscribers_without_a_key_deleted(post: Post) -> None:
    with post.store.read() as session:
        assert reconcile.used_key_ids(session) == set()
    link = post.subscribe()
    later = post.on(clock.now().date() + timedelta(days=400))
    moment = clock.now() + timedelta(days=400)
    assert retention.purge(post.store, later, post.config, now=moment).unused == 0
    assert post.keys() == 1
    assert all(result.is_well for result in keystore_check.check(post.store, later))
    assert post.client.get(link).status_code == 200
    # One that was forgotten after an old copy was made is forgotten in it too.
    post.key_store.destroy(post.everyone()[0].key_id)
    assert retention.purge(post.store, later, post.config, now=moment).rows["subscribers"] == 1
    assert post.everyone() == []


def test_lost_key_store_does_not_count_as_unsubscribed(post: Post) -> None:
    for number in range(11):
        ticket = subscribers.prepare(post.key_store, f"{number}@ejemplo.com", "es")
        with post.store.change() as session:
            subscribers.keep(session, ticket, now=clock.now()).confirmed_at = clock.now()
    with post.key_store.store.change() as session:
        session.execute(sa.delete(Key))
    with pytest.raises(TooManyBlind, match="11 subscribers have lost their key"):
        retention.purge(post.store, post.key_store, post.config, now=clock.now())
    assert len(post.everyone()) == 11
    purged = retention.purge(post.store, post.key_store, post.config, now=clock.now(), sure=True)
    assert purged.rows["subscribers"] == 11


def test_crash_between_key_and_row_does_not_prevent_subscribing(post: Post) -> None:
    subscribers.prepare(post.key_store, ROSA, "es")  # and then the power was cut
    post.subscribe()
    assert len(post.everyone()) == post.keys() == 1


@pytest.mark.races
def test_simultaneous_posts_make_one_subscriber_and_one_letter(post: Post) -> None:
    ready = Barrier(4)

    def ask(_number: int) -> int:
        ready.wait()
        return post.ask().status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(4))) == {303}
    assert len(post.everyone()) == post.keys() == 1
    assert post.deliver() == 1


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.any_database("what a letter says")
def test_confirmation_letter_is_in_the_language_of_the_form(post: Post, lang: str) -> None:
    with post.app.app_context():
        made = form_token.make("boletin", now=clock.now() - timedelta(minutes=1))
    post.client.post(f"/{lang}/boletin/suscribirse", data={"email": ROSA, "stamp": made})
    assert post.deliver() == 1
    assert f"/{lang}/boletin/s/" in post.postman.letters[0].get_content()
    assert f"/{lang}/boletin/s/" in post.postman.letters[0]["List-Unsubscribe"]
