"""Letters to roster members through a real mail server: what they say, and what they never say."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from flask import Flask

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.change_notifications import LATER, NotifyDecision, NotifyMode
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.roster import assignments
from outreach.domain.roster.models import RosterAssignment, RosterMember, RosterRole
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.mail import delivery, roster_letters
from outreach.mail.delivery_round import deliver
from tests.conftest import make_workshop, seat, venue
from tests.support.fixed_clock import fixed_clock
from tests.support.ports import free_port
from tests.support.roster import EMAIL, add_member, list_unsent, read_assignment
from tests.support.smtp_server import Postman, serve_mail

pytestmark = [fixed_clock, pytest.mark.any_database]

TELL = NotifyDecision(NotifyMode.NOTIFY, UNDO_WINDOW)
IN_EACH_LANGUAGE = {"es": "¿Puedes", "en": "Can you", "fr": "Pouvez-vous"}


@dataclass
class RosterPost:
    """Asks members and delivers their letters to the mail server."""

    app: Flask
    store: Store
    key_store: KeyStore
    config: Config
    postman: Postman

    def ask(self, workshop: Workshop, member: RosterMember) -> None:
        with self.store.change() as session:
            current = session.get_one(Workshop, workshop.id)
            found = session.get_one(RosterMember, member.id)
            assignments.ask(session, current, found, now=clock.now())

    def deliver(self, after: timedelta = UNDO_WINDOW) -> int:
        config = replace(self.config, smtp_url=f"smtp://127.0.0.1:{self.postman.port}")
        transport = delivery.letter_transport(config)
        assert transport is not None
        now: datetime = clock.now() + after
        with self.app.app_context():
            return deliver(
                roster_letters.letter_outlets(self.store, self.key_store, config, transport),
                now=now,
            )

    @property
    def last_text(self) -> str:
        letter = self.postman.letters[-1]
        return f"{letter['From']}\n{letter['Subject']}\n{letter.get_content()}"


@pytest.fixture
def post(app: Flask, store: Store, key_store: KeyStore, config: Config) -> Iterator[RosterPost]:
    with serve_mail(Postman(free_port())) as postman:
        yield RosterPost(app, store, key_store, config, postman)


@pytest.mark.parametrize("lang", IN_EACH_LANGUAGE)
def test_question_is_in_the_members_language_with_both_answers(
    post: RosterPost, chicago: Office, rights: Kind, lang: str
) -> None:
    with post.store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    member = add_member(post.store, post.key_store, chicago, lang=lang)
    post.ask(workshop, member)
    assert post.deliver(timedelta(0)) == 0, "the hold"
    assert post.deliver() == 1
    assert post.postman.to == [EMAIL]
    text = post.last_text
    assert IN_EACH_LANGUAGE[lang] in text
    links = [each for each in text.split() if "/equipo/" in each]
    base = f"{post.config.public_url}/{lang}/equipo/"
    assert all(each.startswith(base) for each in links)
    assert [each.rpartition("?")[2] for each in links] == ["r=si", "r=no"]
    assert post.deliver() == 0, "once"
    assert read_assignment(post.store, workshop, member).known_facts is not None


@pytest.mark.parametrize("lang", IN_EACH_LANGUAGE)
def test_letter_about_a_discreet_workshop_says_no_kind_address_or_attendee(
    post: RosterPost, chicago: Office, women: Kind, lang: str
) -> None:
    with post.store.change() as session:
        place = venue(session, chicago, "Casa Canaria", address="77 Canaria Ave.")
        workshop = make_workshop(
            session, chicago, women, venue=place, title={"es": "Círculo de mujeres"}
        )
    seat(post.store, post.key_store, workshop, name="Luz Canaria", contact=ContactMethod.NONE)
    member = add_member(
        post.store, post.key_store, chicago, RosterRole.INTERPRETER, name="Nayeli", lang=lang,
        email="nayeli@example.org",
    )  # fmt: skip
    post.ask(workshop, member)
    assert post.deliver() == 1
    text = post.last_text
    for secret in ("Canaria", "Círculo", "mujer", "women", "femme", "Luz", "onsula", "Nayeli"):
        assert secret not in text.replace("nayeli@", ""), secret
    assert "Zona de Pilsen, Chicago" in text


def test_subject_never_names_the_kind(post: RosterPost, chicago: Office, rights: Kind) -> None:
    with post.store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    post.ask(workshop, add_member(post.store, post.key_store, chicago))
    post.deliver()
    subject = str(post.postman.letters[-1]["Subject"])
    assert subject.startswith("¿Puedes el ")
    assert "derechos" not in subject


def test_letter_says_what_is_true_when_it_is_sent(
    post: RosterPost, chicago: Office, rights: Kind
) -> None:
    with post.store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    member = add_member(post.store, post.key_store, chicago)
    post.ask(workshop, member)
    move(post, workshop)
    assert post.deliver(2 * UNDO_WINDOW) == 1, "one letter"
    assert "5 de diciembre" in post.last_text
    assert "Dijiste que sí" not in post.last_text


def move(post: RosterPost, workshop: Workshop, decision: NotifyDecision = TELL) -> None:
    with post.store.change() as session:
        current = session.get_one(Workshop, workshop.id)
        data = workshop_service.get_data(current)
        later = replace(data, day=data.day + timedelta(days=1))
        workshop_service.change(session, current, later, now=clock.now(), decision=decision)


def test_confirmed_member_gets_letters_of_a_move_and_of_a_cancellation(
    post: RosterPost, chicago: Office, rights: Kind
) -> None:
    with post.store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    member = add_member(post.store, post.key_store, chicago)
    post.ask(workshop, member)
    post.deliver()
    assignment = read_assignment(post.store, workshop, member)
    with post.store.change() as session:
        current = session.get_one(RosterAssignment, assignment.id)
        assignments.answer(session, current, can_come=True, now=clock.now())
    move(post, workshop)
    assert post.deliver() == 1
    assert "Dijiste que sí, y después cambió" in post.last_text
    with post.store.change() as session:
        found = session.get_one(Workshop, workshop.id)
        workshop_service.cancel(session, found, now=clock.now(), decision=TELL)
    assert post.deliver() == 1
    assert "Se canceló" in post.last_text


def test_cancellation_names_no_day_that_its_member_does_not_know(
    post: RosterPost, chicago: Office, rights: Kind
) -> None:
    with post.store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    member = add_member(post.store, post.key_store, chicago)
    post.ask(workshop, member)
    post.deliver()
    move(post, workshop, LATER)
    with post.store.change() as session:
        found = session.get_one(Workshop, workshop.id)
        workshop_service.cancel(session, found, now=clock.now(), decision=TELL)
    assert post.deliver() == 1
    assert "Ya no hace falta que vayas: se canceló." in post.last_text


def test_letter_to_an_erased_member_is_not_sent(
    post: RosterPost, chicago: Office, rights: Kind
) -> None:
    with post.store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    member = add_member(post.store, post.key_store, chicago)
    post.ask(workshop, member)
    post.key_store.destroy(member.key_id)
    assert post.deliver() == 0
    assert list_unsent(post.store) == []
    assert post.postman.letters == []


def test_refused_letter_is_tried_again(post: RosterPost, chicago: Office, rights: Kind) -> None:
    with post.store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    member = add_member(post.store, post.key_store, chicago)
    post.ask(workshop, member)
    post.postman.always["RCPT"] = "451 later"
    assert post.deliver() == 0
    assert read_assignment(post.store, workshop, member).known_facts is None
    post.postman.always.clear()
    assert post.deliver(UNDO_WINDOW + timedelta(hours=1)) == 1
