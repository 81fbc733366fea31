"""Autosaved drafts of workshop forms are restored and private to their author."""

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
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from outreach.privacy import retention
from tests.conftest import make_workshop
from tests.support.staff_client import StaffClient, employ, signed_in_as, words
from tests.web.staff.test_workshops import typed

pytestmark = pytest.mark.any_database

SAVE, NEW = "/org/talleres/borrador", "/org/talleres/nuevo"
DISCARD = f"{SAVE}/descartar"
NONCE = "n" * 22


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def unfinished_form(**changes: Any) -> dict[str, Any]:
    """An unfinished form without a day and with an invalid hour."""
    return typed(**({"title_es": "A medias", "day": "", "starts": "9"} | changes))


def test_abandoned_form_is_offered_and_restored(ana: StaffClient, store: Store) -> None:
    answer = ana.post(SAVE, **unfinished_form())
    assert answer.status_code == 200
    assert answer.json is not None
    assert "m." in answer.json["at"]
    for page in (ana.get(NEW), ana.get(f"{NEW}?tipo=derechos")):
        assert "Tienes un borrador sin guardar de las" in words(page)
        assert "A medias" in words(page)
    restored = ana.get(f"{NEW}?borrador={_only(store).id}")
    assert restored.status_code == 200
    assert 'name="title_es" type="text" value="A medias"' in restored.text
    assert 'name="starts" type="time" value="9"' in restored.text
    assert f'name="nonce" value="{NONCE}"' in restored.text
    assert 'name="languages" value="en" checked' in restored.text
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Workshop)) == 0


def test_later_draft_replaces_the_earlier_one(ana: StaffClient, store: Store) -> None:
    ana.post(SAVE, **unfinished_form())
    ana.post(SAVE, **unfinished_form(title_es="A tres cuartos"))
    draft = _only(store)
    assert draft.first("title_es") == "A tres cuartos"
    assert not {"token", "action", "sure", "nonce"} & {name for name, _value in draft.sent_fields}


@pytest.mark.parametrize("action", ["draft", "publish"])
def test_saving_discards_the_draft(ana: StaffClient, store: Store, action: str) -> None:
    ana.post(SAVE, **unfinished_form())
    assert ana.post(NEW, **typed(action=action)).status_code == 303
    assert _count(store) == 0
    assert ana.post(SAVE, **unfinished_form()).status_code == 200, "a delayed autosave"
    assert _count(store) == 0
    assert "sin guardar" not in words(ana.get(NEW))


def test_rejected_form_is_saved_as_draft(ana: StaffClient, store: Store) -> None:
    ana.post(SAVE, **unfinished_form())
    assert ana.post(NEW, **unfinished_form()).status_code == 422
    assert _count(store) == 1


def test_draft_of_an_edit_does_not_change_the_workshop(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    edit = f"/org/talleres/{workshop.public_id}/editar"
    ana.post(SAVE, **unfinished_form(workshop=workshop.public_id, title_es="Casi listo"))
    assert "Casi listo" in words(ana.get(edit))
    assert "sin guardar" not in words(ana.get(NEW)), "not offered for a new workshop"
    assert 'value="Conoce tus derechos"' in ana.get(edit).text, "the workshop is unchanged"
    restored = ana.get(f"{edit}?borrador={_only(store).id}")
    assert 'value="Casi listo"' in restored.text
    discarded = ana.post(DISCARD, draft=str(_only(store).id))
    assert discarded.headers["Location"] == edit
    assert _count(store) == 0
    assert ana.get(f"{edit}?borrador=1").status_code == 200


def test_draft_can_be_discarded(ana: StaffClient, store: Store) -> None:
    ana.post(SAVE, **unfinished_form())
    assert ana.post(DISCARD, draft=str(_only(store).id)).status_code == 303
    assert _count(store) == 0


def test_draft_is_private_to_its_author(ana: StaffClient, app: Flask, store: Store) -> None:
    ana.post(SAVE, **unfinished_form())
    number = _only(store).id
    luz = signed_in_as(app, store, employ(store, "luz@example.org"))
    assert "A medias" not in luz.get(NEW).text
    assert luz.get(f"{NEW}?borrador={number}").status_code == 404
    assert luz.post(DISCARD, draft=str(number)).status_code == 404
    reader = signed_in_as(app, store, employ(store, "lee@example.org", Role.READER))
    assert reader.post(SAVE, **unfinished_form()).status_code == 403
    assert _count(store) == 1


def test_draft_is_not_offered_after_the_role_was_removed(
    ana: StaffClient, app: Flask, store: Store
) -> None:
    ana.post(SAVE, **unfinished_form())
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
def test_draft_size_is_limited(
    ana: StaffClient, store: Store, wrong: dict[str, str], status: int
) -> None:
    assert ana.post(SAVE, **unfinished_form(**wrong)).status_code == status
    assert _count(store) == 0


@pytest.mark.parametrize("number", ["", "uno", "-1", "99999999999999999999", "7"])
def test_unknown_draft_is_404(ana: StaffClient, number: str) -> None:
    assert ana.post(DISCARD, draft=number).status_code == 404
    if number:
        assert ana.get(f"{NEW}?borrador={number}").status_code == 404


def test_oldest_draft_is_deleted_beyond_the_limit(ana: StaffClient, store: Store) -> None:
    now = clock.now()
    with store.change() as session:
        organizer_id = session.scalars(sa.text("SELECT id FROM staff_member")).one()
        for number in range(form_drafts.MAX_DRAFTS + 3):
            form_drafts.save(
                session,
                organizer_id,
                form_drafts.new_form_key(f"{number:022}"),
                [],
                office="chicago",
                now=now + timedelta(seconds=number),
            )
    assert _count(store) == form_drafts.MAX_DRAFTS
    with store.read() as session:
        draft = [each.form for each in form_drafts.list_unsaved(session, organizer_id)]
    assert draft[-1] == form_drafts.new_form_key(f"{3:022}")


def test_draft_is_deleted_after_thirty_days(
    ana: StaffClient, store: Store, key_store: KeyStore
) -> None:
    ana.post(SAVE, **unfinished_form())
    now = clock.now()
    assert (
        retention.purge(store, key_store, now=now + timedelta(days=29)).rows["unsaved forms"] == 0
    )
    assert (
        retention.purge(store, key_store, now=now + timedelta(days=31)).rows["unsaved forms"] == 1
    )
    assert _count(store) == 0


def test_autosave_without_a_session_stores_nothing(ana: StaffClient, store: Store) -> None:
    assert StaffClient(ana.client, "ended", "").post(SAVE, **unfinished_form()).status_code == 401
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


# «Guardar borrador» with gaps

TODAY = "/org/"


def test_save_draft_button_keeps_a_form_with_gaps(ana: StaffClient, store: Store) -> None:
    answer = ana.post(NEW, **unfinished_form(action="draft"))
    assert answer.status_code == 200
    assert "Guardado sin terminar" in words(answer)
    assert "Escribe la fecha." in words(answer)
    assert _only(store).first("title_es") == "A medias"
    assert ana.post(NEW, **unfinished_form(action="draft")).status_code == 200, "sent twice"
    assert _count(store) == 1
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Workshop)) == 0


def test_publish_button_keeps_nothing(ana: StaffClient, store: Store) -> None:
    assert ana.post(NEW, **unfinished_form(action="publish")).status_code == 422
    assert _count(store) == 0


@pytest.mark.parametrize(
    "gap",
    [
        {"title_es": ""},
        {"capacity": "muchas"},
        {"ends": "18:00", "starts": "18:00"},
        {"venue": "nueva", "venue_name": "", "venue_city": ""},
        {"languages": []},
        {"series": "99"},
        {"day": "2000-13-45"},
    ],
)
def test_draft_is_kept_whatever_is_missing(
    ana: StaffClient, store: Store, gap: dict[str, Any]
) -> None:
    answer = ana.post(NEW, **typed(**({"action": "draft"} | gap)))
    assert answer.status_code == 200
    assert "Guardado sin terminar" in words(answer)
    assert _count(store) == 1
    again = ana.get(f"{NEW}?borrador={_only(store).id}")
    assert again.status_code == 200


def test_form_of_a_created_workshop_does_not_say_that_it_was_kept(
    ana: StaffClient, store: Store
) -> None:
    """The browser's way back leads to the form of the workshop that exists already."""
    assert ana.post(NEW, **typed(action="draft")).status_code == 303
    answer = ana.post(NEW, **unfinished_form(action="draft"))
    assert answer.status_code == 422
    assert "Guardado sin terminar" not in words(answer)
    assert _count(store) == 0


def test_too_long_draft_says_so(ana: StaffClient, store: Store) -> None:
    answer = ana.post(NEW, **unfinished_form(action="draft", summary_es="x" * 32_000))
    assert answer.status_code == 422
    assert "Es demasiado largo" in words(answer)
    assert _count(store) == 0


def test_unfinished_draft_stands_on_the_first_page(ana: StaffClient, store: Store) -> None:
    assert "Sin terminar" not in words(ana.get(TODAY))
    ana.post(NEW, **unfinished_form(action="draft"))
    page = ana.get(TODAY)
    assert "Sin terminar (1)" in words(page)
    assert "A medias Chicago · Guardado:" in words(page)
    assert f'href="{NEW}?borrador={_only(store).id}"' in page.text
    gone = ana.post(DISCARD, draft=str(_only(store).id), page="today")
    assert gone.headers["Location"] == "/org/?hecho=borrado"
    assert "Se borró lo que estaba sin terminar." in words(ana.get(gone.headers["Location"]))
    assert _count(store) == 0


def test_first_page_shows_only_own_drafts_and_no_discreet_title(
    ana: StaffClient, app: Flask, store: Store, women: Kind
) -> None:
    ana.post(NEW, **unfinished_form(action="draft", kind=women.code, title_es="Salir a tiempo"))
    text = words(ana.get(TODAY))
    assert "Taller privado Chicago ·" in text
    assert "Salir a tiempo" not in text
    luz = signed_in_as(app, store, employ(store, "luz@example.org"))
    assert "Sin terminar" not in words(luz.get(TODAY))
    with store.change() as session:
        _only_in(session).office = "calgary"
    assert "Sin terminar" not in words(ana.get(TODAY))


def test_draft_of_a_workshop_keeps_gaps_and_a_published_one_does_not(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        draft = make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT)
        published = make_workshop(session, chicago, rights)
    edit = f"/org/talleres/{draft.public_id}/editar"
    assert ana.post(edit, **unfinished_form(action="draft")).status_code == 200
    assert f'href="{edit}?borrador={_only(store).id}"' in ana.get(TODAY).text
    other = f"/org/talleres/{published.public_id}/editar"
    assert ana.post(other, **unfinished_form(action="draft")).status_code == 422
    assert _count(store) == 1
