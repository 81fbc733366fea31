"""Texts to people who follow workshops: one part, how to stop them, and a limit by address."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest
from flask import Flask

from outreach import clock
from outreach.config import Config, TextAnswers
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.extensions.follow import follows, messages
from outreach.extensions.follow.choices import FollowChoice, FollowDetails
from outreach.extensions.follow.follows import OpenFollow
from outreach.extensions.follow.messages import FollowContext
from outreach.extensions.follow.tables import FollowChannel, FollowMessageType, FollowSubject
from outreach.i18n import LANGUAGES
from outreach.keystore import KeyStore, text_exchange
from outreach.mail import sms
from tests.extensions.follow.follow_scene import FORM, FollowScene, make_texts, publish
from tests.support.fixed_clock import fixed_clock
from tests.support.gateway_server import serve_gateway
from tests.support.limits import UNLIMITED
from tests.support.ports import free_port
from tests.support.smtp_server import Postman, serve_mail

pytestmark = [pytest.mark.any_database("the words and the number of texts"), fixed_clock]

DAY, PHONE = timedelta(days=1), "+13125550199"
SITE: Final = "https://talleres.example.org"
ANSWERS: Final = TextAnswers(secret="only for tests")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("message_type", FollowMessageType)
def test_texts_to_followers_are_one_part_and_say_how_to_stop_them(
    app: Flask, config: Config, lang: str, message_type: FollowMessageType
) -> None:
    follow = OpenFollow(
        id=b"", channel=FollowChannel.TEXT, subject=FollowSubject.AREA, workshop=None,
        is_confirmed=True, expires_on=clock.now().date(), news_since=clock.now(),
        details=FollowDetails("+13125550142", lang, FollowChoice()),
    )  # fmt: skip
    context = FollowContext(
        follow=follow, message_type=message_type, token="A" * 22, now=clock.now(), letter_id=""
    )
    with app.app_context():
        asking = replace(config, answers=ANSWERS, public_url=SITE)
        words = messages.write_text(context, asking).words
        silent = messages.write_text(context, replace(config, public_url=SITE)).words
    assert sms.parts(words) == 1
    assert set(words) <= sms.GSM_ALPHABET
    # Who waited for one workshop gets one text.
    is_once = message_type in {FollowMessageType.OPENING, FollowMessageType.SEAT}
    stop = {"es": "BAJA: no mas mensajes.", "en": "STOP:", "fr": "ARRET :"}[lang]
    assert (stop in words) is not is_once
    assert stop not in silent


def test_text_beyond_the_limit_of_an_address_is_refused_in_true_words(
    make_app: Callable[..., Flask], store: Store, key_store: KeyStore, config: Config
) -> None:
    with serve_mail(Postman(free_port())) as postman, serve_gateway() as gateway:
        texts = replace(make_texts(gateway), a_day=2)  # one for an address
        app = make_app(limits=UNLIMITED, texts=texts)
        scene = FollowScene(app, store, key_store, config, postman, gateway)
        assert scene.post(contact="text", text="312 555 0199").location == f"{FORM}/listo?por=texto"
        refused = scene.post(contact="text", text="312 555 0198")
        assert refused.status_code == 429
        until_midnight = timedelta(hours=6)  # midnight of UTC
        assert refused.headers["Retry-After"] == str(int(until_midnight.total_seconds()))
        assert scene.post(contact="email", email="rosa@example.org").status_code == 303


def test_word_of_a_phone_ends_all_it_follows(
    scene: FollowScene, store: Store, chicago: Office, rights: Kind
) -> None:
    full = publish(store, chicago, rights, later=-DAY, capacity=0)
    scene.follow(contact="text", text="312 555 0199")
    scene.follow(contact="text", text="(312) 555-0199", taller=full.public_id)
    scene.follow()
    text_exchange.stop_texts(scene.key_store, PHONE)
    assert follows.end_stopped(scene.key_store) == 2
    assert follows.end_stopped(scene.key_store) == 0
    assert [row.channel for row in scene.rows()] == [FollowChannel.LETTER]


def test_phone_that_wants_no_texts_gets_none(
    scene: FollowScene, store: Store, chicago: Office, rights: Kind
) -> None:
    scene.follow(contact="text", text="312 555 0199")
    scene.post(contact="text", text="312 555 0199")
    publish(store, chicago, rights, later=timedelta(hours=1))
    before = len(scene.gateway.asked)
    text_exchange.stop_texts(scene.key_store, PHONE)
    assert scene.notify(after=timedelta(hours=3)) == 1, "it was queued before it ended"
    scene.post(contact="text", text="312 555 0199")
    scene.deliver()
    assert len(scene.gateway.asked) == before
    text_exchange.allow_texts(scene.key_store, PHONE)
    scene.post(contact="text", text="312 555 0199")
    scene.deliver()
    assert len(scene.gateway.asked) == before + 1
