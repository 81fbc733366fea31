"""Without the extension its pages are gone, it sends nothing, and what it stored still expires."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.extension import find_keepers
from outreach.keystore import KeyStore, MasterKeys, text_exchange
from outreach.maintenance.worker import Worker
from tests.extensions.follow.follow_scene import FORM, FollowScene, add_kind, publish
from tests.support.daytime import noon_of
from tests.support.fixed_clock import fixed_clock

pytestmark = [fixed_clock, pytest.mark.any_database("which pages and messages there are")]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PHONE = "+13125550199"


def test_off_it_has_no_page_and_no_button(
    make_app: Callable[..., Flask], store: Store, chicago: Office, rights: Kind
) -> None:
    full = publish(store, chicago, rights, later=-DAY, capacity=0)
    with_it = make_app(extensions=("follow",)).test_client()
    without = make_app(extensions=()).test_client()
    for path in (FORM, "/avisame/sw.js", f"{FORM}/listo"):
        assert with_it.get(path).status_code == 200
        assert without.get(path).status_code == 404
    for path in ("/es/?donde=Honolulu&cuando=finde", f"/es/t/{full.public_id}"):
        shown, bare = with_it.get(path), without.get(path)
        assert (shown.status_code, bare.status_code) == (200, 200)
        assert "/avisame?" in shown.text, path
        assert "vísame" not in bare.text, path


def test_buttons_say_nothing_of_a_kind_that_is_discreet(
    make_app: Callable[..., Flask], store: Store, chicago: Office, rights: Kind
) -> None:
    """A kind of high sensitivity has them, as every other kind: it can be followed by push."""
    client = make_app(extensions=("follow",)).test_client()
    discreet = add_kind(store, rights, "refugio", is_discreet=True, sensitivity="high")
    daca = add_kind(store, rights, "daca", sensitivity="high")
    for kind, has_button in ((discreet, False), (daca, True)):
        full = publish(store, chicago, kind, later=-DAY, capacity=0)
        page = client.get(f"/es/t/{full.public_id}")
        assert page.status_code == 200
        assert ("/avisame?" in page.text) is has_button
        empty = client.get(f"/es/?donde=Honolulu&tipo={kind.public_code}")
        assert ("/avisame?" in empty.text) is has_button


def test_off_the_worker_sends_nothing_and_erases_what_has_ended(
    scene: FollowScene, make_app: Callable[..., Flask], store: Store, config: Config,
    chicago: Office, rights: Kind,
) -> None:  # fmt: skip
    scene.follow()
    scene.follow(contact="text", text="312 555 0199")
    publish(store, chicago, rights, later=-DAY)
    sent = len(scene.postman.letters), len(scene.gateway.asked)
    off = make_app(
        extensions=(), smtp_url=scene.config.smtp_url, smtp_seconds=5, texts=scene.config.texts
    )
    worker = Worker(off)
    assert "follow" not in worker.extensions
    worker.once()
    assert (len(scene.postman.letters), len(scene.gateway.asked)) == sent
    assert len(scene.rows()) == 2
    text_exchange.stop_texts(scene.key_store, PHONE)
    [step] = worker.extensions["follows"].steps
    worker.extensions["follows"].run_step(step, scene.now)
    assert len(scene.rows()) == 1, "it ends with the word of its phone"
    keepers = find_keepers(off.extensions["outreach_config"])
    [keeper] = [each for each in keepers if each.noun == "follows"]
    later = noon_of((scene.now + 91 * DAY).date())
    key_store = KeyStore(scene.key_store.store, MasterKeys(config.keys), later)
    assert keeper.count_due(store, key_store, scene.now) == 1
    assert keeper.purge(store, key_store, scene.now) == 1
    assert scene.rows() == []


def test_on_again_it_goes_on(
    scene: FollowScene, make_app: Callable[..., Flask], store: Store, chicago: Office, rights: Kind
) -> None:
    link = scene.follow()
    off = make_app(extensions=()).test_client()
    assert off.get(link).status_code == 404
    assert off.post(f"{link}/fin").status_code == 404
    assert "Condado de Cook" in scene.client.get(link).text
    publish(store, chicago, rights, later=HOUR)
    assert scene.notify(after=3 * HOUR) == 1
