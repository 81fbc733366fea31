"""What is typed into a workshop's form is never lost, and nobody else's."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.scheduling import form_drafts
from outreach.domain.scheduling.form_drafts import FormDraft
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.privacy import retention
from tests.conftest import hold
from tests.support.staff_client import StaffClient, employ, signed_in_as, words
from tests.web.staff.test_workshops import typed

pytestmark = pytest.mark.any_database

SAVE, NEW = "/org/talleres/borrador", "/org/talleres/nuevo"
DISCARD = f"{SAVE}/descartar"
NONCE = "n" * 22


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def half(**changes: Any) -> dict[str, Any]:
    """A form that is not finished: no day, an hour that is none."""
    return typed(**({"title_es": "A medias", "day": "", "starts": "9"} | changes))


def test_a_form_that_was_left_is_offered_and_comes_back_as_it_was(
    ana: StaffClient, store: Store
) -> None:
    answer = ana.post(SAVE, **half())
    assert answer.status_code == 200
    assert answer.json is not None
    assert "m." in answer.json["at"]
    for page in (ana.get(NEW), ana.get(f"{NEW}?tipo=derechos")):
        assert "Tienes un borrador sin guardar de las" in words(page)
        assert "A medias" in words(page)
    again = ana.get(f"{NEW}?borrador={_only(store).id}")
    assert again.status_code == 200
    assert 'name="title_es" type="text" value="A medias"' in again.text
    assert 'name="starts" type="time" value="9"' in again.text
    assert f'name="nonce" value="{NONCE}"' in again.text
    assert 'name="languages" value="en" checked' in again.text
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Workshop)) == 0


def test_what_a_form_says_now_takes_the_place_of_what_it_said_before(
    ana: StaffClient, store: Store
) -> None:
    ana.post(SAVE, **half())
    ana.post(SAVE, **half(title_es="A tres cuartos"))
    kept = _only(store)
    assert kept.first("title_es") == "A tres cuartos"
    assert not {"token", "action", "sure", "nonce"} & {name for name, _value in kept.typed}


@pytest.mark.parametrize("action", ["draft", "publish"])
def test_whatever_is_saved_is_no_longer_kept_beside(
    ana: StaffClient, store: Store, action: str
) -> None:
    ana.post(SAVE, **half())
    assert ana.post(NEW, **typed(action=action)).status_code == 303
    assert _count(store) == 0
    assert ana.post(SAVE, **half()).status_code == 200, "one that was on its way"
    assert _count(store) == 0
    assert "sin guardar" not in words(ana.get(NEW))


def test_what_could_not_be_saved_is_kept(ana: StaffClient, store: Store) -> None:
    ana.post(SAVE, **half())
    assert ana.post(NEW, **half()).status_code == 422
    assert _count(store) == 1


def test_changes_to_a_workshop_are_kept_apart_from_it(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = hold(session, chicago, rights)
    edit = f"/org/talleres/{workshop.public_id}/editar"
    ana.post(SAVE, **half(workshop=workshop.public_id, title_es="Casi listo"))
    assert "Casi listo" in words(ana.get(edit))
    assert "sin guardar" not in words(ana.get(NEW)), "it is no new one"
    assert 'value="Conoce tus derechos"' in ana.get(edit).text, "nothing is changed"
    back = ana.get(f"{edit}?borrador={_only(store).id}")
    assert 'value="Casi listo"' in back.text
    gone = ana.post(DISCARD, draft=str(_only(store).id))
    assert gone.headers["Location"] == edit
    assert _count(store) == 0
    assert ana.get(f"{edit}?borrador=1").status_code == 200


def test_one_can_throw_it_away(ana: StaffClient, store: Store) -> None:
    ana.post(SAVE, **half())
    assert ana.post(DISCARD, draft=str(_only(store).id)).status_code == 303
    assert _count(store) == 0


def test_nobody_reads_what_a_colleague_has_not_saved(
    ana: StaffClient, app: Flask, store: Store
) -> None:
    ana.post(SAVE, **half())
    number = _only(store).id
    luz = signed_in_as(app, store, employ(store, "luz@example.org"))
    assert "A medias" not in luz.get(NEW).text
    assert luz.get(f"{NEW}?borrador={number}").status_code == 404
    assert luz.post(DISCARD, draft=str(number)).status_code == 404
    reader = signed_in_as(app, store, employ(store, "lee@example.org", Role.READER))
    assert reader.post(SAVE, **half()).status_code == 403
    assert _count(store) == 1


def test_who_works_there_no_more_is_not_offered_it(
    ana: StaffClient, app: Flask, store: Store
) -> None:
    ana.post(SAVE, **half())
    with store.change() as session:
        _only_in(session).office = "calgary"
    assert "A medias" not in ana.get(NEW).text
    assert ana.get(f"{NEW}?borrador={_only(store).id}").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"nonce": "x"}, 404),
        ({"office": "calgary"}, 404),
        ({"workshop": "0000000000"}, 404),
        ({"summary_es": "x" * 32_000}, 422),
        ({f"campo{number}": "x" * 200 for number in range(200)}, 422),
    ],
)
def test_no_more_is_kept_than_a_form_holds(
    ana: StaffClient, store: Store, wrong: dict[str, str], status: int
) -> None:
    assert ana.post(SAVE, **half(**wrong)).status_code == status
    assert _count(store) == 0


@pytest.mark.parametrize("number", ["", "uno", "-1", "99999999999999999999", "7"])
def test_a_draft_that_is_not_there_is_not_found(ana: StaffClient, number: str) -> None:
    assert ana.post(DISCARD, draft=number).status_code == 404
    if number:
        assert ana.get(f"{NEW}?borrador={number}").status_code == 404


def test_the_oldest_goes_when_there_are_many(ana: StaffClient, store: Store) -> None:
    now = clock.now()
    with store.change() as session:
        who = session.scalars(sa.text("SELECT id FROM organizer")).one()
        for number in range(form_drafts.MAX_DRAFTS + 3):
            form_drafts.save(
                session,
                who,
                form_drafts.new_form_key(f"{number:022}"),
                [],
                office="chicago",
                now=now + timedelta(seconds=number),
            )
    assert _count(store) == form_drafts.MAX_DRAFTS
    with store.read() as session:
        kept = [each.form for each in form_drafts.list_unsaved(session, who)]
    assert kept[-1] == form_drafts.new_form_key(f"{3:022}")


def test_after_thirty_days_it_is_gone(ana: StaffClient, store: Store, key_store: KeyStore) -> None:
    ana.post(SAVE, **half())
    now = clock.now()
    assert (
        retention.purge(store, key_store, now=now + timedelta(days=29)).rows["unsaved forms"] == 0
    )
    assert (
        retention.purge(store, key_store, now=now + timedelta(days=31)).rows["unsaved forms"] == 1
    )
    assert _count(store) == 0


def test_without_a_session_nothing_is_kept_and_the_page_keeps_it(
    ana: StaffClient, store: Store
) -> None:
    assert StaffClient(ana.client, "ended", "").post(SAVE, **half()).status_code == 401
    assert _count(store) == 0


def _only_in(session: Any) -> FormDraft:
    found: FormDraft = session.scalars(sa.select(FormDraft)).one()
    return found


def _only(store: Store) -> FormDraft:
    with store.read() as session:
        return _only_in(session)


def _count(store: Store) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(FormDraft)) or 0
