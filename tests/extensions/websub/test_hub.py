"""The hub: subscriptions, verification, signed deliveries, back-off (WebSub; S45)."""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from time import monotonic
from typing import Any
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.outbox import outbox_table
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.extensions.websub import hub, pages, subscriptions
from outreach.extensions.websub.subscriptions import HubRequest, HubSubscription, HubTopic
from outreach.maintenance.worker import Worker
from outreach.outbound.guarded_client import FetchRule
from tests.conftest import make_workshop
from tests.extensions.websub.hub_scene import HubScene
from tests.support.callback_server import LOOPBACK_RULE, Subscriber, serve_subscriber
from tests.support.fixed_clock import FIXED_NOW, fixed_clock

pytestmark = [
    fixed_clock,  # Friday, November 27, 2026
    # `test_killed_hub.py` lets two hubs claim the same deliveries.
    pytest.mark.any_database("who gets which feed, and what a subscriber may do"),
]

DAY = date(2026, 12, 5)
MINUTE, HOUR, ONE_DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BASE = "http://localhost:8000/es/cal/chicago"
ATOM, JSON, ICS = f"{BASE}.atom", f"{BASE}.json", f"{BASE}.ics"
STREET = "1805 S. Ejemplo St."
SECRET = "una clave de prueba"


def change(store: Store, workshop: Workshop, **changes: Any) -> None:
    with store.change() as session:
        found = workshops.find(session, workshop.public_id)
        data = replace(workshop_service.get_data(found), **changes)
        workshop_service.change(session, found, data, now=FIXED_NOW)


def count(store: Store, model: type[Any]) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


# Discovery


@pytest.mark.parametrize("form", ["ics", "atom", "json", "jcal", "jscal"])
def test_every_feed_names_its_hub_and_its_topic(
    client: FlaskClient, workshop: Workshop, form: str
) -> None:
    answer = client.get(f"/es/cal/chicago.{form}?otra=cosa")
    assert answer.headers["Link"] == (
        f'<http://localhost:8000/hub>; rel="hub", <{BASE}.{form}>; rel="self"'
    )


def test_atom_and_json_feed_name_the_hub_in_their_text(
    client: FlaskClient, workshop: Workshop
) -> None:
    atom = ElementTree.fromstring(client.get("/es/cal/chicago.atom").data)
    links = {each.get("rel"): each.get("href") for each in atom.findall("{*}link")}
    assert links["hub"] == "http://localhost:8000/hub"
    assert links["self"] == ATOM
    feed = json.loads(client.get("/es/cal/chicago.json").data)
    assert feed["hubs"] == [{"type": "WebSub", "url": "http://localhost:8000/hub"}]


def test_discreet_feed_names_no_hub(client: FlaskClient, chicago: Office, women: Kind) -> None:
    answer = client.get("/es/cal/chicago.ics?tipo=K7QX")
    assert answer.headers["Link"] == f'<{ICS}?tipo=K7QX>; rel="self"'


# Subscribing


def test_subscription_is_verified_by_the_worker_and_not_in_the_request(
    scene: HubScene, workshop: Workshop, store: Store
) -> None:
    answer = scene.ask(ATOM, lease_seconds="86400")
    assert answer.status_code == 202
    assert answer.mimetype == "text/plain"
    assert scene.subscriber.asked == []
    assert count(store, HubSubscription) == 0
    scene.run()
    (asked,) = scene.subscriber.asked
    assert asked["id"] == "7", "the callback keeps its own parameters"
    assert (asked["hub.mode"], asked["hub.topic"]) == ("subscribe", ATOM)
    assert asked["hub.lease_seconds"] == "86400"
    assert len(asked["hub.challenge"]) > 30
    assert count(store, HubSubscription) == 1
    assert count(store, HubRequest) == 0


@pytest.mark.parametrize(
    ("status", "suffix"), [(404, ""), (302, ""), (500, ""), (200, "x"), (200, "\n")]
)
def test_callback_that_does_not_echo_the_challenge_gets_nothing(
    scene: HubScene, workshop: Workshop, store: Store, status: int, suffix: str
) -> None:
    scene.subscriber.challenge_status, scene.subscriber.challenge_suffix = status, suffix
    scene.subscribe(ATOM)
    assert len(scene.subscriber.asked) == 1
    assert (count(store, HubSubscription), count(store, HubRequest)) == (0, 0)
    change(store, workshop, title={"es": "Otro título"})
    scene.run()
    assert scene.subscriber.deliveries == []


@pytest.mark.parametrize(
    "topic",
    [
        "", "nada", "http://localhost:8000/", "http://localhost:8000/es/cal/nada.atom",
        "http://other.example/es/cal/chicago.atom", "/es/cal/chicago.atom",
        f"{ATOM}?otra=cosa", f"{ATOM}#x", f"{ATOM}?tipo=nada", f"{ATOM}?tipo=mujeres",
        f"{ATOM}?tipo=K7QX", f"{ICS}?tipo=mujeres", f"{ICS}?tipo=K7QX", f"{ICS}?tipo=K7QX&enlace=1",
        f"{ICS}?tipo=derechos&tipo=K7QX", f"{ATOM}?donde={'x' * 800}", f"{ATOM}?donde=\0",
        f"{JSON}?desde=2026-12-20",
    ],
)  # fmt: skip
def test_topic_that_is_no_public_feed_is_refused_with_one_sentence(
    scene: HubScene, workshop: Workshop, women: Kind, store: Store, topic: str
) -> None:
    answer = scene.ask(topic)
    assert answer.status_code == 400
    assert answer.text == (
        'hub.topic must be the address of a feed of this site, as its rel="self" has it.\n'
    ), "a discreet kind is answered like an unknown one"
    assert count(store, HubRequest) == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "publish"), ("mode", ""), ("callback", ""), ("callback", "https://example.org/"),
        ("callback", "http://10.0.0.1/"), ("secret", "ñ" * 101), ("lease_seconds", "mucho"),
        ("lease_seconds", "-5"), ("lease_seconds", "9" * 20), ("lease_seconds", "²"),
    ],
)  # fmt: skip
def test_wrong_field_is_refused(
    scene: HubScene, workshop: Workshop, store: Store, name: str, value: str
) -> None:
    answer = scene.ask(ATOM, **{name: value})
    assert answer.status_code == 400
    assert answer.text.startswith(f"hub.{name} must ")
    assert count(store, HubRequest) == 0


@pytest.mark.parametrize(("asked", "granted"), [("60", HOUR), ("99999999", 30 * ONE_DAY)])
def test_lease_is_an_hour_to_thirty_days(
    scene: HubScene, workshop: Workshop, asked: str, granted: timedelta
) -> None:
    scene.subscribe(ATOM, lease_seconds=asked)
    assert scene.subscriber.asked[0]["hub.lease_seconds"] == str(int(granted.total_seconds()))


def test_request_of_a_feed_that_became_discreet_is_denied(
    scene: HubScene, workshop: Workshop, rights: Kind, store: Store
) -> None:
    topic = f"{ATOM}?tipo=derechos"
    scene.ask(topic)
    make_discreet(store, rights)
    scene.run()
    assert [each["hub.mode"] for each in scene.subscriber.asked] == ["denied"]
    assert count(store, HubSubscription) == 0


def test_subscription_ends_where_its_topic_becomes_discreet(
    scene: HubScene, workshop: Workshop, rights: Kind, store: Store
) -> None:
    scene.subscribe(f"{ATOM}?tipo=derechos")
    make_discreet(store, rights)
    scene.run()
    scene.run()
    assert scene.subscriber.deliveries == []
    assert [each["hub.mode"] for each in scene.subscriber.asked] == ["subscribe", "denied"]
    assert count(store, HubSubscription) == 0


def make_discreet(store: Store, kind: Kind) -> None:
    with store.change() as session:
        found = session.get_one(Kind, kind.id)
        found.is_discreet, found.public_code = True, "Q2W8"
        found.changed_at = FIXED_NOW


def test_unsubscription_is_verified_too(scene: HubScene, workshop: Workshop, store: Store) -> None:
    scene.subscribe(ATOM)
    scene.subscriber.challenge_status = 404
    scene.subscribe(ATOM, mode="unsubscribe")
    assert count(store, HubSubscription) == 1, "somebody else asked"
    scene.subscriber.challenge_status = 200
    scene.subscribe(ATOM, mode="unsubscribe")
    assert count(store, HubSubscription) == 0


def test_newer_request_is_not_confirmed_by_the_answer_to_an_older_one(
    scene: HubScene, workshop: Workshop, store: Store
) -> None:
    scene.ask(ATOM)
    with store.read() as session:
        older = session.scalars(sa.select(HubRequest)).one()
    scene.ask(ATOM, secret="de otra persona")
    with store.change() as session:
        assert not subscriptions.confirm(session, older, "", now=FIXED_NOW)
    assert (count(store, HubSubscription), count(store, HubRequest)) == (0, 1)


def test_callback_that_does_not_answer_is_asked_again_for_an_hour(
    scene: HubScene, workshop: Workshop, store: Store
) -> None:
    assert scene.ask(ATOM, callback="http://127.0.0.1:1/").status_code == 202
    scene.run()
    assert count(store, HubRequest) == 1
    scene.run(after=HOUR + MINUTE)
    assert count(store, HubRequest) == 0


# Deliveries


def test_change_is_pushed_with_type_links_and_signature(
    scene: HubScene, workshop: Workshop, store: Store
) -> None:
    scene.subscribe(ATOM, secret=SECRET)
    scene.run()
    assert scene.subscriber.deliveries == [], "nothing has changed"
    change(store, workshop, title={"es": "Derechos en casa"})
    scene.run()
    (delivery,) = scene.subscriber.deliveries
    assert delivery.path.endswith("/avisos?id=7")
    assert delivery.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert delivery.headers["Link"] == (
        f'<http://localhost:8000/hub>; rel="hub", <{ATOM}>; rel="self"'
    )
    assert delivery.is_signed_with(SECRET)
    assert not delivery.is_signed_with("otra")
    titles = [each.text for each in ElementTree.fromstring(delivery.body).iterfind(".//{*}title")]
    assert "Derechos en casa" in titles
    scene.run()
    assert len(scene.subscriber.deliveries) == 1


def test_delivery_without_a_secret_is_not_signed(
    scene: HubScene, workshop: Workshop, store: Store
) -> None:
    scene.subscribe(JSON)
    change(store, workshop, title={"es": "Derechos en casa"})
    scene.run()
    assert "X-Hub-Signature" not in scene.subscriber.deliveries[0].headers


@pytest.mark.parametrize("form", ["ics", "atom", "json", "jcal", "jscal"])
def test_pushed_feed_has_no_street_no_venue_and_no_free_text(
    scene: HubScene, workshop: Workshop, store: Store, form: str
) -> None:
    with store.change() as session:
        place = session.get_one(Workshop, workshop.id).venue
        assert place is not None
        place.latitude, place.longitude = 41.123456, -87.123456
        name = place.name
    scene.subscribe(f"{BASE}.{form}")
    change(
        store,
        workshop,
        title={"es": f"Derechos en {name.upper()}"},
        summary={"es": f"En {STREET}, segundo piso"},
        bring={"es": "La llave de la sala"},
    )
    scene.run()
    text = scene.subscriber.deliveries[0].body.decode().replace("\r\n ", "").replace("\\,", ",")
    polled = scene.client.get(f"/es/cal/chicago.{form}").text.replace("\r\n ", "")
    assert STREET.replace(",", "\\,") in polled or STREET in polled
    for word in (STREET, name, name.upper(), "segundo piso", "llave", "41.12", "imagen-", "0142"):
        assert word not in text, word
    assert "Chicago, IL" in text
    assert "Tus derechos" in text
    assert f"/es/t/{workshop.public_id}" in text


def test_change_of_what_is_not_pushed_pushes_nothing(
    scene: HubScene, workshop: Workshop, store: Store
) -> None:
    for topic in (ATOM, ICS):
        scene.subscribe(topic)
    with store.change() as session:
        place = session.get_one(Workshop, workshop.id).venue
        assert place is not None
        place.address, place.changed_at = "9 Otra Calle", FIXED_NOW + MINUTE
    assert scene.run() == 0
    assert scene.subscriber.deliveries == []
    assert "9 Otra Calle" in scene.client.get("/es/cal/chicago.ics").text


def test_workshop_is_pushed_a_day_after_it_was_published(
    scene: HubScene, workshop: Workshop, store: Store, chicago: Office, rights: Kind
) -> None:
    scene.subscribe(JSON)
    with store.change() as session:
        make_workshop(
            session, chicago, rights, day=DAY, title={"es": "Recién publicado"}, now=FIXED_NOW
        )
    assert "Recién publicado" in scene.client.get("/es/cal/chicago.json").text
    scene.run()
    scene.run(after=ONE_DAY - MINUTE)
    assert scene.subscriber.deliveries == []
    change(store, workshop, title={"es": "Otro título"})
    scene.run()
    (delivery,) = scene.subscriber.deliveries
    assert "Recién publicado" not in delivery.body.decode()
    scene.run(after=2 * MINUTE)
    assert "Recién publicado" in scene.subscriber.deliveries[1].body.decode()


def test_workshop_is_pushed_a_day_after_it_was_listed(
    scene: HubScene, workshop: Workshop, store: Store, chicago: Office, rights: Kind
) -> None:
    """It was published long ago, for those who have its link."""
    scene.subscribe(JSON)
    with store.change() as session:
        unlisted = make_workshop(
            session, chicago, rights, day=DAY, title={"es": "Aparte"}, way=Way.UNLISTED
        )
    change(store, unlisted, way=Way.PLACE)
    scene.run()
    scene.run(after=ONE_DAY - MINUTE)
    change(store, workshop, title={"es": "Otro título"})
    scene.run()
    (delivery,) = scene.subscriber.deliveries
    assert "Aparte" not in delivery.body.decode()
    scene.run(after=2 * MINUTE)
    assert "Aparte" in scene.subscriber.deliveries[1].body.decode()


def test_workshop_is_pushed_a_day_after_it_became_one_of_an_open_kind(
    scene: HubScene, workshop: Workshop, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    scene.subscribe(JSON)
    with store.change() as session:
        discreet = make_workshop(
            session, chicago, women, day=DAY, title={"es": "Aparte"}, visibility=Visibility.APPROVED
        )
    change(store, discreet, kind=rights)
    scene.run()
    scene.run(after=ONE_DAY - MINUTE)
    assert scene.subscriber.deliveries == []
    scene.run(after=2 * MINUTE)
    assert "Aparte" in scene.subscriber.deliveries[0].body.decode()


def test_discreet_workshop_is_in_no_pushed_feed(
    scene: HubScene, workshop: Workshop, store: Store, chicago: Office, women: Kind
) -> None:
    scene.subscribe(ICS)
    with store.change() as session:
        make_workshop(session, chicago, women, day=DAY, visibility=Visibility.APPROVED)
    scene.run()
    assert scene.subscriber.deliveries == []


def test_draft_is_in_no_pushed_feed(
    scene: HubScene, workshop: Workshop, store: Store, chicago: Office, rights: Kind
) -> None:
    scene.subscribe(ICS)
    with store.change() as session:
        make_workshop(session, chicago, rights, day=DAY, status=WorkshopStatus.DRAFT)
    scene.run()
    assert scene.subscriber.deliveries == []


def test_subscriber_that_fails_is_tried_again_later_and_gets_what_is_true_then(
    scene: HubScene, workshop: Workshop, store: Store
) -> None:
    scene.subscribe(JSON)
    scene.subscriber.statuses = [500, 503]
    change(store, workshop, title={"es": "Primero"})
    scene.run()
    scene.run(after=MINUTE)
    assert len(scene.subscriber.deliveries) == 1
    change(store, workshop, title={"es": "Segundo"})
    scene.run(after=4 * MINUTE)
    assert len(scene.subscriber.deliveries) == 2
    scene.run(after=4 * MINUTE)
    assert len(scene.subscriber.deliveries) == 2, "the delay doubles"
    scene.run(after=8 * MINUTE)
    assert "Segundo" in scene.subscriber.deliveries[-1].body.decode()
    assert len(scene.subscriber.deliveries) == 3
    scene.run(after=ONE_DAY)
    assert len(scene.subscriber.deliveries) == 3


def test_subscriber_that_fails_for_three_days_is_removed(
    scene: HubScene, workshop: Workshop, store: Store
) -> None:
    scene.subscribe(JSON)
    scene.subscriber.statuses = [500] * 40
    change(store, workshop, title={"es": "Primero"})
    for _time in range(11):
        scene.run(after=6 * HOUR)
    assert count(store, HubSubscription) == 1
    for _time in range(3):
        scene.run(after=6 * HOUR)
    scene.run()
    assert count(store, HubSubscription) == 0


def test_subscriber_that_answers_gone_is_removed_at_once(
    scene: HubScene, workshop: Workshop, store: Store
) -> None:
    scene.subscribe(JSON)
    scene.subscriber.statuses = [410]
    change(store, workshop, title={"es": "Primero"})
    scene.run()
    scene.run()
    assert count(store, HubSubscription) == 0
    assert count(store, HubTopic) == 0


def test_subscription_ends_with_its_lease_and_is_renewed_by_asking_again(
    scene: HubScene, workshop: Workshop, store: Store
) -> None:
    scene.subscribe(JSON, lease_seconds="3600")
    scene.run(after=50 * MINUTE)
    scene.subscribe(JSON, lease_seconds="3600")
    scene.run(after=20 * MINUTE)
    assert count(store, HubSubscription) == 1
    scene.run(after=HOUR)
    assert count(store, HubSubscription) == 0
    change(store, workshop, title={"es": "Primero"})
    scene.run()
    assert scene.subscriber.deliveries == []


def test_delivery_claimed_by_a_killed_worker_is_sent_by_another(
    scene: HubScene, workshop: Workshop, store: Store
) -> None:
    scene.subscribe(JSON)
    change(store, workshop, title={"es": "Primero"})
    scene.hub.find_changes(now=scene.now)
    with store.change_rows() as connection:  # and then it is killed
        assert subscriptions.DELIVERIES.claim(connection, now=scene.now)
    another = HubScene(scene.app, scene.client, scene.subscriber)
    another.run(after=MINUTE)
    assert scene.subscriber.deliveries == []
    another.run(after=outbox_table.LEASE)
    assert len(scene.subscriber.deliveries) == 1


def test_change_while_a_delivery_is_under_way_is_pushed_after_it(
    scene: HubScene, workshop: Workshop, store: Store
) -> None:
    scene.subscribe(JSON)
    change(store, workshop, title={"es": "Primero"})
    scene.subscriber.is_silent = True
    pushing = threading.Thread(target=scene.run)
    pushing.start()
    assert scene.subscriber.has_delivery.wait(20)
    change(store, workshop, title={"es": "Segundo"})
    scene.hub.find_changes(now=scene.now)
    scene.subscriber.is_silent = False
    scene.subscriber.let_go.set()
    pushing.join()
    scene.run()
    assert "Segundo" in scene.subscriber.deliveries[-1].body.decode()
    assert len(scene.subscriber.deliveries) == 2


def test_secret_and_callback_are_in_no_log_line_and_the_secret_is_encrypted(
    scene: HubScene, workshop: Workshop, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    scene.subscribe(JSON, secret=SECRET)
    scene.subscriber.statuses = [500]
    change(store, workshop, title={"es": "Primero"})
    scene.run()
    with store.read() as session:
        row = session.scalars(sa.select(HubSubscription)).one()
    assert row.sealed_secret is not None
    assert SECRET.encode() not in row.sealed_secret
    assert "avisos" not in caplog.text
    assert SECRET not in caplog.text


# Limits


def test_requests_of_one_address_are_limited(
    scene: HubScene, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _time in range(pages.MAX_REQUESTS):
        assert scene.ask("nada").status_code == 400
    answer = scene.ask("nada")
    assert answer.status_code == 429
    assert answer.mimetype == "text/plain"
    assert int(answer.headers["Retry-After"]) > 0


def test_requests_that_name_one_host_are_limited(scene: HubScene, workshop: Workshop) -> None:
    for _time in range(pages.MAX_OF_DOMAIN):
        assert scene.ask(ATOM).status_code == 202
    assert scene.ask(ATOM).status_code == 429


def test_hosts_of_one_domain_share_the_limits(scene: HubScene, workshop: Workshop) -> None:
    scene.app.extensions[hub.RULE] = FetchRule()
    statuses = [
        scene.ask(ATOM, callback=f"https://a{number}.example.com.mx/b").status_code
        for number in range(pages.MAX_OF_DOMAIN + 1)
    ]
    room = subscriptions.MAX_OF_HOST
    assert statuses[:room] == [202] * room
    assert set(statuses[room:-1]) == {403}
    assert statuses[-1] == 429
    assert scene.ask(ATOM, callback="https://a0.other.com.mx/b").status_code == 202


def test_off_no_feed_names_a_hub(
    make_app: Callable[..., Flask], scene: HubScene, workshop: Workshop, store: Store
) -> None:
    scene.subscribe(JSON)
    app = make_app(extensions=())
    client = app.test_client()
    assert client.post("/hub", data={"hub.mode": "subscribe"}).status_code == 404
    for form in ("ics", "atom", "json"):
        answer = client.get(f"/es/cal/chicago.{form}")
        assert answer.headers["Link"] == f'<{BASE}.{form}>; rel="self"'
        assert b"/hub" not in answer.data
    assert "/hub" not in client.get("/es/datos").text
    change(store, workshop, title={"es": "Primero"})
    worker = Worker(app)
    assert "websub" not in worker.extensions
    worker.once()
    assert scene.subscriber.deliveries == []


def test_subscriptions_of_one_host_are_limited(
    scene: HubScene, workshop: Workshop, store: Store
) -> None:
    for number in range(subscriptions.MAX_OF_HOST):
        callback = f"{scene.subscriber.callback}&n={number}"
        assert scene.ask(ATOM, callback=callback).status_code == 202
    answer = scene.ask(ATOM)
    assert answer.status_code == 403
    assert count(store, HubRequest) == subscriptions.MAX_OF_HOST
    again = scene.ask(ATOM, callback=f"{scene.subscriber.callback}&n=0")
    assert again.status_code == 202, "it replaces its own"


def test_subscriber_that_does_not_answer_delays_no_other(
    scene: HubScene, workshop: Workshop, store: Store
) -> None:
    with serve_subscriber() as other:
        scene.subscribe(JSON)
        scene.subscribe(ATOM, callback=other.callback)
        scene.subscriber.is_silent = True
        change(store, workshop, title={"es": "Primero"})
        pushing = threading.Thread(target=scene.run)
        pushing.start()
        assert other.has_delivery.wait(4)
        scene.subscriber.let_go.set()
        pushing.join()


@pytest.mark.real_clock
@pytest.mark.time_machine(None)
def test_worker_pushes_a_change_within_five_seconds(
    make_app: Callable[..., Flask],
    subscriber: Subscriber,
    store: Store,
    chicago: Office,
    rights: Kind,
) -> None:
    """Of a workshop that is ahead by the real clock."""
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    app = make_app()
    app.extensions[hub.RULE] = LOOPBACK_RULE
    HubScene(app, app.test_client(), subscriber).subscribe(JSON)
    worker, stop = Worker(app), threading.Event()
    running = threading.Thread(target=worker.run, args=(stop,))
    running.start()
    try:
        change(store, workshop, title={"es": "Primero"})
        began = monotonic()
        assert subscriber.has_delivery.wait(15)
        assert monotonic() - began < 5
    finally:
        stop.set()
        running.join()
