"""Invitations are sent by letter: neutral, to one address, with a link that works once."""

import re
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.accounts.invitations import Invitation
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.maintenance.worker import Worker
from tests.support.limits import UNLIMITED
from tests.support.staff_client import PASSWORD, StaffClient, employ, signed_in_as, words

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
    assert "Se lo mandamos por correo." in words(page)
    assert "El correo sale en un momento · Sin abrir" in words(ana.get("/org/personal"))
    Worker(site).once()
    [letter] = letters(folder)
    assert letter["To"] == "tomas@example.org"
    assert letter["Subject"] == "Tu cuenta de trabajo"
    text = letter.get_content()
    assert paths_in(text) == paths_in(page.text)
    assert "hora de Chicago" in text
    for unsaid in ("Tomás", "Vega", "ana@", "Entrada", "Consulado"):
        assert unsaid not in text
    assert "Correo enviado · Sin abrir" in words(ana.get("/org/personal"))
    answer = site.test_client().post(paths_in(text)[0], data={"password": PASSWORD})
    assert answer.status_code == 303


def test_link_alone_is_not_sent(site: Flask, store: Store, ana: StaffClient, folder: Path) -> None:
    page = ana.post("/org/personal/invitar", **TOMAS, do="link")
    assert "No lo guardamos ni lo mandamos" in words(page)
    Worker(site).once()
    assert letters(folder) == []
    with store.read() as session:
        assert session.scalars(sa.select(Invitation.sealed)).all() == [None]


def test_letter_of_a_replaced_link_is_not_sent(
    site: Flask, store: Store, ana: StaffClient, folder: Path
) -> None:
    ana.post("/org/personal/invitar", **TOMAS)
    page = ana.post(f"/org/personal/{tomas_id(store)}/invitacion", do="link")
    Worker(site).once()
    assert letters(folder) == []
    assert site.test_client().get(paths_in(page.text)[0]).status_code == 200


def test_letter_of_a_used_or_withdrawn_link_is_not_sent(
    site: Flask, store: Store, ana: StaffClient, folder: Path
) -> None:
    page = ana.post("/org/personal/invitar", **TOMAS)
    site.test_client().post(paths_in(page.text)[0], data={"password": PASSWORD})
    ana.post("/org/personal/invitar", **(TOMAS | {"email": "luz@example.org"}))
    ana.post(f"/org/personal/{tomas_id(store)}/retirar")
    Worker(site).once()
    assert letters(folder) == []


def test_database_alone_opens_no_invitation(store: Store, ana: StaffClient) -> None:
    page = ana.post("/org/personal/invitar", **TOMAS)
    token = paths_in(page.text)[0].rpartition("/")[2]
    with store.read() as session:
        row = session.scalars(sa.select(Invitation)).one()
        assert row.sealed is not None
        assert token.encode() not in row.sealed
        assert token not in row.digest


def test_site_without_mail_shows_the_link_only(
    make_app: Callable[..., Flask], store: Store, chicago: Office
) -> None:
    site = make_app(limits=UNLIMITED)
    ana = signed_in_as(site, store, employ(store, "ana@example.org", Role.LEAD))
    assert "Enviar invitación" not in ana.get("/org/personal/invitar").text
    page = ana.post("/org/personal/invitar", **TOMAS, do="send")
    assert "No lo guardamos ni lo mandamos" in words(page)
