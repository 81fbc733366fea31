"""The link by which a roster member answers, and their calendar feed: no sign-in, nobody's name."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar

from outreach import clock
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations.change_notifications import LATER
from outreach.domain.roster import answer_links, assignments, members
from outreach.domain.roster.models import (
    AssignmentState,
    RosterAssignment,
    RosterMember,
    RosterRole,
)
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat, venue
from tests.domain.roster.test_assignments import move
from tests.support.fixed_clock import fixed_clock
from tests.support.roster import NAME, add_member, read_assignment, read_state

pytestmark = [fixed_clock, pytest.mark.any_database]

GONE = "Este enlace ya no vale"


class AnswerScene:
    """A member who is asked for a workshop, and their link."""

    def __init__(
        self, app: Flask, store: Store, key_store: KeyStore, office: Office, kind: Kind
    ) -> None:
        self.client: FlaskClient = app.test_client(use_cookies=False)
        self.store, self.key_store = store, key_store
        with store.change() as session:
            place = venue(session, office, "Casa Jacaranda", address="77 Jacaranda Ave.")
            self.workshop = make_workshop(session, office, kind, venue=place)
        self.member = add_member(store, key_store, office)
        with store.change() as session:
            assignments.ask(
                session,
                session.get_one(Workshop, self.workshop.id),
                session.get_one(RosterMember, self.member.id),
                now=clock.now(),
            )
        self.path = self.make_path()

    def make_path(self) -> str:
        """The link in a letter that is written now."""
        assignment = read_assignment(self.store, self.workshop, self.member)
        key = self.key_store.get(self.member.key_id)
        return f"/es/equipo/{answer_links.make_token(assignment, key)}"

    def state(self) -> AssignmentState:
        return read_state(self.store, self.workshop, self.member)

    def list_actions(self) -> list[str]:
        with self.store.read() as session:
            return list(session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))

    def make_feed(self) -> str:
        with self.store.change() as session:
            member = session.get_one(RosterMember, self.member.id)
            token = members.make_feed(member, now=clock.now())
        return f"/es/equipo/cal/{token}.ics"


@pytest.fixture
def scene(
    app: Flask, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> AnswerScene:
    return AnswerScene(app, store, key_store, chicago, rights)


@pytest.fixture
def discreet_scene(
    app: Flask, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> AnswerScene:
    return AnswerScene(app, store, key_store, chicago, women)


def test_opening_the_link_answers_nothing(scene: AnswerScene) -> None:
    for query in ("", "?r=si", "?r=no"):
        for method in ("GET", "HEAD"):
            response = scene.client.open(scene.path + query, method=method)
            assert response.status_code == 200
            assert response.headers["Cache-Control"] == "no-store"
            assert "noindex" in response.headers["X-Robots-Tag"]
            assert "Set-Cookie" not in response.headers
    assert scene.state() is AssignmentState.ASKED
    assert scene.list_actions() == []


def test_answer_is_recorded_by_post_and_logged_once(scene: AnswerScene) -> None:
    page = scene.client.get(f"{scene.path}?r=si").text
    assert "¿Puedes dar este taller?" in page
    for _time in range(2):
        response = scene.client.post(scene.path, data={"r": "si"})
        assert (response.status_code, response.location) == (303, scene.path)
    assert scene.state() is AssignmentState.CONFIRMED
    assert "Dijiste que sí" in scene.client.get(scene.path).text
    scene.client.post(scene.path, data={"r": "no"})
    assert scene.state() is AssignmentState.DECLINED
    assert scene.list_actions() == ["member confirmed", "member declined"]


def test_link_of_before_a_move_answers_nothing(scene: AnswerScene) -> None:
    scene.client.post(scene.path, data={"r": "si"})
    with scene.store.change() as session:
        move(session, scene.workshop, LATER)
    assert GONE in scene.client.get(scene.path).text
    assert GONE in scene.client.post(scene.path, data={"r": "si"}).text
    assert scene.state() is AssignmentState.ASK_AGAIN
    new_path = scene.make_path()
    assert new_path != scene.path
    scene.client.post(new_path, data={"r": "si"})
    assert scene.state() is AssignmentState.CONFIRMED


def test_released_member_answers_nothing(scene: AnswerScene) -> None:
    scene.client.post(scene.path, data={"r": "si"})
    assignment = read_assignment(scene.store, scene.workshop, scene.member)
    with scene.store.change() as session:
        current = session.get_one(RosterAssignment, assignment.id)
        assignments.release(session, current, now=clock.now())
    assert GONE in scene.client.post(scene.path, data={"r": "si"}).text
    assert scene.state() is AssignmentState.RELEASED


def test_link_expires_when_the_workshop_starts(
    app: Flask, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    scene = AnswerScene(app, store, key_store, chicago, rights)
    with store.change() as session:
        session.execute(
            sa.update(Workshop)
            .where(Workshop.id == scene.workshop.id)
            .values(starts_at=clock.now() - timedelta(minutes=1))
        )
    assert "Ya pasó la hora de contestar" in scene.client.get(scene.path).text
    response = scene.client.post(scene.path, data={"r": "si"})
    assert "Ya pasó la hora de contestar" in response.text
    assert scene.state() is AssignmentState.ASKED


def test_cancelled_workshop_takes_no_answer(scene: AnswerScene) -> None:
    with scene.store.change() as session:
        current = session.get_one(Workshop, scene.workshop.id)
        workshop_service.cancel(session, current, now=clock.now())
    assert "Se canceló" in scene.client.post(scene.path, data={"r": "si"}).text
    assert scene.state() is AssignmentState.ASKED


@pytest.mark.parametrize("wrong", ["", "quizás", "SI"])
def test_other_answers_change_nothing(scene: AnswerScene, wrong: str) -> None:
    assert scene.client.post(scene.path, data={"r": wrong}).status_code == 200
    assert scene.state() is AssignmentState.ASKED


def test_forged_links_are_all_alike(scene: AnswerScene) -> None:
    number, known, signature = scene.path.rpartition("/")[2].split(".")
    other = "A" * len(signature)
    wrong = [
        f"{number}.{known}.{other}", f"{int(number) + 1}.{known}.{signature}",
        f"{number}.{other}.{signature}", f"{number}.{known}.", f"{number}.é.{signature}", number,
        "x.y.z", f"{'9' * 30}.{known}.{signature}", f"-1.{known}.{signature}",
    ]  # fmt: skip
    answers = {
        (response.status_code, response.text)
        for each in wrong
        for response in (
            scene.client.get(f"/es/equipo/{each}"),
            scene.client.post(f"/es/equipo/{each}", data={"r": "si"}),
        )
    }
    assert [status for status, _text in answers] == [404]
    assert scene.state() is AssignmentState.ASKED


def test_link_of_a_retired_or_erased_member_is_gone(scene: AnswerScene) -> None:
    with scene.store.change() as session:
        session.get_one(RosterMember, scene.member.id).retired_at = clock.now()
    assert scene.client.get(scene.path).status_code == 404
    with scene.store.change() as session:
        session.get_one(RosterMember, scene.member.id).retired_at = None
    scene.key_store.destroy(scene.member.key_id)
    assert scene.client.get(scene.path).status_code == 404


def test_address_of_a_discreet_workshop_is_shown_after_yes(discreet_scene: AnswerScene) -> None:
    scene = discreet_scene
    seat(scene.store, scene.key_store, scene.workshop, name="Luz Canaria")
    page = scene.client.get(scene.path).text
    for secret in ("Jacaranda", "Luz", "Taller de mujeres", NAME):
        assert secret not in page
    scene.client.post(scene.path, data={"r": "si"})
    page = scene.client.get(scene.path).text
    assert "77 Jacaranda Ave." in page
    assert "Luz" not in page


def test_feed_has_own_assignments_only(scene: AnswerScene, chicago: Office, rights: Kind) -> None:
    with scene.store.change() as session:
        make_workshop(session, chicago, rights, title={"es": "Otro taller"})
    path = scene.make_feed()
    response = scene.client.get(path)
    assert response.mimetype == "text/calendar"
    assert response.headers["Cache-Control"] == "private, no-cache"
    (event,) = Calendar.from_ical(response.data).events
    assert event["SUMMARY"] == "POR CONFIRMAR: Conoce tus derechos"
    assert event["STATUS"] == "TENTATIVE"
    scene.client.post(scene.path, data={"r": "si"})
    (event,) = Calendar.from_ical(scene.client.get(path).data).events
    assert (event["SUMMARY"], event["STATUS"]) == ("Conoce tus derechos", "CONFIRMED")
    assert "URL" not in event
    assert NAME not in scene.client.get(path).text
    scene.client.post(scene.path, data={"r": "no"})
    assert Calendar.from_ical(scene.client.get(path).data).events == []


def test_unchanged_feed_is_not_sent_again(scene: AnswerScene) -> None:
    path = scene.make_feed()
    etag = scene.client.get(path).headers["ETag"]
    assert scene.client.get(path, headers={"If-None-Match": etag}).status_code == 304


def test_feed_of_a_discreet_workshop_is_neutral(discreet_scene: AnswerScene) -> None:
    scene = discreet_scene
    scene.client.post(scene.path, data={"r": "si"})
    text = scene.client.get(scene.make_feed()).text
    (event,) = Calendar.from_ical(text).events
    assert (event["SUMMARY"], event["CLASS"], event["LOCATION"]) == (
        "Taller",
        "PRIVATE",
        "Chicago, IL",
    )
    for secret in ("Jacaranda", "mujeres", "localhost", "talleres.example.org"):
        assert secret not in text


def test_replaced_revoked_and_retired_feeds_are_gone(scene: AnswerScene) -> None:
    first = scene.make_feed()
    second = scene.make_feed()
    assert scene.client.get(first).status_code == 404
    assert scene.client.get(second).status_code == 200
    with scene.store.change() as session:
        members.revoke_feed(session.get_one(RosterMember, scene.member.id))
    assert scene.client.get(second).status_code == 404
    third = scene.make_feed()
    with scene.store.change() as session:
        members.retire(session.get_one(RosterMember, scene.member.id), now=clock.now())
    assert scene.client.get(third).status_code == 404


def test_feed_of_an_erased_member_is_gone(scene: AnswerScene) -> None:
    path = scene.make_feed()
    scene.key_store.destroy(scene.member.key_id)
    assert scene.client.get(path).status_code == 404


def test_interpreter_is_asked_in_their_language(scene: AnswerScene, chicago: Office) -> None:
    interpreter = add_member(
        scene.store, scene.key_store, chicago, RosterRole.INTERPRETER, lang="fr"
    )
    with scene.store.change() as session:
        assignments.ask(
            session,
            session.get_one(Workshop, scene.workshop.id),
            session.get_one(RosterMember, interpreter.id),
            now=clock.now(),
        )
    assignment = read_assignment(scene.store, scene.workshop, interpreter)
    token = answer_links.make_token(assignment, scene.key_store.get(interpreter.key_id))
    assert "interpréter" in scene.client.get(f"/fr/equipo/{token}").text
    assert "interpret" in scene.client.get(f"/en/equipo/{token}").text
