"""Invitations are sent by letter: neutral, to one address, with a link that works once."""

import re
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from time_machine import TimeMachineFixture

from outreach import clock
from outreach.accounts import administration
from outreach.accounts.invitations import Invitation
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role, StaffMember
from outreach.domain.newsletter.mailings import Mailing
from outreach.maintenance.worker import Worker
from tests.support.limits import UNLIMITED
from tests.support.staff_client import (
    PASSWORD,
    StaffClient,
    employ,
    mailed_link,
    signed_in_as,
    words,
)

pytestmark = pytest.mark.any_database("letters to staff")

TOMAS = {"name": "Tomás Vega", "email": "tomas@example.org", "role": "door", "places": "chicago"}


@pytest.fixture
def folder(config: Config) -> Path:
    return config.data / "letters"


@pytest.fixture
def site(make_app: Callable[..., Flask], folder: Path) -> Flask:
    return make_app(mail_folder=folder, limits=UNLIMITED)


@pytest.fixture
def ana(site: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(site, store, employ(store, "ana@example.org", Role.LEAD))


def letters(folder: Path) -> list[EmailMessage]:
    return [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in sorted(folder.glob("*.eml"))
    ]


def paths_in(text: str) -> list[str]:
    return re.findall(r"http://localhost:8000(/org/invitacion/[\w-]{43})", text)


def tomas_id(store: Store) -> int:
    with store.read() as session:
        return session.scalars(sa.select(Invitation.organizer_id)).one()


def test_letter_carries_the_link_and_nothing_else_of_note(
    site: Flask, store: Store, ana: StaffClient, folder: Path
) -> None:
    page = ana.post("/org/personal/invitar", **TOMAS)
    assert "El correo sale en un momento · Sin abrir" in words(ana.get("/org/personal"))
    Worker(site).once()
    [letter] = letters(folder)
    assert letter["To"] == "tomas@example.org"
    assert letter["Subject"] == "Tu cuenta de trabajo"
    text = letter.get_content()
    assert len(paths_in(text)) == 1
    assert "hora de Chicago" in text
    for unsaid in ("Tomás", "Vega", "ana@", "Entrada", "Consulado"):
        assert unsaid not in text
    assert "Correo enviado · Sin abrir" in words(ana.get("/org/personal"))
    answer = site.test_client().post(paths_in(text)[0], data={"password": PASSWORD})
    assert answer.status_code == 303
    assert page.status_code == 303


@pytest.mark.parametrize("role", [Role.LEAD, Role.ADMIN])
def test_only_the_mailbox_gets_the_link(
    site: Flask, store: Store, chicago: Office, folder: Path, role: Role
) -> None:
    """Neither who invites nor an admin could work as somebody else, whatever their form says."""
    offices = (ALL_OFFICES,) if role is Role.ADMIN else ("chicago",)
    who = signed_in_as(site, store, employ(store, "x@example.org", role, *offices))
    pages = [who.post("/org/personal/invitar", **TOMAS, do="link")]
    account = f"/org/personal/{tomas_id(store)}"
    pages += [
        who.post(f"{account}/invitacion", do="link"),
        who.get(account),
        who.get("/org/personal"),
    ]
    if role is Role.ADMIN:
        pages.append(who.post(f"{account}/reiniciar", do="link"))
    token = mailed_link(site, store, "tomas@example.org").rpartition("/")[2]
    for page in pages:
        assert page.status_code in {200, 303}
        assert paths_in(page.text) == []
        assert token not in page.text + str(page.headers)


def test_new_link_of_an_account_in_use_goes_to_its_mailbox(
    site: Flask, store: Store, chicago: Office, folder: Path
) -> None:
    luz = employ(store, "luz@example.org")
    with store.change() as session:
        session.get_one(StaffMember, luz).signed_in_at = clock.now()
    elena = signed_in_as(site, store, employ(store, "e@example.org", Role.ADMIN, ALL_OFFICES))
    answer = elena.post(f"/org/personal/{luz}/reiniciar")
    assert answer.headers["Location"] == f"/org/personal/{luz}?hecho=reiniciada"
    assert "Le mandamos un enlace a su correo." in words(elena.get(answer.headers["Location"]))
    Worker(site).once()
    [letter] = [each for each in letters(folder) if each["Subject"] == "Tu cuenta de trabajo"]
    assert letter["To"] == "luz@example.org"
    assert "pidió que pongas otra contraseña" in letter.get_content()
    [path] = paths_in(letter.get_content())
    assert site.test_client().post(path, data={"password": PASSWORD}).status_code == 303


def test_admin_hands_over_what_no_letter_brings(
    site: Flask, store: Store, ana: StaffClient, chicago: Office
) -> None:
    """A lead does not, and asks for another letter."""
    ana.post("/org/personal/invitar", **TOMAS)
    with store.change() as session:
        values = {"is_dead": True, "done_at": clock.now()}
        session.execute(sa.update(Mailing).values(values))
    account = f"/org/personal/{tomas_id(store)}"
    elena = signed_in_as(site, store, employ(store, "e@example.org", Role.ADMIN, ALL_OFFICES))
    assert "Darme un enlace" in elena.get(account).text
    assert "Darme un enlace" not in ana.get(account).text
    handed = elena.post(f"{account}/invitacion", do="link")
    [path] = paths_in(handed.text)
    assert site.test_client().get(path).status_code == 200
    assert ana.post(f"{account}/invitacion", do="link").status_code == 303


def test_letter_of_a_replaced_link_is_not_sent(
    site: Flask, store: Store, ana: StaffClient, folder: Path
) -> None:
    ana.post("/org/personal/invitar", **TOMAS)
    ana.post(f"/org/personal/{tomas_id(store)}/invitacion")
    last = mailed_link(site, store, "tomas@example.org")
    Worker(site).once()
    assert [paths_in(each.get_content()) for each in letters(folder)] == [[last]]


def test_letter_of_a_used_or_withdrawn_link_is_not_sent(
    site: Flask, store: Store, ana: StaffClient, folder: Path
) -> None:
    ana.post("/org/personal/invitar", **TOMAS)
    link = mailed_link(site, store, "tomas@example.org")
    site.test_client().post(link, data={"password": PASSWORD})
    ana.post("/org/personal/invitar", **(TOMAS | {"email": "luz@example.org"}))
    ana.post(f"/org/personal/{tomas_id(store)}/retirar")
    Worker(site).once()
    assert letters(folder) == []


def test_database_alone_opens_no_invitation(site: Flask, store: Store, ana: StaffClient) -> None:
    ana.post("/org/personal/invitar", **TOMAS)
    token = mailed_link(site, store, "tomas@example.org").rpartition("/")[2]
    with store.read() as session:
        row = session.scalars(sa.select(Invitation)).one()
        assert row.sealed is not None
        assert token.encode() not in row.sealed
        assert token not in row.digest


def test_without_mail_an_admin_hands_over_the_link_and_a_lead_does_not(
    make_app: Callable[..., Flask], store: Store, chicago: Office
) -> None:
    site = make_app(limits=UNLIMITED)
    ana = signed_in_as(site, store, employ(store, "ana@example.org", Role.LEAD))
    form = ana.get("/org/personal/invitar")
    assert "Este sitio no manda correos." in words(form)
    assert "Hacer la invitación" not in form.text
    refused = ana.post("/org/personal/invitar", **TOMAS, do="send")
    assert refused.status_code == 422
    assert "Pide a quien administra la red que haga la invitación." in words(refused)
    elena = signed_in_as(site, store, employ(store, "e@example.org", Role.ADMIN, ALL_OFFICES))
    page = elena.post("/org/personal/invitar", **TOMAS)
    assert "No lo guardamos ni lo mandamos" in words(page)
    [path] = paths_in(page.text)
    assert ana.post(f"/org/personal/{tomas_id(store)}/invitacion").status_code == 422
    assert site.test_client().get(path).status_code == 200, "her link stays"


def test_admins_read_a_line_for_each_new_account(
    site: Flask, store: Store, ana: StaffClient, folder: Path, time_machine: TimeMachineFixture
) -> None:
    now = clock.now()
    time_machine.move_to(now)
    employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    ana.post("/org/personal/invitar", **TOMAS)
    time_machine.move_to(now + timedelta(minutes=9))
    ana.post("/org/personal/invitar", **(TOMAS | {"email": "luz@example.org"}))
    with store.change() as session:
        administration.invite(
            session, "eva@example.org", Role.READER, [ALL_OFFICES], by=None, now=clock.now()
        )
    time_machine.move_to(now + timedelta(minutes=16))
    Worker(site).once()
    [letter] = [each for each in letters(folder) if each["To"] == "elena@example.org"]
    lines = [each for each in letter.get_content().splitlines() if each.startswith("- ")]
    assert lines == [
        "- tomas@example.org (Chicago). Invitó ana@example.org.",
        "- luz@example.org (Chicago). Invitó ana@example.org.",
        "- eva@example.org (Toda la red). Se hizo en el servidor.",
    ]
    assert paths_in(letter.get_content()) == []
