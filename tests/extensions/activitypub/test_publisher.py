"""The worker: what is pushed to whom and when, signed, again after failures, and no more (S42)."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.outbox import outbox_table
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.extensions.activitypub import deliveries, publisher
from outreach.extensions.activitypub.deliveries import FediverseDelivery
from outreach.extensions.activitypub.followers import FediverseFollower, FediverseKey
from outreach.extensions.activitypub.pushed_events import PushedEvent
from outreach.keystore import KeyStore
from outreach.maintenance.worker import Worker
from tests.conftest import LONG_AGO, make_workshop, tomorrow
from tests.extensions.activitypub import gancio_reader, mobilizon_reader
from tests.extensions.activitypub.fediverse_server import HOST, FediverseScene, FediverseServer
from tests.support.callback_server import LOOPBACK_RULE
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.limits import UNLIMITED

pytestmark = [fixed_clock, pytest.mark.any_database("who gets which event")]

DAY = date(2026, 12, 5)
MINUTE, HOUR, ONE_DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def follow(scene: FediverseScene, name: str = "maria") -> str:
    """The address of the new follower, who has the Accept."""
    follower = f"{scene.server.base}/{name}"
    sent = mobilizon_reader.write_follow(follower, scene.actor())
    assert scene.send(sent).status_code == 202
    scene.publisher.run_round(now=scene.now, is_leading=False)
    assert scene.server.received.pop().json["type"] == "Accept"
    return follower


def change(store: Store, workshop: Workshop, **changes: Any) -> None:
    with store.change() as session:
        found = workshops.find(session, workshop.public_id)
        data = replace(workshop_service.get_data(found), **changes)
        workshop_service.change(session, found, data, now=FIXED_NOW)


def count(store: Store, model: type[Any]) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def types(scene: FediverseScene) -> list[str]:
    return [each.json["type"] for each in scene.server.received]


def test_event_is_created_updated_and_deleted_for_followers(
    scene: FediverseScene, store: Store, workshop: Workshop
) -> None:
    follow(scene)
    scene.run()
    (created,) = scene.server.received
    assert created.path == "/inbox", "the inbox of all of that server"
    actor = scene.get(scene.actor())
    created.check_signature(actor["publicKey"]["publicKeyPem"], f"{scene.actor()}#main-key")
    assert created.headers["Content-Type"] == "application/activity+json"
    for reader in (mobilizon_reader, gancio_reader):
        assert reader.read_activity(created.json)["title"] == "Conoce tus derechos"
    scene.run()
    assert types(scene) == ["Create"], "nothing has changed"
    change(store, workshop, title={"es": "Derechos en casa"})
    scene.run()
    change(store, workshop, title={"es": "Derechos en la calle"})
    scene.run()
    assert types(scene) == ["Create", "Update", "Update"]
    ids = {each.json["id"] for each in scene.server.received}
    assert len(ids) == 3, "a server drops an id that it knows"
    updated = scene.server.received[-1].json
    for reader in (mobilizon_reader, gancio_reader):
        assert reader.read_activity(updated)["title"] == "Derechos en la calle"
    with store.change() as session:
        found = workshops.find(session, workshop.public_id)
        workshop_service.cancel(session, found, now=FIXED_NOW)
    scene.run()
    cancelled = scene.server.received[-1].json
    assert cancelled["type"] == "Update"
    assert cancelled["object"]["ical:status"] == "CANCELLED"
    assert mobilizon_reader.read_activity(cancelled)["status"] == "cancelled"
    change(store, workshop, way=Way.UNLISTED)
    scene.run()
    deleted = scene.server.received[-1].json
    assert deleted["type"] == "Delete"
    for reader in (mobilizon_reader, gancio_reader):
        assert set(reader.read_activity(deleted).values()) == {f"http://{HOST}/ap/e/{workshop.uid}"}
    scene.run()
    assert len(scene.server.received) == 5
    assert count(store, FediverseDelivery) == 0


def test_change_of_what_is_not_pushed_pushes_nothing(
    scene: FediverseScene, store: Store, workshop: Workshop
) -> None:
    follow(scene)
    scene.run()
    change(store, workshop, summary={"es": "Otra cosa"}, capacity=30)
    with store.change() as session:
        place = session.get_one(Workshop, workshop.id).venue
        assert place is not None
        place.address, place.changed_at = "9 Otra Calle", FIXED_NOW + MINUTE
    before = scene.get(f"http://{HOST}/ap/e/{workshop.uid}")
    scene.run()
    assert types(scene) == ["Create"]
    assert scene.get(f"http://{HOST}/ap/e/{workshop.uid}") == before


def test_workshop_is_pushed_a_day_after_it_was_published(
    scene: FediverseScene, store: Store, chicago: Office, rights: Kind
) -> None:
    follow(scene)
    with store.change() as session:
        made = make_workshop(session, chicago, rights, day=DAY, now=FIXED_NOW)
    scene.run(after=ONE_DAY - 2 * MINUTE)
    assert scene.server.received == []
    assert scene.client.get(f"/ap/e/{made.uid}").status_code == 404
    assert scene.get(f"{scene.actor()}/outbox")["totalItems"] == 0
    scene.run(after=2 * MINUTE)
    assert types(scene) == ["Create"]


@pytest.mark.parametrize("case", ["discreet", "unlisted", "draft", "over", "cancelled"])
def test_what_no_pushed_feed_has_is_not_pushed(
    scene: FediverseScene,
    store: Store,
    chicago: Office,
    rights: Kind,
    women: Kind,
    case: str,
) -> None:
    follow(scene)
    cases: dict[str, dict[str, Any]] = {
        "discreet": {"kind": women},
        "unlisted": {"way": Way.UNLISTED},
        "draft": {"status": WorkshopStatus.DRAFT},
        "over": {"day": FIXED_NOW.date() - ONE_DAY},
        "cancelled": {"status": WorkshopStatus.CANCELLED, "day": DAY},
    }
    changes = {"day": DAY} | cases[case]
    kind: Kind = changes.pop("kind", rights)
    with store.change() as session:
        made = make_workshop(session, chicago, kind, **changes)
    scene.run()
    scene.run(after=ONE_DAY)
    assert scene.server.received == []
    assert count(store, PushedEvent) == 0
    assert scene.client.get(f"/ap/e/{made.uid}").status_code == 404
    assert scene.client.get(f"/ap/e/{made.uid}/imagen-0.png").status_code == 404
    page = scene.client.get("/ap/o/chicago/outbox?page=1").text
    assert made.uid not in page


def test_hidden_address_is_pushed_as_the_city(
    scene: FediverseScene, store: Store, chicago: Office, rights: Kind
) -> None:
    follow(scene)
    with store.change() as session:
        make_workshop(session, chicago, rights, day=DAY, visibility=Visibility.REGISTERED)
    scene.run()
    location = scene.server.received[0].json["object"]["location"]
    assert location["name"] == "Chicago, IL"
    assert "streetAddress" not in location["address"]


def test_kind_that_turned_discreet_is_neither_sent_nor_shown(
    scene: FediverseScene, store: Store, workshop: Workshop, rights: Kind
) -> None:
    """As in a database of before, or by a hand that went around the refusal."""
    follow(scene)
    scene.server.statuses["/inbox"] = 500
    scene.run()
    scene.server.received.clear()
    with store.change() as session:
        kind = session.get_one(Kind, rights.id)
        kind.is_discreet, kind.public_code = True, "Q2W8"
        session.execute(sa.update(Workshop).values(is_discreet=True))
    assert scene.get(f"{scene.actor()}/outbox")["totalItems"] == 0
    assert scene.client.get("/ap/o/chicago/outbox?page=1").text.count(workshop.uid) == 0
    answer = scene.client.get(f"/ap/e/{workshop.uid}")
    assert answer.status_code == 410
    assert "derechos" not in answer.text
    assert scene.client.get(f"/ap/e/{workshop.uid}/imagen-0.png").status_code == 410
    scene.server.statuses.clear()
    scene.run(after=HOUR)
    assert types(scene) == ["Delete"]
    assert "erechos" not in scene.server.received[0].body.decode()


def test_each_shared_inbox_gets_an_event_once(
    scene: FediverseScene, server: FediverseServer, workshop: Workshop
) -> None:
    for name in ("luis", "ana"):
        server.add_actor(name)
        follow(scene, name)
    server.add_actor("solo", endpoints={})
    follow(scene, "solo")
    scene.run()
    assert sorted(each.path for each in server.received) == ["/inbox", "/solo/inbox"]


def test_other_office_is_not_sent(
    scene: FediverseScene, store: Store, calgary: Office, rights: Kind
) -> None:
    follow(scene)
    with store.change() as session:
        make_workshop(session, calgary, rights, day=DAY)
    scene.run()
    assert scene.server.received == []
    assert scene.get(f"{scene.actor('calgary')}/outbox")["totalItems"] == 1
    assert scene.get(f"{scene.actor()}/outbox")["totalItems"] == 0


def test_inbox_that_fails_is_tried_again_and_given_up_after_three_days(
    scene: FediverseScene, store: Store, workshop: Workshop
) -> None:
    follow(scene)
    scene.server.statuses["/inbox"] = 503
    scene.run()
    assert len(scene.server.received) == 1
    scene.run()
    assert len(scene.server.received) == 1, "it waits before it tries again"
    change(store, workshop, title={"es": "Otro título"})
    scene.run()
    assert types(scene) == ["Create", "Create"], "with what it says by now"
    for _day in range(5):
        scene.run(after=ONE_DAY)
    tried = len(scene.server.received)
    scene.run(after=ONE_DAY)
    assert len(scene.server.received) == tried
    assert count(store, FediverseDelivery) == 0
    assert count(store, FediverseFollower) == 1


def test_follower_whose_inbox_is_gone_for_a_week_is_dropped(
    scene: FediverseScene, store: Store, workshop: Workshop
) -> None:
    follow(scene)
    scene.server.statuses["/inbox"] = 410
    scene.run()
    change(store, workshop, title={"es": "Uno"})
    scene.run(after=ONE_DAY)
    assert count(store, FediverseFollower) == 1
    scene.server.statuses.clear()
    change(store, workshop, title={"es": "Dos"})
    scene.run()
    scene.server.statuses["/inbox"] = 410
    change(store, workshop, title={"es": "Tres"})
    scene.run()
    change(store, workshop, day=date(2026, 12, 20))
    scene.run(after=6 * ONE_DAY)
    assert count(store, FediverseFollower) == 1, "it was there in between"
    change(store, workshop, title={"es": "Cuatro"})
    scene.run(after=2 * ONE_DAY)
    assert count(store, FediverseFollower) == 0
    sent = len(scene.server.received)
    change(store, workshop, title={"es": "Cinco"})
    scene.run()
    assert len(scene.server.received) == sent


def test_inbox_that_leads_to_a_private_address_is_not_posted_to(
    scene: FediverseScene, store: Store, workshop: Workshop
) -> None:
    follow(scene)
    scene.app.extensions[publisher.RULE] = replace(LOOPBACK_RULE, permits=lambda _address: False)
    scene.publisher.rule = scene.app.extensions[publisher.RULE]
    scene.run()
    assert scene.server.received == []


def test_redirect_of_an_inbox_is_not_followed(
    scene: FediverseScene, store: Store, workshop: Workshop
) -> None:
    follow(scene)
    scene.server.statuses["/inbox"] = 302
    scene.run()
    assert [each.path for each in scene.server.received] == ["/inbox"]
    assert count(store, FediverseDelivery) == 1


def test_row_that_changed_during_its_delivery_is_delivered_again(
    scene: FediverseScene, store: Store, workshop: Workshop
) -> None:
    follow(scene)
    scene.publisher.find_changes(now=scene.now)
    with store.change_rows() as connection:
        claimed = deliveries.DELIVERIES.claim(connection, now=scene.now)
    assert claimed is not None
    record_outcome = scene.publisher._deliver(claimed, scene.now)
    change(store, workshop, title={"es": "Mientras tanto"})
    scene.publisher.find_changes(now=scene.now)
    with store.change_rows() as connection:
        record_outcome(connection)
    assert count(store, FediverseDelivery) == 1
    scene.run()
    names = [each.json["object"]["name"] for each in scene.server.received]
    assert names == ["Conoce tus derechos", "Mientras tanto"]
    assert count(store, FediverseDelivery) == 0


def test_many_workshops_are_recorded_in_bounded_steps(
    scene: FediverseScene, store: Store, chicago: Office, rights: Kind
) -> None:
    scene.publisher.max_recorded = 2
    with store.change() as session:
        for _number in range(5):
            make_workshop(session, chicago, rights, day=DAY)
    for expected in (2, 4, 5, 5):
        scene.run(after=timedelta(seconds=61))
        assert count(store, PushedEvent) == expected


@pytest.mark.real_clock
@pytest.mark.time_machine(None)
def test_worker_pushes_in_its_round(
    make_app: Callable[..., Flask],
    store: Store,
    server: FediverseServer,
    chicago: Office,
    rights: Kind,
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights, day=tomorrow(chicago), now=LONG_AGO)
    app = make_app(limits=UNLIMITED)
    app.extensions[publisher.RULE] = LOOPBACK_RULE
    worker = Worker(app)
    worker.round()
    assert worker.leader.leads("fediverse")
    assert count(store, PushedEvent) == 1
    assert server.received == [], "nobody follows"


def test_private_key_opens_with_the_key_store_only(
    scene: FediverseScene, store: Store, key_store: KeyStore, chicago: Office
) -> None:
    before = scene.get(scene.actor())["publicKey"]["publicKeyPem"]
    with store.read() as session:
        row = session.get_one(FediverseKey, chicago.id)
        assert b"PRIVATE" not in row.sealed_key
    with store.change() as session:  # `store` has another key store
        session.get_one(FediverseKey, chicago.id).sealed_key = row.sealed_key[:-1] + b"x"
    scene.publisher.keys._kept.clear()
    scene.publisher.keys.get(chicago.id)
    after = scene.get(scene.actor())["publicKey"]["publicKeyPem"]
    assert after != before
    mobilizon_reader.read_actor(scene.get(scene.actor()))


def test_log_has_no_address_of_a_follower(
    scene: FediverseScene, store: Store, workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    follow(scene)
    scene.server.statuses["/inbox"] = 500
    scene.run()
    scene.run(after=outbox_table.LEASE)
    assert "maria" not in caplog.text
    assert "/inbox" not in caplog.text.replace("/ap/inbox", "")
