"""Words of replies and of texts that ask for an answer: one part, and nothing of a kind (S17)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from flask import Flask

from outreach import clock
from outreach.answers import replies
from outreach.answers.conversation import ReplyName
from outreach.config import Config, TextAnswers
from outreach.db.store import Store
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.workshops import Workshop
from outreach.i18n import LANGUAGES
from outreach.keystore import KeyStore
from outreach.mail import sms
from tests.conftest import make_workshop, seat
from tests.mail.test_mail_words import NEVER, NEVER_DISCREET, WORKSHOP, forbidden_words
from tests.support.letters import list_cases, write_all

pytestmark = pytest.mark.any_database("the words of texts")

SITE = "https://talleres.consulados.example.org"  # longer than most
LONG_LINK = f"{SITE}/es/r/" + "A" * 22
ANSWERS = TextAnswers(secret="x" * 20)


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(phone="1 312 555 0100", public_url=SITE)


def write(app: Flask, name: ReplyName, lang: str, registration: Registration | None) -> str:
    config: Config = app.extensions["outreach_config"]
    store: Store = app.extensions["outreach_store"]
    with app.app_context(), store.read() as session:
        if registration is not None:
            registration = session.get_one(Registration, registration.id)
        return replies.write(
            name, config, lang,
            registration=registration, link=LONG_LINK, digits="482193", now=clock.now(),
        )  # fmt: skip


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", ReplyName)
def test_each_reply_is_one_neutral_text(
    app: Flask, store: Store, key_store: KeyStore, workshop: Workshop, name: ReplyName, lang: str
) -> None:
    rosa = seat(store, key_store, workshop, language=lang)
    words = write(app, name, lang, rosa)
    assert sms.parts(words) == 1
    assert set(words) <= sms.GSM_ALPHABET
    assert forbidden_words(words.replace(SITE, ""), workshop, (*NEVER, *WORKSHOP)) == []
    assert "None" not in words
    assert ("482193" in words) is (name is ReplyName.DIGITS)


@pytest.fixture
def longest(store: Store, chicago: Office, rights: Kind) -> Workshop:
    """A workshop whose day and hour are the longest to write, in each of the three languages."""
    with store.change() as session:
        return make_workshop(
            session, chicago, rights, day=date(2027, 9, 29), starts=time(12, 30), ends=time(14)
        )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_longest_day_and_hour_leave_each_text_one_part(
    app: Flask, config: Config, store: Store, key_store: KeyStore, longest: Workshop, lang: str
) -> None:
    rosa = seat(store, key_store, longest, language=lang)
    replied = [write(app, name, lang, rosa) for name in ReplyName]
    asking = replace(config, answers=ANSWERS, public_url=SITE)
    now = longest.starts_at - timedelta(days=3)
    with app.app_context():
        written = [each.text.words for each in write_all(longest, asking, lang, now=now)]
    assert [words for words in (*replied, *written) if sms.parts(words) > 1] == []


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", [ReplyName.HELP, ReplyName.STOPPED, ReplyName.STARTED])
def test_reply_to_anybody_says_nothing_of_a_discreet_place(
    app: Flask, discreet: Workshop, name: ReplyName, lang: str
) -> None:
    words = write(app, name, lang, None)
    assert forbidden_words(words, discreet, NEVER_DISCREET) == []
    assert "/r/" not in words


def test_replies_differ_by_language(
    app: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(store, key_store, workshop)
    for name in set(ReplyName) - {ReplyName.WHERE}:
        assert len({write(app, name, lang, rosa) for lang in LANGUAGES}) == 3, name


def test_street_that_is_too_long_is_left_out(
    app: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    assert workshop.venue is not None
    with store.change() as session:
        session.get_one(Venue, workshop.venue.id).address = "1805 Avenida " + "larga " * 30
    rosa = seat(store, key_store, workshop)
    words = write(app, ReplyName.WHERE, "es", rosa)
    assert "Avenida" not in words
    assert words.endswith(LONG_LINK)


def test_street_of_a_kind_of_high_sensitivity_is_on_the_page_only(
    app: Flask, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        kind = session.merge(rights)
        kind.sensitivity = "high"
        session.flush()
        sensitive = make_workshop(session, chicago, kind)
    rosa = seat(store, key_store, sensitive)
    assert "Ejemplo" not in write(app, ReplyName.WHERE, "es", rosa)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_texts_that_invite_an_answer_are_one_part_and_neutral(
    app: Flask, config: Config, workshop: Workshop, discreet: Workshop, lang: str
) -> None:
    asking = replace(config, answers=ANSWERS, public_url=SITE)
    count = 0
    with app.app_context():
        for each in (workshop, discreet):
            now = each.starts_at - timedelta(days=3)
            unasked = replace(config, public_url=SITE)
            silent = {e.case: e.text.words for e in write_all(each, unasked, lang, now=now)}
            for sent in write_all(each, asking, lang, now=now):
                words = sent.text.words
                assert sms.parts(words) == 1, words
                assert set(words) <= sms.GSM_ALPHABET
                assert forbidden_words(words.replace(SITE, ""), each, (*NEVER, *WORKSHOP)) == []
                if each.is_discreet:
                    assert words == silent[sent.case], "nothing is asked of a discreet place"
                count += 1
    assert count == sum(len(list_cases(each)) for each in (workshop, discreet))
