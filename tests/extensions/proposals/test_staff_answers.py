"""Staff read proposals to their offices, make drafts of them, and decline (S47)."""

from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.staff import Role
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from outreach.privacy import retention
from tests.extensions.proposals.proposal_scene import ProposalScene
from tests.support.fixed_clock import fixed_clock
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = fixed_clock

PATH = "/org/propuestas"


@pytest.fixture
def ana(scene: ProposalScene) -> StaffClient:
    return signed_in_as(scene.app, scene.store, employ(scene.store))


def path_of(scene: ProposalScene) -> str:
    [row] = scene.rows()
    return f"{PATH}/{row.id.hex()}"


def read(letter: EmailMessage) -> str:
    return f"{letter['Subject']}\n{letter.get_content()}"


def find_workshops(store: Store) -> list[Workshop]:
    with store.read() as session:
        return list(session.scalars(sa.select(Workshop)))


def test_staff_read_it_and_the_queue_leads_there(scene: ProposalScene, ana: StaffClient) -> None:
    for page in ("/org/", "/org/por-atender"):
        assert PATH not in ana.get(page).text, page
    scene.propose(organization="Parroquia <b>San Pío</b>")
    for page in ("/org/", "/org/por-atender"):
        assert f'href="{PATH}"' in ana.get(page).text, page
    shown = ana.get(PATH)
    for each in ("Salón San Pío", "1919 S. Ejemplo Ave.", "60 personas", "Hermana Luz"):
        assert each in words(shown), each
    assert "&lt;b&gt;San Pío" in shown.text
    assert "luz@example.org" not in shown.text, "who answers by letter needs no address"
    for what in ("borrador", "no", "borrar"):
        assert f'action="{path_of(scene)}/{what}"' in shown.text, what
    assert "Contestada" not in words(shown)
    ana.post(f"{path_of(scene)}/no")
    answered = ana.get(PATH)
    assert "Contestada que no" in words(answered)
    assert f'action="{path_of(scene)}' not in answered.text


def test_draft_is_made_at_a_venue_that_is_unverified(
    scene: ProposalScene, ana: StaffClient, store: Store
) -> None:
    page = scene.propose()
    made = ana.post(f"{path_of(scene)}/borrador")
    assert made.status_code == 303
    [workshop] = find_workshops(store)
    assert made.location == f"/org/talleres/{workshop.public_id}/editar"
    assert workshop.status is WorkshopStatus.DRAFT
    assert workshop.capacity == 60
    assert workshop.venue is not None
    assert workshop.venue.is_unverified
    assert ana.get(made.location).status_code == 200
    shown = words(ana.get(f"/org/talleres/{workshop.public_id}"))
    assert "verificar la sede" in shown
    assert "Contestada" in words(scene.client.get(page))
    assert "Hay un borrador" in words(ana.get(PATH))
    assert scene.deliver() == 1
    [letter] = scene.postman.letters
    assert "está preparando el taller" in read(letter)
    assert "San Pío" not in read(letter)
    again = ana.post(f"{path_of(scene)}/borrador")
    assert again.location == f"{PATH}?hecho=antes"
    assert len(find_workshops(store)) == 1


def test_second_proposal_for_a_place_finds_its_venue(
    scene: ProposalScene, ana: StaffClient, store: Store
) -> None:
    for _ in range(2):
        scene.propose()
        waiting = [row for row in scene.rows() if row.answer == "none"]
        assert ana.post(f"{PATH}/{waiting[0].id.hex()}/borrador").status_code == 303
    first, second = find_workshops(store)
    assert first.venue_id == second.venue_id


def test_declined_proposal_is_answered_by_letter_once(
    scene: ProposalScene, ana: StaffClient, store: Store
) -> None:
    page = scene.propose()
    address = path_of(scene)
    assert ana.post(f"{address}/no").location == f"{PATH}?hecho=no"
    assert ana.post(f"{address}/no").location == f"{PATH}?hecho=antes"
    assert scene.deliver() == 1
    assert scene.deliver() == 0
    [letter] = scene.postman.letters
    assert "esta vez no puede" in read(letter)
    assert "Contestada" in words(scene.client.get(page))
    assert find_workshops(store) == []


@pytest.mark.any_database("whom a letter is for")
def test_without_an_email_nothing_is_sent(scene: ProposalScene, ana: StaffClient) -> None:
    scene.propose(email="")
    ana.post(f"{path_of(scene)}/no")
    assert scene.count_letters() == 0


@pytest.mark.any_database("what a letter is made from")
def test_letter_of_an_erased_proposal_is_not_sent(scene: ProposalScene, ana: StaffClient) -> None:
    page = scene.propose()
    ana.post(f"{path_of(scene)}/no")
    scene.client.post(f"{page}/borrar")
    assert scene.deliver() == 0
    assert scene.postman.letters == []


def test_erased_proposal_leaves_no_letter_in_the_mail_folder(
    scene: ProposalScene, ana: StaffClient, make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    folder = tmp_path / "letters"
    page = scene.propose()
    ana.post(f"{path_of(scene)}/no")
    scene.config = replace(scene.config, smtp_url="", mail_folder=folder)
    assert scene.deliver() == 1
    assert retention.delete_letters(scene.store, scene.key_store, scene.config) == 0
    assert [each.suffix for each in folder.iterdir()] == [".eml"]
    client = make_app(mail_folder=folder).test_client()
    assert client.post(f"{page}/borrar").status_code == 303
    assert list(folder.iterdir()) == []


def test_kind_that_became_sensitive_makes_no_draft(
    scene: ProposalScene, ana: StaffClient, store: Store, rights: Kind
) -> None:
    scene.propose()
    with store.change() as session:
        session.get_one(Kind, rights.id).sensitivity = "high"
    refused = ana.post(f"{path_of(scene)}/borrador")
    assert refused.status_code == 422
    assert "ya no se puede proponer" in words(refused)
    assert find_workshops(store) == []
    assert scene.count_letters() == 0
    [row] = scene.rows()
    assert row.answer == "none", "it can still be declined"


@pytest.mark.any_database("who may do what")
@pytest.mark.parametrize(
    ("role", "office", "status"),
    [
        (Role.READER, "chicago", 403),
        (Role.ORGANIZER, "houston", 404),
        (Role.ORGANIZER, "chicago", 303),
    ],
)
def test_only_the_staff_of_its_office_answer(
    scene: ProposalScene, store: Store, role: Role, office: str, status: int
) -> None:
    scene.propose()
    somebody = signed_in_as(scene.app, store, employ(store, "otra@example.org", role, office))
    for what in ("no", "borrador", "borrar"):
        answer = somebody.post(f"{path_of(scene)}/{what}")
        assert answer.status_code == status, what
        if status == 303:
            return
        assert len(scene.rows()) == 1
        assert scene.rows()[0].answer == "none"
    assert "Hermana Luz" not in somebody.get(PATH).text


@pytest.mark.any_database("which pages there are")
def test_off_it_has_no_page_and_no_line(
    scene: ProposalScene, make_app: Callable[..., Flask], store: Store, key_store: KeyStore
) -> None:
    page = scene.propose()
    off = make_app(extensions=())
    client = off.test_client()
    for path in ("/es/proponer", page, "/es/proponer/borrada"):
        assert client.get(path).status_code == 404
    assert "proponer" not in client.get("/es/o/chicago").text
    ana = signed_in_as(off, store, employ(store))
    assert ana.get(PATH).status_code == 404
    for path in ("/org/", "/org/por-atender"):
        assert PATH not in ana.get(path).text
