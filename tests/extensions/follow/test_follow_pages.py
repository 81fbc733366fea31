"""«Avísame»: asking, confirming, renewing and ending, by letter, text and push (S40)."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.extensions.follow import erasure, follows, matching, push_subscriptions
from outreach.extensions.follow.tables import (
    Follow,
    FollowMessageType,
    FollowSubject,
)
from outreach.keystore import KeyStore, MasterKeys
from tests.conftest import seat
from tests.extensions.follow.follow_scene import (
    FORM,
    FollowScene,
    add_kind,
    change_kind,
    publish,
)
from tests.extensions.follow.push_service import PushBrowser, PushService
from tests.support.daytime import noon_of
from tests.support.fixed_clock import fixed_clock
from tests.support.limits import UNLIMITED
from tests.support.ports import free_port

pytestmark = fixed_clock
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ROSA, PHONE = "rosa@ejemplo.com", "+13125550199"


@pytest.fixture
def daca(store: Store, rights: Kind) -> Kind:
    return add_kind(store, rights, "daca", sensitivity="high")


# By letter


def test_letter_announces_what_is_new_once_it_is_confirmed(
    scene: FollowScene, store: Store, chicago: Office, rights: Kind
) -> None:
    answer = scene.post()
    assert (answer.status_code, answer.location) == (303, f"{FORM}/listo")
    assert "Falta un paso" in scene.client.get(answer.location).text
    scene.deliver()
    (letter,) = scene.postman.letters
    assert (letter["To"], letter["Subject"]) == (ROSA, "Confirma tus avisos")
    link = scene.last_link()
    assert "¿Quieres estos avisos?" in scene.client.get(link).text
    publish(store, chicago, rights, later=HOUR)
    assert scene.notify(after=3 * HOUR) == 0, "nobody has confirmed"
    assert scene.client.post(link).status_code == 303
    workshop = publish(store, chicago, rights, later=HOUR)
    assert scene.notify() == 1
    letter = scene.postman.letters[-1]
    assert letter["Subject"] == "Hay fechas nuevas"
    assert "Conoce tus derechos" in letter.get_content()
    assert letter["List-Unsubscribe"] == f"<http://localhost:8000{link}/fin>"
    page = scene.client.get(link).text
    assert "Condado de Cook" in page
    assert f"/es/t/{workshop.public_id}" not in page, "it is announced an hour after publication"
    assert scene.notify(after=DAY) == 0


def test_buttons_of_the_page_confirm_renew_and_end(scene: FollowScene, rights: Kind) -> None:
    """By the addresses that stand in the page."""
    scene.post()
    scene.deliver()
    link = scene.last_link()

    def press(path: str, page: str) -> TestResponse:
        assert f'<form class="actions" method="post" action="{path}"' in page or (
            f'<form method="post" action="{path}"' in page
        )
        return scene.client.post(path)

    assert press(link, scene.client.get(link).text).location == link
    page = scene.client.get(link).text
    assert press(f"{link}/renovar", page).location == link
    assert f'action="{link}/fin"' in page
    assert f'href="{link}"' in scene.client.get(f"{link}/fin").text
    press(f"{link}/fin", scene.client.get(f"{link}/fin").text)
    assert scene.rows() == []


def test_opening_a_link_changes_nothing(scene: FollowScene) -> None:
    scene.post()
    scene.deliver()
    link = scene.last_link()
    for path in (link, f"{link}/fin"):
        assert scene.client.get(path).status_code == 200
    assert [row.is_confirmed for row in scene.rows()] == [False]


def test_one_letter_a_week_says_all_that_came(
    scene: FollowScene, store: Store, chicago: Office, rights: Kind
) -> None:
    scene.follow()
    publish(store, chicago, rights, later=HOUR, title={"es": "El primero"})
    assert scene.notify(after=3 * HOUR) == 1
    publish(store, chicago, rights, later=4 * HOUR, title={"es": "El segundo"})
    publish(store, chicago, rights, later=DAY, title={"es": "El tercero"})
    assert scene.notify(after=2 * DAY) == 0
    assert scene.notify(after=6 * DAY) == 1
    text = scene.postman.letters[-1].get_content()
    assert "El segundo" in text
    assert "El tercero" in text
    assert "El primero" not in text


def test_letter_says_nothing_of_what_was_cancelled_meanwhile(
    scene: FollowScene, store: Store, chicago: Office, rights: Kind
) -> None:
    scene.follow()
    workshop = publish(store, chicago, rights, later=HOUR)
    scene.postman.always["RCPT"] = "451 later"
    assert scene.notify(after=3 * HOUR) == 1
    with store.change() as session:
        workshop_service.cancel(session, session.merge(workshop, load=False), now=scene.now)
    scene.postman.always.clear()
    scene.later += DAY
    scene.deliver()
    assert scene.letters() == []


def test_discreet_and_unlisted_workshops_are_announced_to_nobody(
    scene: FollowScene, store: Store, chicago: Office, rights: Kind, women: Kind,
    push_service: PushService,
) -> None:  # fmt: skip
    scene.follow()
    scene.follow(**PushBrowser(push_service.origin).fields, kinds=["mujeres", women.public_code])
    publish(store, chicago, women, later=HOUR)
    publish(store, chicago, rights, later=HOUR, way=Way.UNLISTED)
    assert scene.notify(after=3 * HOUR) == 0
    page = scene.client.get(f"{FORM}?tipo={women.public_code}&donde=60608").text
    assert 'value="mujeres"' not in page


def test_place_far_away_and_other_kinds_are_not_announced(
    scene: FollowScene, store: Store, chicago: Office, calgary: Office, rights: Kind, daca: Kind
) -> None:
    scene.follow(kinds=["derechos"])
    publish(store, chicago, daca, later=HOUR)
    with store.change() as session:
        session.get_one(Office, calgary.id).latitude = 51.05
        session.get_one(Office, calgary.id).longitude = -114.07
    with store.read() as session:
        moved = session.get_one(Office, calgary.id)
    publish(store, moved, rights, later=HOUR)
    assert scene.notify(after=3 * HOUR) == 0


def test_letter_of_all_workshops_hides_the_title_of_a_sensitive_one(
    scene: FollowScene, store: Store, chicago: Office, daca: Kind
) -> None:
    scene.follow()
    publish(store, chicago, daca, later=HOUR, title={"es": "Renueva tu DACA"})
    assert scene.notify(after=3 * HOUR) == 1
    text = scene.postman.letters[-1].get_content()
    assert "Chicago" in text
    assert "DACA" not in text


# What may be stored


@pytest.mark.parametrize("contact", ["email", "text"])
def test_single_kind_of_high_sensitivity_is_not_stored_with_an_address(
    scene: FollowScene, daca: Kind, contact: str
) -> None:
    answer = scene.post(kinds=["daca"], contact=contact, text="312 555 0199")
    assert answer.status_code == 422
    assert "no guardamos estos temas: Tema daca" in answer.text
    assert ROSA in answer.text, "what was typed stays"
    assert scene.rows() == []


def test_workshop_of_high_sensitivity_is_followed_by_push_only(
    scene: FollowScene, store: Store, chicago: Office, daca: Kind, push_service: PushService
) -> None:
    workshop = publish(store, chicago, daca, later=-DAY, opens_days=2)
    page = scene.client.get(f"{FORM}?taller={workshop.public_id}").text
    assert 'value="email"' not in page
    assert 'value="push"' in page
    answer = scene.post(taller=workshop.public_id)
    assert answer.status_code == 422
    assert scene.rows() == []
    browser = PushBrowser(push_service.origin)
    assert scene.post(taller=workshop.public_id, **browser.fields).status_code == 303


def test_no_place_finer_than_a_county_is_stored(scene: FollowScene, rights: Kind) -> None:
    link = scene.follow(donde="60608")
    follow = follows.find(scene.key_store, link.rpartition("/")[2])
    area = follow.details.choice.area
    assert area is not None
    assert (area.name, area.region, area.code) == ("Cook County", "IL", "")


@pytest.mark.parametrize(
    ("typed", "name"),
    [("Toronto", "Toronto"), ("Yellowknife", "Northwest Territories"), ("IL", "Illinois"),
     ("Washington, D.C.", "District of Columbia")],
)  # fmt: skip
def test_place_without_counties_is_a_large_town_or_its_province(
    scene: FollowScene, rights: Kind, typed: str, name: str
) -> None:
    link = scene.follow(donde=typed)
    area = follows.find(scene.key_store, link.rpartition("/")[2]).details.choice.area
    assert area is not None
    assert area.name == name


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"donde": ""}, "Escribe tu código postal o tu ciudad."),
        ({"donde": "Xyzzy"}, "No conocemos ese lugar."),
        ({"donde": "Aurora"}, "Hay varios lugares con ese nombre."),
        ({"contact": ""}, "Elige cómo te avisamos."),
        ({"contact": "fax"}, "Elige cómo te avisamos."),
        ({"email": "rosa"}, "le falta la @"),
        ({"contact": "text", "text": "911"}, "Escribe los 10 números"),
        ({"contact": "push"}, "Tu teléfono no nos dejó avisarte."),
        ({"website": "x"}, "Algo llenó un dato"),
        ({"stamp": ""}, "Esta página estuvo abierta mucho tiempo."),
    ],
)
def test_wrong_field_is_said_in_one_sentence(
    scene: FollowScene, rights: Kind, typed: dict[str, str], words: str
) -> None:
    answer = scene.post(**typed)
    assert answer.status_code == 422
    assert words in answer.text
    assert scene.rows() == []


@pytest.mark.any_database("refused before anything is stored")
@pytest.mark.parametrize(
    "endpoint",
    [
        "https://10.0.0.1/x", "http://127.0.0.1/x", "https://169.254.169.254/latest",
        "https://example.org/push", "https://fcm.googleapis.com.example.org/x",
        "https://user@fcm.googleapis.com/x", "https://fcm.googleapis.com:8443/x",
        "https://[::1]/x", "https://localhost/x", "ftp://fcm.googleapis.com/x", "",
    ],
)  # fmt: skip
def test_endpoint_that_is_no_push_service_is_refused(
    make_app: Callable[..., Flask], scene: FollowScene, rights: Kind, endpoint: str
) -> None:
    usual = FollowScene(
        make_app(limits=UNLIMITED), scene.store, scene.key_store, scene.config, scene.postman,
        scene.gateway,
    )  # fmt: skip
    usual.app.extensions[push_subscriptions.RULE] = push_subscriptions.PushRule()
    fields = PushBrowser("https://fcm.googleapis.com").fields
    assert usual.post(**fields).status_code == 303
    assert usual.post(**fields | {"push_endpoint": endpoint}).status_code == 422


@pytest.mark.parametrize("name", ["push_key", "push_auth"])
@pytest.mark.parametrize("value", ["", "A", "AAAA", "ñ", "BA" * 44])
def test_wrong_key_of_a_browser_is_refused(
    scene: FollowScene, rights: Kind, push_service: PushService, name: str, value: str
) -> None:
    fields = PushBrowser(push_service.origin).fields
    assert scene.post(**fields | {name: value}).status_code == 422


# Kinds that change after somebody followed


@pytest.mark.any_database
@pytest.mark.parametrize("channel", ["letter", "push"])
def test_kind_that_becomes_sensitive_is_left_out_of_what_is_stored(
    scene: FollowScene, store: Store, rights: Kind, push_service: PushService, channel: str
) -> None:
    typed = PushBrowser(push_service.origin).fields if channel == "push" else {}
    visas = add_kind(store, rights, "visas")
    link = scene.follow(kinds=["derechos", "visas"], **typed)
    assert "Tema visas" in scene.client.get(link).text
    token = link.rpartition("/")[2]
    change = {"is_discreet": True} if channel == "push" else {"sensitivity": "high"}
    change_kind(store, visas, **change)
    assert "Tema visas" not in scene.client.get(link).text
    assert erasure.leave_out_refused(store, scene.key_store) == 1
    assert erasure.leave_out_refused(store, scene.key_store) == 0
    assert follows.find(scene.key_store, token).details.choice.kinds == ("derechos",)


def test_choice_without_any_kind_left_is_all_workshops(
    scene: FollowScene, store: Store, rights: Kind
) -> None:
    link = scene.follow(kinds=["derechos"])
    change_kind(store, rights, sensitivity="high")
    erasure.purge(store, scene.key_store, scene.now)
    assert "Todos los talleres" in scene.client.get(link).text
    follow = follows.find(scene.key_store, link.rpartition("/")[2])
    assert follow.details.choice.kinds == ()


@pytest.mark.any_database
@pytest.mark.parametrize("change", [{"is_discreet": True}, {"sensitivity": "high"}])
@pytest.mark.parametrize("is_confirmed", [True, False])
def test_request_about_a_workshop_ends_when_its_kind_becomes_sensitive(
    scene: FollowScene, store: Store, chicago: Office, rights: Kind, change: dict[str, Any],
    is_confirmed: bool,
) -> None:  # fmt: skip
    workshop = publish(store, chicago, rights, later=-DAY, opens_days=5)
    scene.post(taller=workshop.public_id)
    scene.deliver()
    link = scene.last_link()
    if is_confirmed:
        scene.client.post(link)
    change_kind(store, rights, **change)
    assert scene.client.get(link).status_code == 404, "its page would show the title"
    assert scene.client.post(link).status_code == 404
    assert scene.client.get(f"{link}/fin").status_code == 200
    assert scene.notify(after=9 * DAY) == 0
    assert scene.rows() == []


def test_notice_of_a_workshop_that_becomes_sensitive_before_sending_is_not_sent(
    scene: FollowScene, store: Store, chicago: Office, rights: Kind
) -> None:
    workshop = publish(store, chicago, rights, later=-DAY, opens_days=5)
    scene.follow(taller=workshop.public_id)
    scene.later = 9 * DAY
    assert matching.enqueue_single(store, scene.key_store, now=scene.now) == 1
    change_kind(store, rights, sensitivity="high")
    before = len(scene.postman.letters)
    scene.deliver()
    assert len(scene.postman.letters) == before


# The answers tell nothing


def test_answer_is_the_same_for_who_follows_already(scene: FollowScene, rights: Kind) -> None:
    scene.follow()
    known, unknown = scene.post(), scene.post(email="luz@ejemplo.com")
    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    assert [each[0] for each in known.headers] == [each[0] for each in unknown.headers]
    scene.deliver()
    assert (
        scene.postman.letters[-2].get_content()[:80]
        == (scene.postman.letters[-1].get_content()[:80])
    )


def test_stranger_cannot_flood_a_mailbox_nor_end_what_it_follows(
    scene: FollowScene, rights: Kind
) -> None:
    link = scene.follow()
    for _again in range(8):
        scene.post(kinds=["derechos"])
        scene.deliver()
    assert len(scene.postman.letters) <= 7
    assert len(scene.rows()) == 2, "one request, and what was confirmed"
    assert "Listo: te avisamos" in scene.client.get(link).text


def test_every_link_that_was_sent_confirms_what_was_asked_for_last(
    scene: FollowScene, rights: Kind
) -> None:
    scene.post()
    scene.post(donde="60608")
    scene.deliver()
    assert len(scene.postman.letters) == 1, "two presses of a button"
    link = scene.last_link()
    scene.post(donde="Dallas, TX", kinds=["derechos"])
    scene.deliver()
    assert scene.last_link() == link
    page = scene.client.get(link).text
    assert "Dallas" in page
    assert "Tus derechos" in page


def test_limit_of_requests_does_not_delay_news(
    scene: FollowScene, store: Store, chicago: Office, rights: Kind
) -> None:
    scene.follow()
    for _again in range(8):
        scene.post()
        scene.deliver()
    publish(store, chicago, rights, later=HOUR)
    scene.notify(after=3 * HOUR)
    assert scene.postman.letters[-1]["Subject"] == "Hay fechas nuevas"


def test_second_request_replaces_the_first_when_it_is_confirmed(
    scene: FollowScene, rights: Kind
) -> None:
    first = scene.follow()
    second = scene.follow(kinds=["derechos"])
    assert scene.client.get(first).status_code == 404
    assert "Tus derechos" in scene.client.get(second).text


# Ending


def test_one_click_of_a_mail_program_ends_it(scene: FollowScene, rights: Kind) -> None:
    link = scene.follow()
    answer = scene.client.post(
        f"{link}/fin",
        data={"List-Unsubscribe": "One-Click"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 200
    assert scene.rows() == []
    assert scene.messages() == []
    gone, unknown = scene.client.get(link), scene.client.get(f"{FORM}/s/{'A' * 21}g")
    assert gone.status_code == unknown.status_code == 404
    assert gone.data == unknown.data
    assert "Ya no te avisamos" in scene.client.get(f"{link}/fin").text


def test_it_ends_after_ninety_days_unless_it_is_renewed(
    scene: FollowScene, store: Store, chicago: Office, rights: Kind, config: Config
) -> None:
    link = scene.follow()
    today = clock.now().date()
    late = noon_of(today + timedelta(days=84))
    key_store = KeyStore(scene.key_store.store, MasterKeys(config.keys), late)
    later = replace(scene, key_store=key_store, later=84 * DAY)
    assert later.notify() == 1
    assert later.postman.letters[-1]["Subject"] == "Tus avisos se acaban pronto"
    assert later.notify() == 0
    follows.renew(key_store, follows.find(key_store, link.rpartition("/")[2]))
    assert [row.expires_on for row in scene.rows()] == [today + timedelta(days=174)]
    end = KeyStore(
        scene.key_store.store, MasterKeys(config.keys), noon_of(today + timedelta(days=174))
    )
    assert follows.purge(end, now=clock.now() + 174 * DAY) == 1
    assert scene.rows() == []


def test_end_is_not_announced_to_who_renewed_meanwhile(
    scene: FollowScene, rights: Kind, config: Config
) -> None:
    """Another worker had read the day of before when it queued the message."""
    scene.follow()
    late = clock.now().date() + 84 * DAY
    key_store = KeyStore(scene.key_store.store, MasterKeys(config.keys), noon_of(late))
    assert matching.enqueue_endings(key_store, now=clock.now() + 84 * DAY) == 1
    with key_store.store.change() as session:
        session.execute(sa.update(Follow).values(expires_on=late + 90 * DAY))
    replace(scene, key_store=key_store, later=84 * DAY).deliver()
    assert [each["Subject"] for each in scene.postman.letters] == ["Confirma tus avisos"]


@pytest.mark.races
def test_two_workers_at_once_queue_news_once(
    scene: FollowScene, store: Store, chicago: Office, rights: Kind
) -> None:
    scene.follow()
    publish(store, chicago, rights, later=HOUR)
    start = threading.Barrier(4)

    def look(_number: int) -> int:
        start.wait()
        return matching.enqueue_news(store, scene.key_store, now=scene.now + 3 * HOUR)

    with ThreadPoolExecutor(4) as workers:
        assert sum(workers.map(look, range(4))) == 1
    news = [each for each in scene.messages() if each.message_type is FollowMessageType.NEWS]
    assert len(news) == 1


def test_unconfirmed_request_is_erased_after_three_days(
    scene: FollowScene, rights: Kind, config: Config
) -> None:
    scene.post()
    day = noon_of(clock.now().date() + timedelta(days=3))
    later = KeyStore(scene.key_store.store, MasterKeys(config.keys), day)
    assert follows.purge(later, now=clock.now() + 3 * DAY) == 1
    assert scene.rows() == []


# One workshop


def test_opening_is_announced_once_and_then_erased(
    scene: FollowScene, store: Store, chicago: Office, rights: Kind
) -> None:
    workshop = publish(store, chicago, rights, later=-DAY, opens_days=5)
    page = scene.client.get(f"/es/t/{workshop.public_id}").text
    assert f"/es/avisame?taller={workshop.public_id}" in page
    assert "Avísame cuando abra" in scene.client.get(f"{FORM}?taller={workshop.public_id}").text
    scene.follow(taller=workshop.public_id)
    assert [row.subject for row in scene.rows()] == [FollowSubject.OPENING]
    assert scene.notify(after=DAY) == 0
    assert scene.notify(after=9 * DAY) == 1
    letter = scene.postman.letters[-1]
    assert letter["Subject"] == "Ya puedes apartar"
    assert f"/es/t/{workshop.public_id}" in letter.get_content()
    assert scene.rows() == []


def test_seat_is_announced_when_there_is_one(
    scene: FollowScene, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop = publish(store, chicago, rights, later=-DAY, capacity=1, has_waiting_list=False)
    seat(store, key_store, workshop)
    assert "Avísame si se libera" in scene.client.get(f"/es/t/{workshop.public_id}").text
    scene.follow(taller=workshop.public_id, contact="text", text="312 555 0199")
    assert scene.notify() == 0
    with store.change() as session:
        found = session.get_one(Workshop, workshop.id)
        data = replace(workshop_service.get_data(found), capacity=2)
        workshop_service.change(session, found, data, now=scene.now)
        found.held_seats, found.seats_left, found.undo_until = 0, 1, None
    assert scene.notify() == 1
    assert "lugar" in scene.gateway.asked[-1][3]
    assert scene.rows() == []


def test_workshop_where_there_is_nothing_to_wait_for_leads_back_to_it(
    scene: FollowScene, store: Store, chicago: Office, rights: Kind
) -> None:
    workshop = publish(store, chicago, rights, later=-DAY)
    answer = scene.client.get(f"{FORM}?taller={workshop.public_id}")
    assert (answer.status_code, answer.location) == (302, f"/es/t/{workshop.public_id}")
    assert scene.post(taller=workshop.public_id).status_code == 303
    assert scene.rows() == []


def test_discreet_and_unlisted_workshops_cannot_be_followed(
    scene: FollowScene, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    secret = [
        publish(store, chicago, women, later=-DAY, capacity=0),
        publish(store, chicago, rights, later=-DAY, capacity=0, way=Way.UNLISTED),
    ]
    for each in secret:
        assert "avisame" not in scene.client.get(f"/es/t/{each.public_id}").text
        assert scene.client.get(f"{FORM}?taller={each.public_id}").status_code == 404
        assert scene.post(taller=each.public_id).status_code == 404
    assert scene.rows() == []


def test_cancelled_workshop_ends_what_waits_for_it(
    scene: FollowScene, store: Store, chicago: Office, rights: Kind
) -> None:
    workshop = publish(store, chicago, rights, later=-DAY, opens_days=5)
    scene.follow(taller=workshop.public_id)
    with store.change() as session:
        workshop_service.cancel(session, session.merge(workshop, load=False), now=scene.now)
    assert scene.notify(after=10 * DAY) == 0
    assert scene.rows() == []


# Push


def test_push_message_is_encrypted_for_the_browser_and_signed(
    scene: FollowScene, store: Store, chicago: Office, daca: Kind, push_service: PushService
) -> None:
    browser = PushBrowser(push_service.origin)
    link = scene.follow(**browser.fields, kinds=["daca"])
    assert "Listo: te avisamos" in scene.client.get(link).text
    scene.deliver()
    publish(store, chicago, daca, later=HOUR, title={"es": "Renueva tu DACA"})
    assert scene.notify(after=3 * HOUR) == 1
    first, news = push_service.pushes
    assert browser.is_for(first)
    assert browser.read(first)["body"] == "Listo. Aquí te avisamos."
    assert browser.read(news) == {
        "title": "Aviso", "body": "Hay fechas nuevas.", "path": link, "lang": "es",
    }  # fmt: skip
    assert news.headers["Content-Encoding"] == "aes128gcm"
    assert int(news.headers["TTL"]) > 0
    assert len(first.body) == len(news.body), "the length tells nothing"
    claims = news.read_claims(push_service.origin)
    assert claims["sub"].startswith("mailto:")
    assert 0 < claims["exp"] - clock.now().timestamp() <= 24 * 3600


@pytest.mark.parametrize("status", [404, 410])
def test_subscription_that_is_gone_is_deleted_at_once(
    scene: FollowScene, store: Store, chicago: Office, rights: Kind,
    push_service: PushService, status: int,
) -> None:  # fmt: skip
    browser, other = PushBrowser(push_service.origin), PushBrowser(push_service.origin)
    link = scene.follow(**browser.fields)
    scene.deliver()
    publish(store, chicago, rights, later=HOUR)
    push_service.statuses = [status]
    assert scene.notify(after=3 * HOUR) == 1
    assert scene.client.get(link).status_code == 404
    assert scene.rows() == []
    assert scene.messages() == []
    scene.follow(**other.fields)
    assert len(scene.rows()) == 1


def test_push_service_that_is_busy_is_asked_again(
    scene: FollowScene, rights: Kind, push_service: PushService
) -> None:
    browser = PushBrowser(push_service.origin)
    scene.follow(**browser.fields)
    push_service.statuses = [503]
    scene.deliver()
    scene.later += HOUR
    scene.deliver()
    assert len(push_service.pushes) == 2
    assert len(scene.rows()) == 1


def test_invented_subscriptions_delay_nobody(
    scene: FollowScene, store: Store, chicago: Office, rights: Kind, push_service: PushService
) -> None:
    """They come first, and are written to about nothing before their service has answered."""
    for _number in range(8):
        scene.follow(**PushBrowser(f"http://127.0.0.1:{free_port()}").fields)
    browser = PushBrowser(push_service.origin)
    scene.follow(**browser.fields)
    scene.deliver()
    (first,) = push_service.pushes
    assert browser.is_for(first)
    publish(store, chicago, rights, later=HOUR)
    assert scene.notify(after=3 * HOUR) == 1


def test_subscription_whose_service_is_never_reached_is_deleted(
    scene: FollowScene, rights: Kind
) -> None:
    scene.follow(**PushBrowser(f"http://127.0.0.1:{free_port()}").fields)
    for _try in range(12):
        scene.deliver()
        scene.later += 7 * HOUR
    assert scene.rows() == []
    assert scene.messages() == []


def test_subscription_that_never_worked_is_deleted(
    scene: FollowScene, rights: Kind, push_service: PushService
) -> None:
    scene.follow(**PushBrowser(push_service.origin).fields)
    push_service.statuses = [400]
    scene.deliver()
    assert scene.rows() == []


def test_page_and_worker_of_push_are_the_only_ones_with_a_worker(
    scene: FollowScene, rights: Kind
) -> None:
    page = scene.client.get(FORM)
    assert page.headers["Content-Security-Policy"].endswith("; worker-src 'self'")
    assert "No nos das tu número." in page.text
    script = scene.client.get("/avisame/sw.js")
    assert script.mimetype == "text/javascript"
    for path in ("/es/", f"{FORM}/listo", "/avisame/sw.js"):
        policy = scene.client.get(path).headers["Content-Security-Policy"]
        assert "worker-src" not in policy, path
