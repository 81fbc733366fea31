"""The page of recordings: uploading, the words beside them, and who may."""

import io
from datetime import time
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.test import TestResponse

from outreach.audio import encoder
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.recordings import voice_notes
from outreach.domain.recordings.voice_notes import LinePrompt, VoiceNote
from outreach.domain.workshops import Workshop
from tests.conftest import make_workshop
from tests.support.recordings import add_note, wav
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database("one form")


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def elena(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES))


def upload(staff: StaffClient, path: str, body: bytes = b"", **fields: Any) -> TestResponse:
    sent = {"do": "save", "lang": "es", "spoken_text": "Ven el sábado."} | fields
    file = (io.BytesIO(body), "Grabación 41.88,-87.63.m4a")
    return staff.post(path, **sent, file=file)


def notes(store: Store) -> list[VoiceNote]:
    with store.read() as session:
        return list(session.query(VoiceNote).order_by(VoiceNote.id))


def test_recording_is_converted_stored_and_played(
    app: Flask, store: Store, ana: StaffClient, workshop: Workshop
) -> None:
    path = f"/org/talleres/{workshop.public_id}/audio"
    answer = upload(ana, path, wav(4), lang="nah", spoken_text=" Xihuallacan. \r\nNochtin. ")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}?hecho=guardado")
    [note] = notes(store)
    assert (note.lang, note.spoken_text, note.seconds) == ("nah", "Xihuallacan.\nNochtin.", 4)
    page = ana.get(answer.headers["Location"])
    assert "Grabación guardada." in page.text
    assert f"/audio/{note.name}.mp3" in page.text
    played = app.test_client().get(f"/audio/{note.name}.mp3").data
    assert len(played) < 4.5 * encoder.MAX_BYTES_A_MINUTE / 60
    assert "41.88" not in repr((note.name, played))


def test_new_recording_takes_the_place_of_the_one_in_that_language(
    store: Store, ana: StaffClient, workshop: Workshop
) -> None:
    before = add_note(store, workshop, "es", "Lo de antes.")
    add_note(store, workshop, "en")
    path = f"/org/talleres/{workshop.public_id}/audio"
    assert upload(ana, path, wav(2)).status_code == 303
    assert sorted((each.lang, each.spoken_text) for each in notes(store)) == [
        ("en", "Te esperamos."),
        ("es", "Ven el sábado."),
    ]
    assert before.name not in {each.name for each in notes(store)}, "a browser keeps the old one"


@pytest.mark.parametrize(
    ("fields", "body", "fault"),
    [
        ({"spoken_text": ""}, wav(2), "Escribe lo que dice"),
        ({"spoken_text": "x" * (voice_notes.MAX_TEXT + 1)}, wav(2), "Escribe lo que dice"),
        ({"lang": "ase"}, wav(2), "Elige el idioma"),
        ({"lang": "<b>"}, wav(2), "Elige el idioma"),
        ({}, b"", "Elige un archivo de sonido"),
        ({}, b"MZ\x90", "no se puede leer como sonido"),
        ({}, wav(0.1), "No se oye nada"),
    ],
)
def test_refused_recording_says_why_and_keeps_what_was_typed(
    store: Store,
    ana: StaffClient,
    workshop: Workshop,
    fields: dict[str, str],
    body: bytes,
    fault: str,
) -> None:
    answer = upload(ana, f"/org/talleres/{workshop.public_id}/audio", body, **fields)
    assert answer.status_code == 422
    assert fault in words(answer)
    if "spoken_text" not in fields:
        assert "Ven el sábado." in answer.text
    assert notes(store) == []


def test_too_large_file_is_refused_unread(
    store: Store, ana: StaffClient, workshop: Workshop
) -> None:
    answer = ana.client.post(
        f"/org/talleres/{workshop.public_id}/audio",
        headers=ana.headers,
        content_type="multipart/form-data; boundary=b",
        environ_overrides={"CONTENT_LENGTH": str(encoder.MAX_UPLOAD_BYTES + 100_000)},
    )
    assert answer.status_code == 413
    assert "Ese archivo es muy grande" in words(answer)
    assert notes(store) == []


def test_only_headquarters_records_for_kinds_and_the_line(
    store: Store, ana: StaffClient, elena: StaffClient, rights: Kind
) -> None:
    for path in ("/org/tipos/derechos/audio", "/org/linea/audio"):
        assert ana.get(path).status_code == 403
        assert upload(ana, path, wav(2), prompt="welcome").status_code == 403
        assert upload(elena, path, wav(2), prompt="welcome").status_code == 303
    assert [(each.kind_id, each.prompt) for each in notes(store)] == [
        (rights.id, None),
        (None, LinePrompt.WELCOME),
    ]
    assert upload(elena, "/org/linea/audio", wav(2), prompt="nada").status_code == 422
    spoken = {"prompt": "welcome", "lang": "nah"}
    assert upload(elena, "/org/linea/audio", wav(2), **spoken).status_code == 422, "no line has it"


def test_another_office_can_neither_record_nor_delete(
    app: Flask, store: Store, workshop: Workshop, chicago: Office, calgary: Office, rights: Kind
) -> None:
    note = add_note(store, workshop)
    with store.change() as session:
        other = make_workshop(session, calgary, rights)
    tomas = signed_in_as(app, store, employ(store, "tomas@example.org", Role.ORGANIZER, "calgary"))
    path = f"/org/talleres/{workshop.public_id}/audio"
    assert tomas.get(path).status_code == 404
    assert upload(tomas, path, wav(2)).status_code == 404
    own = f"/org/talleres/{other.public_id}/audio"
    assert tomas.post(own, do="delete", note=str(note.id)).status_code == 404
    assert [each.id for each in notes(store)] == [note.id]


def test_recording_is_deleted_and_the_audit_log_says_so(
    store: Store, ana: StaffClient, workshop: Workshop
) -> None:
    note = add_note(store, workshop)
    path = f"/org/talleres/{workshop.public_id}/audio"
    assert ana.post(path, do="delete", note=str(note.id)).status_code == 303
    assert notes(store) == []
    assert "borró una grabación" in words(ana.get(f"/org/talleres/{workshop.public_id}/bitacora"))
    assert ana.post(path, do="delete", note="9" * 30).status_code == 404


def test_workshop_that_moves_while_it_is_recorded_is_recorded_again(
    store: Store, ana: StaffClient, workshop: Workshop
) -> None:
    path = f"/org/talleres/{workshop.public_id}/audio"

    def read_facts() -> str:
        found = BeautifulSoup(ana.get(path).text, "html.parser").find("input", {"name": "facts"})
        assert found is not None
        return str(found["value"])

    seen = read_facts()
    with store.change() as session:
        session.get_one(Workshop, workshop.id).starts = time(15)
    answer = upload(ana, path, wav(2), facts=seen)
    assert answer.status_code == 422
    assert "El taller cambió mientras grababas." in words(answer)
    assert "Ven el sábado." in answer.text
    assert notes(store) == []
    assert upload(ana, path, wav(2), facts=read_facts()).status_code == 303


@pytest.mark.parametrize("what", ["discreet", "hidden"])
def test_nothing_is_recorded_of_what_is_discreet_or_hidden(
    store: Store, ana: StaffClient, chicago: Office, rights: Kind, women: Kind, what: str
) -> None:
    with store.change() as session:
        secret = (
            make_workshop(session, chicago, women)
            if what == "discreet"
            else make_workshop(session, chicago, rights, visibility=Visibility.REGISTERED)
        )
    path = f"/org/talleres/{secret.public_id}/audio"
    page = ana.get(path)
    assert "no tiene grabaciones" in words(page)
    assert 'type="file"' not in page.text
    assert "microphone=()" in page.headers["Permissions-Policy"]
    answer = upload(ana, path, wav(2))
    assert answer.status_code == 422
    assert "no tiene grabaciones" in words(answer)
    assert notes(store) == []


def test_only_this_page_may_use_the_microphone(
    store: Store, ana: StaffClient, workshop: Workshop
) -> None:
    path = f"/org/talleres/{workshop.public_id}"
    page = ana.get(f"{path}/audio")
    assert "microphone=(self)" in page.headers["Permissions-Policy"]
    assert "camera=()" in page.headers["Permissions-Policy"]
    assert page.headers["Content-Security-Policy"].endswith("media-src 'self'")
    for other in (path, "/org/", f"{path}/equipo"):
        assert "microphone=()" in ana.get(other).headers["Permissions-Policy"]
        assert "media-src" not in ana.get(other).headers["Content-Security-Policy"]
