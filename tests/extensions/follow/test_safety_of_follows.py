"""People who follow workshops leave no trace: in no backup, no log, and nowhere when it ended."""

import io
import logging
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network import kinds
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from outreach.extensions.follow import follows
from outreach.extensions.follow.tables import Follow
from outreach.i18n import LANGUAGES
from outreach.imports import kinds as kinds_file
from outreach.keystore import KeyStore, MasterKeys, key_backup, rotation
from outreach.mail import sms
from tests.conftest import make_workshop
from tests.extensions.follow.follow_scene import FORM, FollowScene
from tests.extensions.follow.push_service import PushBrowser, PushService
from tests.mail.test_mail_words import NEVER, TAXONOMY, WORKSHOP, body_of, forbidden_words
from tests.support.canaries import traces
from tests.support.daytime import noon_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ROSA, PHONE = "rosa.canario@ejemplo.com", "+13125550177"
# No other test uses them: the files of PostgreSQL's server are searched too.
POSTAL_CODE, COUNTY = "59644", "Broadwater County"


def follow_all(scene: FollowScene, browser: PushBrowser, place: str = "60608") -> list[str]:
    """Somebody follows by letter, text and push; returns the links."""
    return [
        scene.follow(email=ROSA, donde=place),
        scene.follow(contact="text", text=PHONE, donde=place),
        scene.follow(**browser.fields, kinds=["derechos"], donde=place),
    ]


def needles(links: list[str], browser: PushBrowser) -> list[bytes]:
    """What may be found nowhere: addresses, numbers, endpoints, tokens, places."""
    return [
        ROSA.encode(),
        PHONE.removeprefix("+1").encode(),
        browser.name.encode(),
        browser.fields["push_key"].encode(),
        COUNTY.encode(),
        *(link.rpartition("/")[2].encode() for link in links),
    ]


def test_nothing_of_who_follows_is_readable_in_any_file(
    scene: FollowScene, store: Store, rights: Kind, push_service: PushService
) -> None:
    browser = PushBrowser(push_service.origin)
    links = follow_all(scene, browser, POSTAL_CODE)
    assert len(scene.rows()) == 3
    assert "Condado de Broadwater" in scene.client.get(links[0]).text
    found = traces(scene.config, store, scene.key_store, needles(links, browser))
    assert found == []


def test_nothing_is_left_of_who_ended_it(
    scene: FollowScene, store: Store, chicago: Office, rights: Kind, push_service: PushService
) -> None:
    browser = PushBrowser(push_service.origin)
    links = follow_all(scene, browser)
    scene.deliver()
    with store.change() as session:
        make_workshop(session, chicago, rights, now=clock.now() + HOUR)
    assert scene.notify(after=3 * HOUR) == 3
    rows = [(row.id, row.sealed, row.recipient, row.link) for row in scene.rows()]
    for link in links:
        assert "Ya no te avisamos" in scene.client.post(f"{link}/fin").text
        assert scene.client.get(link).status_code == 404
    assert scene.rows() == []
    assert scene.messages() == []
    stored = [value for row in rows for value in row]
    hex_values = [value.hex().encode() for value in stored]
    found = traces(
        scene.config, store, scene.key_store, [*needles(links, browser), *stored, *hex_values]
    )
    # PostgreSQL keeps dead rows until VACUUM: encrypted, and their token leads nowhere.
    assert found == [] or not store.is_sqlite


def test_no_backup_has_anything_of_who_follows(
    scene: FollowScene, store: Store, rights: Kind, push_service: PushService, tmp_path: Path
) -> None:
    browser = PushBrowser(push_service.origin)
    links = follow_all(scene, browser, POSTAL_CODE)
    file = tmp_path / "spare"
    key_backup.save(scene.key_store, file, now=clock.now())
    sealed = [row.sealed.hex().encode() for row in scene.rows()]
    text = file.read_bytes()
    assert not any(each in text for each in [*needles(links, browser), *sealed])
    with store.read() as session:
        tables = sa.inspect(session.connection()).get_table_names()
    assert not {"follow", "follow_message"} & set(tables)


def test_replaced_master_key_encrypts_follows_again(
    scene: FollowScene, rights: Kind, push_service: PushService
) -> None:
    links = follow_all(scene, PushBrowser(push_service.origin))
    before = {row.id: row.sealed for row in scene.rows()}
    number = rotation.rotate(scene.key_store, now=clock.now()).number
    assert {row.generation for row in scene.rows()} == {number}
    assert all(row.sealed != before[row.id] for row in scene.rows())
    for link in links:
        assert scene.client.get(link).status_code == 200


def test_follow_that_no_master_key_decrypts_is_erased(scene: FollowScene, rights: Kind) -> None:
    scene.follow()
    with scene.key_store.store.change() as session:
        session.execute(sa.update(Follow).values(generation=99))
    assert follows.purge(scene.key_store, now=clock.now()) == 1


def test_log_has_nothing_of_who_follows(
    scene: FollowScene, rights: Kind, push_service: PushService
) -> None:
    lines, logger = io.StringIO(), logging.getLogger("outreach")  # the mail server logs too
    handler, level = logging.StreamHandler(lines), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        browser = PushBrowser(push_service.origin)
        push_service.statuses = [500, 410]
        links = follow_all(scene, browser)
        scene.postman.always["RCPT"] = "550 no such user"
        scene.gateway.answers += [500]
        scene.post(email=ROSA)
        scene.post(contact="text", text=PHONE)
        scene.deliver()
        scene.later += DAY
        scene.deliver()
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    text = lines.getvalue().encode()
    assert [each for each in needles(links, browser) if each in text] == []


def test_stranger_with_a_script_learns_nothing_and_fills_nothing(
    scene: FollowScene, rights: Kind
) -> None:
    """A thousand posts leave one request for an address, and no message but the first few."""
    for number in range(60):
        answer = scene.post(email=ROSA, donde=("60608", "Dallas")[number % 2])
        assert (answer.status_code, answer.location) == (303, f"{FORM}/listo")
    assert len(scene.rows()) == 1
    scene.deliver()
    assert len(scene.postman.letters) == 1


@pytest.fixture
def announced(store: Store, chicago: Office, scene: FollowScene) -> list[Workshop]:
    """A workshop of each kind in the package's taxonomy, published after somebody followed."""
    with store.change() as session:
        kinds_file.load(session, kinds_file.read(TAXONOMY), now=clock.now())
    for lang in LANGUAGES:
        assert scene.post(lang=lang, email=f"{lang}@ejemplo.com").status_code == 303
        scene.post(lang=lang, contact="text", text=f"312 555 01{60 + LANGUAGES.index(lang)}")
    scene.deliver()
    links = [
        re.search(r"/\w\w/avisame/s/[\w-]{22}", text)
        for text in [
            *(letter.get_content() for letter in scene.postman.letters),
            *(asked[3] for asked in scene.gateway.asked),
        ]
    ]
    for link in links:
        assert link is not None
        assert scene.client.post(link[0]).status_code == 303
    with store.change() as session:
        return [
            make_workshop(
                session, chicago, each, title=each.name, way=Way.PLACE, now=clock.now() + HOUR
            )
            for each in kinds.list_kinds(session)
        ]


def test_no_subject_text_or_letter_reveals_a_kind(
    scene: FollowScene, announced: list[Workshop]
) -> None:
    scene.notify(after=3 * HOUR)
    late = clock.now().date() + 84 * DAY
    key_store = KeyStore(scene.key_store.store, MasterKeys(scene.config.keys), noon_of(late))
    replace(scene, key_store=key_store, later=84 * DAY).notify()
    assert len(scene.postman.letters) == 9, "confirmation, news and end in three languages"
    assert len(scene.gateway.asked) == 9
    secret = [each for each in announced if each.is_sensitive]
    assert len(secret) >= 8
    for letter in scene.postman.letters:
        for workshop in announced:
            subject = str(letter["Subject"])
            assert forbidden_words(subject, workshop, (*NEVER, *WORKSHOP)) == []
            assert forbidden_words(str(letter["From"]), workshop, NEVER) == []
        body = body_of(letter)
        assert body.count("http") <= 1
        for workshop in secret:
            for title in workshop.title.values():
                assert title not in body
    for _method, _path, _headers, text in scene.gateway.asked:
        words = re.search(r'"text": "([^"]*)"', text)
        assert words is not None
        assert sms.parts(words[1]) == 1
        for workshop in announced:
            assert (
                forbidden_words(words[1].partition("http")[0], workshop, (*NEVER, *WORKSHOP)) == []
            )
