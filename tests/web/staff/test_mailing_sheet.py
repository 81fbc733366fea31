"""The sheet before a bulletin and before reminders to offices: who, which words, later, undo."""

import json
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from html import unescape
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.accounts.sessions import StaffSession
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.staff import ALL_OFFICES, Role, StaffMember
from outreach.domain.newsletter import bulletins, subscribers
from outreach.domain.newsletter.bulletins import EditionMail
from outreach.domain.newsletter.mailings import Mailing, MailingTopic
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.keystore import KeyStore
from outreach.mail import delivery, mailings
from outreach.mail.delivery_round import deliver
from outreach.reports import bulletin_data as reports
from tests.support.html_forms import fields
from tests.support.login import server_key
from tests.support.ports import free_port
from tests.support.smtp_server import Postman, serve_mail
from tests.support.staff_client import (
    StaffClient,
    code_now,
    employ,
    enrol,
    hidden,
    signed_in_as,
    words,
)
from tests.web.staff.test_bulletin_editor import (
    MARCH,
    PAGE,
    begin,
    elena,
    form,
    march,
    publish,
    published_editions,
    revise,
)

__all__ = ["elena", "march"]  # fixtures
MAIL = f"{PAGE}/correo"
UNDO = f"{PAGE}/deshacer"
MONTH = "/org/mes/2026-03"
REMIND = f"{MONTH}/recordar"


@dataclass(frozen=True)
class MailingScene:
    """A draft of the bulletin of March, two subscribers, a worker and its mail server."""

    app: Flask
    store: Store
    key_store: KeyStore
    config: Config
    postman: Postman
    elena: StaffClient

    def subscribe(self, name: str, lang: str = "es") -> None:
        sealed = subscribers.prepare(self.key_store, f"{name}@ejemplo.com", lang)
        self.key_store.keep(sealed.key_id, subscribers.ALWAYS)
        with self.store.change() as session:
            subscribers.keep(session, sealed, now=clock.now()).confirmed_at = clock.now()

    def publish(
        self,
        version: int = 1,
        number: int = 1,
        aviso: str = "",
        typed: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """Sends the form to publish, with other values of the fields `typed`."""
        sent: dict[str, Any] = form(number=number, version=version, do="publish")
        sent |= {"aviso": aviso} if aviso else {}
        return self.elena.post(PAGE, **sent | dict(typed or {}))

    def deliver(self, after: timedelta = timedelta(0)) -> list[str]:
        """Runs a round of the worker; returns the names of who got a letter."""
        config = replace(
            self.config, smtp_url=f"smtp://127.0.0.1:{self.postman.port}", smtp_seconds=5
        )
        transport = delivery.letter_transport(config)
        assert transport is not None
        before = len(self.postman.to)
        with self.app.app_context():
            deliver(
                mailings.letter_outlets(
                    self.store, self.key_store, config, transport, server_key=server_key(self.app)
                ),
                now=clock.now() + after,
            )
        return sorted(each.partition("@")[0] for each in self.postman.to[before:])

    def letters(self) -> list[tuple[MailingTopic, datetime]]:
        with self.store.read() as session:
            rows = session.execute(sa.select(Mailing.topic, Mailing.due_at).order_by(Mailing.id))
            return [(row[0], row[1]) for row in rows]

    def mail_of(self, number: int = 1) -> EditionMail | None:
        with self.store.read() as session:
            return bulletins.find(session, MARCH, number).mail

    def undecided(self) -> list[int]:
        """The numbers of the editions about whose letters somebody has to decide."""
        with self.store.read() as session:
            return [each.number for each in bulletins.list_undecided(session)]

    def age(self, by: timedelta) -> None:
        """As if the last decision had been made earlier."""
        with self.store.change() as session:
            for number, _revision in published_editions(self.store):
                edition = bulletins.find(session, MARCH, number)
                assert edition.published_at is not None
                if edition.mail_decided_at is not None:
                    edition.mail_decided_at -= by
                edition.published_at -= by


@pytest.fixture
def scene(
    app: Flask,
    march: Store,
    key_store: KeyStore,
    config: Config,
    elena: StaffClient,
) -> Iterator[MailingScene]:
    with serve_mail(Postman(free_port())) as postman:
        made = MailingScene(app, march, key_store, config, postman, elena)
        made.subscribe("rosa")
        made.subscribe("marie", "fr")
        begin(march)
        yield made


def log_of(store: Store) -> list[str]:
    with store.read() as session:
        return list(session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))


def shown_letters(page: TestResponse) -> list[str]:
    """The letters on a sheet, as `read_letter` gives them."""
    found = re.findall(r'class="letter" lang="\w+"><b>(.+?)</b>(.+?)</div>', page.text, re.DOTALL)
    return sorted(" ".join(unescape(f"{subject} {body}").split()) for subject, body in found)


def read_letter(letter: EmailMessage) -> str:
    """Subject and text of a letter, with the sheet's words in place of a personal link."""
    text = f"{letter['Subject']} {letter.get_content()}"
    own = (letter["List-Unsubscribe"] or "").strip("<>")
    return " ".join((text.replace(own, "(su enlace)") if own else text).split())


# The bulletin


def test_publishing_shows_the_sheet_and_publishes_nothing(scene: MailingScene) -> None:
    page = scene.publish()
    text = words(page)
    assert page.status_code == 200
    for said in (
        "Publicar el boletín",
        "Les llega a 2 personas que lo pidieron",
        "Publicar y enviar a 2 personas",
        "1 en español",
        "1 en francés",
        "Boletín de marzo de 2026",
        "Bulletin : mars 2026",
        "Vino mucha gente.",
        "On est venu nombreux.",
        "(su enlace)",
        "Decidir luego",
        "No avisar",
        "Nada sale antes de 5 minutos",
    ):
        assert said in text, said
    assert "Provisional" not in text, "the words are those of the published bulletin"
    assert "Many came." not in text.split("¿Avisamos?")[1], "nobody reads it in English"
    assert "ejemplo.com" not in text
    assert published_editions(scene.store) == []
    assert scene.letters() == []
    assert "bulletin published" not in log_of(scene.store)
    with scene.store.read() as session:
        assert bulletins.find(session, MARCH, 1).happened["es"] == "Vino mucha gente."
    assert scene.elena.client.get("/es/boletin/2026-03").status_code == 404


def test_sheet_sends_the_form_again_and_letters_wait_for_the_hold(scene: MailingScene) -> None:
    sheet = scene.publish()
    done = scene.elena.post(PAGE, **fields(sheet.text, PAGE) | {"aviso": "avisar"})
    assert done.location == f"{PAGE}?hecho=publicado"
    page = words(scene.elena.get(done.location))
    assert "Publicado. Los correos salen en 5 minutos." in page
    assert published_editions(scene.store) == [(1, 1)]
    assert scene.deliver() == []
    assert scene.deliver(UNDO_WINDOW) == ["marie", "rosa"]
    assert scene.deliver(2 * UNDO_WINDOW) == [], "nothing twice"
    assert sorted(map(read_letter, scene.postman.letters)) == shown_letters(sheet)


def test_form_sent_twice_publishes_and_writes_once(scene: MailingScene) -> None:
    again = fields(scene.publish().text, PAGE) | {"aviso": "avisar"}
    assert scene.elena.post(PAGE, **again).status_code == 303
    assert scene.elena.post(PAGE, **again).status_code == 409
    assert len(scene.letters()) == 2


def test_undo_takes_the_letters_and_the_publication_back(scene: MailingScene) -> None:
    scene.publish(aviso="avisar")
    undone = scene.elena.post(UNDO, number="1")
    assert undone.location == f"{PAGE}?hecho=retirado"
    page = words(scene.elena.get(undone.location))
    assert "Vuelve a ser un borrador y no salió ningún correo" in page
    assert published_editions(scene.store) == []
    assert scene.elena.client.get("/es/boletin/2026-03").status_code == 404
    assert scene.deliver(2 * UNDO_WINDOW) == []
    assert log_of(scene.store)[-1] == "bulletin publication undone"
    assert scene.elena.post(UNDO, number="1").status_code == 409, "undone once"
    with scene.store.read() as session:
        edition = bulletins.find(session, MARCH, 1)
    assert (edition.mail, edition.frozen, edition.digest) == (None, "", "")
    assert edition.withdrawn_at is not None
    assert scene.publish(version=edition.version, aviso="avisar").status_code == 303
    assert scene.deliver(2 * UNDO_WINDOW) == ["marie", "rosa"]


def test_form_of_the_published_version_does_not_publish_a_withdrawn_one(
    scene: MailingScene,
) -> None:
    again = fields(scene.publish().text, PAGE) | {"aviso": "avisar"}
    scene.elena.post(PAGE, **again)
    scene.elena.post(UNDO, number="1")
    assert scene.elena.post(PAGE, **again).status_code == 409
    assert scene.letters() == []


def test_undo_is_refused_after_a_letter_after_the_hold_and_after_a_correction(
    scene: MailingScene,
) -> None:
    scene.publish(aviso="avisar")
    with scene.store.change() as session:
        session.execute(sa.update(Mailing).values(tries=1))
    refused = scene.elena.post(UNDO, number="1")
    assert (refused.status_code, "ya salieron correos" in words(refused)) == (422, True)
    assert len(scene.letters()) == 2, "the letters stay"
    begin(scene.store, seen=1, correction="Un taller no se hizo.")
    assert "alguien ya empezó una corrección" in words(scene.elena.post(UNDO, number="1"))
    scene.age(UNDO_WINDOW)
    assert "ya pasaron los 5 minutos" in words(scene.elena.post(UNDO, number="1"))
    assert published_editions(scene.store) == [(1, 1)]


def test_later_publishes_and_waits_until_somebody_decides(scene: MailingScene) -> None:
    assert scene.publish(aviso="luego").status_code == 303
    assert published_editions(scene.store) == [(1, 1)]
    assert (scene.mail_of(), scene.undecided(), scene.letters()) == ("undecided", [1], [])
    scene.age(UNDO_WINDOW)
    assert "Falta decidir si se manda por correo." in words(scene.elena.get(PAGE))
    assert "Nadie ha decidido si el boletín" in words(scene.elena.get("/org/"))
    sheet = words(scene.elena.post(MAIL, number="1"))
    assert "¿Mandamos el boletín por correo?" in sheet
    assert "Vino mucha gente." in sheet
    assert scene.letters() == []
    assert scene.elena.post(MAIL, number="1", aviso="avisar").status_code == 303
    assert (scene.mail_of(), scene.undecided(), len(scene.letters())) == ("queued", [], 2)
    assert scene.elena.post(MAIL, number="1", aviso="avisar").status_code == 409
    undone = scene.elena.post(UNDO, number="1")
    assert undone.location == f"{PAGE}?hecho=detenido"
    assert published_editions(scene.store) == [(1, 1)], "it was published by an act before"
    assert (scene.mail_of(), scene.undecided(), scene.letters()) == ("undecided", [1], [])


def test_nobody_needs_a_reason_which_is_logged(scene: MailingScene) -> None:
    for typed in ({}, {"aviso_motivo": "Porque Rosa no quiere"}):
        refused = scene.publish(aviso="no", typed=typed)
        assert (refused.status_code, "Elige por qué no se avisa." in words(refused)) == (422, True)
    assert published_editions(scene.store) == []
    assert scene.publish(aviso="no", typed={"aviso_motivo": "small correction"}).status_code == 303
    assert (scene.mail_of(), scene.undecided(), scene.letters()) == ("withheld", [], [])
    assert "Es una corrección pequeña" in words(scene.elena.get("/org/bitacora"))


def test_correction_replaces_letters_that_wait_and_its_undo_asks_about_them(
    scene: MailingScene,
) -> None:
    scene.publish(aviso="avisar")
    revise(scene.store)
    begin(scene.store, seen=1, correction="Un taller no se hizo.")
    text = {f"correction-{lang}": "Un taller no se hizo." for lang in ("es", "en", "fr")}
    titles = {f"title-{lang}": "Marzo" for lang in ("es", "en", "fr")}
    answer = scene.publish(number=2, aviso="avisar", typed=text | titles)
    assert answer.status_code == 303, words(answer)
    assert scene.undecided() == []
    assert len(scene.letters()) == 2, "of the second edition only"
    assert scene.elena.post(UNDO, number="2").status_code == 303
    assert published_editions(scene.store) == [(1, 1)]
    assert scene.undecided() == [1], "its letters were taken by the correction"
    assert "Número 1, publicado. Falta decidir" in words(scene.elena.get(PAGE))
    for _time in range(2):
        assert scene.elena.post(MAIL, number="1", aviso="avisar").status_code == 303
        assert "Los correos salen en 5 minutos." in words(scene.elena.get(PAGE))
        assert scene.elena.post(UNDO, number="1").location == f"{PAGE}?hecho=detenido"
    assert scene.elena.post(MAIL, number="1", aviso="avisar").status_code == 303
    assert scene.deliver(UNDO_WINDOW) == ["marie", "rosa"]


def test_bulletin_without_subscribers_asks_nothing(elena: StaffClient, march: Store) -> None:
    begin(march)
    done = elena.post(PAGE, **form(do="publish"))
    assert done.location == f"{PAGE}?hecho=publicado"
    assert "No sale ningún correo." in words(elena.get(done.location))
    assert elena.post(UNDO, number="1").status_code == 303
    assert published_editions(march) == []


def test_publishing_and_sending_ask_for_the_factor_again(scene: MailingScene) -> None:
    with scene.store.change() as session:
        session.execute(sa.update(StaffSession).values(proven_at=clock.now() - timedelta(hours=2)))
    assert scene.publish(aviso="avisar").status_code == 401
    assert published_editions(scene.store) == []
    asked = scene.elena.post(MAIL, number="1", aviso="avisar")
    assert asked.status_code == 401
    assert f'value="{PAGE}"' in asked.text, "the button has no page to come back to"
    assert scene.elena.post(PAGE, **form(do="save")).status_code == 303, "saving does not ask"


def test_text_is_given_back_after_the_factor(scene: MailingScene) -> None:
    enrol(scene.app, scene.store)
    with scene.store.change() as session:
        session.execute(sa.update(StaffSession).values(proven_at=clock.now() - timedelta(hours=2)))
    asked = scene.publish(aviso="avisar")
    again = hidden(asked, "/org/confirmar") | {"code": code_now()}
    restored = scene.elena.post("/org/confirmar", **again)
    assert "Vino mucha gente." in restored.text
    assert published_editions(scene.store) == []


def test_public_pages_are_not_cached_long_while_publishing_can_be_undone(
    scene: MailingScene,
) -> None:
    publish(scene.store)  # in April

    def ages() -> set[str]:
        addresses = ("/es/boletin/2026-03", "/es/boletin/2026-03.txt", "/es/boletin/atom.xml")
        return {scene.elena.client.get(each).headers["Cache-Control"] for each in addresses}

    assert ages() == {"public, max-age=3600"}
    begin(scene.store, seen=1, correction="Un taller no se hizo.")
    with scene.store.change() as session:
        edition = bulletins.find(session, MARCH, 2)
        document = reports.document(session, MARCH, now=clock.now(), edition=edition)

        def freeze(_edition: bulletins.BulletinEdition) -> str:
            published = replace(document, published_at=clock.now())
            return json.dumps(reports.as_json(published))

        bulletins.publish(session, edition, freeze, version=1, now=clock.now())
    assert ages() == {"public, max-age=60"}


@pytest.mark.parametrize("number", ["", "0", "7", "x", "99999999", "٣"])
def test_unknown_edition_is_not_decided_on(scene: MailingScene, number: str) -> None:
    assert scene.elena.post(MAIL, number=number, aviso="avisar").status_code == 409
    assert scene.elena.post(UNDO, number=number).status_code == 409


@pytest.mark.races
def test_undo_and_worker_at_once_never_write_about_a_withdrawn_bulletin(
    scene: MailingScene,
) -> None:
    scene.publish(aviso="avisar")
    ready = Barrier(2)

    def undo() -> int:
        ready.wait()
        return scene.elena.post(UNDO, number="1").status_code

    def work() -> list[str]:
        ready.wait()
        return scene.deliver(UNDO_WINDOW)

    with ThreadPoolExecutor(2) as pool:
        undone, sent = pool.submit(undo), pool.submit(work)
        is_undone = undone.result() == 303
        sent_to = sent.result()
    assert bool(sent_to) != is_undone
    assert bool(published_editions(scene.store)) != is_undone


# Reminders


@pytest.fixture
def headquarters(store: Store, chicago: Any, calgary: Any, app: Flask) -> StaffClient:
    return signed_in_as(app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES))


def staff_at(store: Store) -> None:
    employ(store, "luz@example.org", Role.ORGANIZER, "calgary")
    for name in ("ana", "beto"):
        employ(store, f"{name}@example.org")


def reminded_on(page: TestResponse) -> int:
    return words(page).count("Recordado el")


def test_reminders_show_who_gets_one_and_who_cannot(
    headquarters: StaffClient, store: Store
) -> None:
    staff_at(store)
    page = headquarters.post(REMIND)
    text = words(page)
    assert "Recordar a 2 oficinas" in text
    assert "Les llega a 3 personas de 2 oficinas" in text
    assert "Chicago 2 personas · no ha dicho nada" in text
    assert "Falta completar marzo de 2026" in text, "the words that they read"
    assert "Enviar a 3 personas" in text
    for address in ("luz@", "ana@", "beto@"):
        assert address not in text, "no address"
    with store.change() as session:
        for member in session.scalars(sa.select(StaffMember)):
            if member.email.startswith("luz"):
                member.password = None
            elif not member.email.startswith("elena"):
                member.disabled_at = clock.now()
    text = words(headquarters.post(REMIND))
    assert "Nadie recibe aviso." in text
    assert "Sus cuentas están suspendidas Chicago Ver las cuentas" in text
    assert "Nadie ha usado su invitación: no sabemos si su correo es suyo Calgary" in text
    with store.change() as session:
        session.execute(sa.delete(StaffMember).where(StaffMember.email.like("luz%")))
    assert "Nadie tiene cuenta Calgary Invitar" in words(headquarters.post(REMIND))
    with store.read() as session:
        assert session.scalars(sa.select(Mailing)).all() == []


def test_reminders_name_people_and_count_them(headquarters: StaffClient, store: Store) -> None:
    staff_at(store)
    with store.change() as session:
        for member in session.scalars(sa.select(StaffMember)):
            name = {"ana": "Ana Robles", "luz": "Luz Mora"}
            member.name = name.get(member.email.partition("@")[0], "")
    text = words(headquarters.post(REMIND))
    assert "Chicago Ana Robles y 1 persona más · no ha dicho nada" in text
    assert "Calgary Luz Mora · no ha dicho nada" in text
    with store.change() as session:
        session.execute(sa.delete(StaffMember).where(StaffMember.email.regexp_match("^(ana|beto)")))
    assert words(headquarters.post(REMIND)).endswith("Enviar a 1 persona")
    with store.change() as session:
        session.execute(sa.delete(StaffMember).where(StaffMember.email.startswith("luz")))
    text = words(headquarters.post(REMIND))
    assert "Nadie recibe aviso." in text
    assert "Enviar" not in text.partition("Nadie recibe aviso.")[2]


def test_reminders_go_to_chosen_offices_after_the_hold(
    headquarters: StaffClient, store: Store
) -> None:
    staff_at(store)
    again = fields(headquarters.post(REMIND).text, REMIND) | {"office": ["calgary"]}
    assert headquarters.post(REMIND, **again).location == MONTH
    page = headquarters.get(MONTH)
    assert "1 recordatorio espera. Los correos salen en 5 minutos." in words(page)
    assert reminded_on(page) == 1
    with store.read() as session:
        held = session.scalars(sa.select(Mailing)).one()
    assert held.due_at - held.made_at == UNDO_WINDOW
    assert headquarters.post(REMIND, aviso="avisar", office=["calgary"]).status_code == 422
    assert headquarters.post(REMIND, aviso="avisar").status_code == 422, "no office was chosen"
    for answer in ("", "luego", "no", "urgente", "x"):
        assert headquarters.post(REMIND, aviso=answer, office=["chicago"]).status_code == 200
    assert headquarters.post(REMIND, aviso="avisar", office=["chicago"]).status_code == 303
    with store.read() as session:
        assert len(session.scalars(sa.select(Mailing)).all()) == 3, "nobody gets two"


def test_reminder_is_the_letter_that_was_shown_and_leaves_once_after_the_hold(
    headquarters: StaffClient, app: Flask, store: Store, key_store: KeyStore, config: Config
) -> None:
    staff_at(store)
    sheet = headquarters.post(REMIND)
    with serve_mail(Postman(free_port())) as postman:
        scene = MailingScene(app, store, key_store, config, postman, headquarters)
        headquarters.post(REMIND, aviso="avisar", office=["calgary", "chicago"])
        assert scene.deliver() == []
        assert scene.deliver(UNDO_WINDOW) == ["ana", "beto", "luz"]
        assert scene.deliver(timedelta(days=1)) == [], "nothing twice"
        assert set(map(read_letter, postman.letters)) == set(shown_letters(sheet))
        assert "Ya se les recordó" in words(headquarters.post(REMIND))
        assert headquarters.post(f"{REMIND}/deshacer").status_code == 422, "they were sent"


def test_undone_reminder_is_not_sent_and_one_reminded_again_is_sent_once(
    headquarters: StaffClient, app: Flask, store: Store, key_store: KeyStore, config: Config
) -> None:
    staff_at(store)
    with serve_mail(Postman(free_port())) as postman:
        scene = MailingScene(app, store, key_store, config, postman, headquarters)
        headquarters.post(REMIND, aviso="avisar", office=["calgary"])
        headquarters.post(f"{REMIND}/deshacer")
        assert scene.deliver(UNDO_WINDOW) == []
        for _time in range(2):
            headquarters.post(REMIND, aviso="avisar", office=["calgary"])
        assert scene.deliver(UNDO_WINDOW) == ["luz"]


def test_earlier_reminder_is_said_though_its_account_is_disabled(
    headquarters: StaffClient, store: Store
) -> None:
    staff_at(store)
    headquarters.post(REMIND, aviso="avisar", office=["chicago"])
    long_ago = clock.now() - timedelta(days=2)
    with store.change() as session:
        for mailing in session.scalars(sa.select(Mailing)):
            mailing.made_at = mailing.due_at = mailing.done_at = long_ago
            reminded = mailing.organizer
            if reminded is not None and reminded.email.startswith("ana"):
                reminded.disabled_at = long_ago
            else:
                session.delete(mailing)
    headquarters.post(REMIND, aviso="avisar", office=["chicago"])
    headquarters.post(f"{REMIND}/deshacer")
    assert reminded_on(headquarters.get(MONTH)) == 1


def test_letter_that_did_not_arrive_is_said_on_the_sheet(
    headquarters: StaffClient, store: Store
) -> None:
    staff_at(store)
    headquarters.post(REMIND, aviso="avisar", office=["chicago"])
    long_ago = clock.now() - timedelta(days=2)
    with store.change() as session:
        session.execute(
            sa.update(Mailing).values(
                made_at=long_ago, due_at=long_ago, tries=9, done_at=long_ago, is_dead=True
            )
        )
    assert "a 2 no les llegó la última carta" in words(headquarters.post(REMIND))


def test_reminders_are_undone_until_they_are_sent(headquarters: StaffClient, store: Store) -> None:
    staff_at(store)
    chosen = {"aviso": "avisar", "office": ["calgary", "chicago"]}
    headquarters.post(REMIND, **chosen)
    assert headquarters.post(f"{REMIND}/deshacer").location == f"{MONTH}?hecho=detenido"
    assert reminded_on(headquarters.get(MONTH)) == 0
    assert log_of(store)[-2:] == ["month.remind", "month.remind undone"]
    assert headquarters.post(REMIND, **chosen).status_code == 303, "they can be reminded again"
    long_ago = clock.now() - timedelta(days=2)
    with store.change() as session:
        session.execute(sa.update(Mailing).values(made_at=long_ago, due_at=long_ago, tries=1))
    refused = headquarters.post(f"{REMIND}/deshacer")
    assert (refused.status_code, "esos correos ya salieron" in words(refused)) == (422, True)
    headquarters.post(REMIND, **chosen)
    headquarters.post(f"{REMIND}/deshacer")
    page = headquarters.get(MONTH)
    assert reminded_on(page) == 2, "they were reminded two days ago"
    assert re.search(r"Recordado el \d", words(page))
    with store.read() as session:
        assert len(session.scalars(sa.select(Mailing)).all()) == 3
