"""Hearing pages: the button, the recordings of staff, and what is never heard."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.recordings import voice_notes
from outreach.domain.recordings.voice_notes import VoiceNote
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.errors import ErrorCode, Refusal
from outreach.keystore import KeyStore
from outreach.privacy import retention
from tests.conftest import make_workshop, seat, venue
from tests.support.page_speech import read_speech
from tests.support.public_urls import manage_token
from tests.support.recordings import BODY, add_note

pytestmark = pytest.mark.any_database("texts and headers of pages")


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


def policy(client: FlaskClient, path: str) -> str:
    return client.get(path).headers["Content-Security-Policy"]


def players(client: FlaskClient, path: str) -> list[str]:
    page = BeautifulSoup(client.get(path).text, "html.parser")
    return [str(each["src"]) for each in page.find_all("audio")]


def test_recording_plays_without_scripts_and_has_its_words_beside_it(
    client: FlaskClient, store: Store, workshop: Workshop
) -> None:
    note = add_note(store, workshop, "nah", "Xihuallacan nochtin.")
    path = f"/es/t/{workshop.public_id}"
    page = BeautifulSoup(client.get(path).text, "html.parser")
    [audio] = page.find_all("audio")
    assert audio.has_attr("controls")
    assert audio["preload"] == "none", "nothing is fetched before somebody asks"
    assert audio["src"] == f"/audio/{note.name}.mp3"
    words = page.find(string=lambda text: "Xihuallacan nochtin." in str(text))
    assert words is not None
    assert words.parent is not None
    assert words.parent["lang"] == "nah"
    assert "Náhuatl" in page.get_text()


def test_only_pages_with_a_player_may_load_audio(
    client: FlaskClient, store: Store, workshop: Workshop, chicago: Office, rights: Kind
) -> None:
    path = f"/es/t/{workshop.public_id}"
    assert "media-src" not in policy(client, path)
    add_note(store, workshop)
    with store.change() as session:
        other = make_workshop(session, chicago, rights)
    assert policy(client, path).endswith("; media-src 'self'")
    assert "microphone=()" in client.get(path).headers["Permissions-Policy"]
    for elsewhere in ("/es/", f"/es/t/{other.public_id}", f"/es/t/{workshop.public_id}/lugar"):
        assert "media-src" not in policy(client, elsewhere)


def test_file_is_sent_whole_or_in_the_range_that_a_player_asks_for(
    client: FlaskClient, store: Store, workshop: Workshop
) -> None:
    path = f"/audio/{add_note(store, workshop).name}.mp3"
    whole = client.get(path)
    assert (whole.status_code, whole.data, whole.mimetype) == (200, BODY, "audio/mpeg")
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["X-Robots-Tag"] == "noindex"
    part = client.get(path, headers={"Range": "bytes=0-1"})
    assert (part.status_code, part.data) == (206, BODY[:2])
    assert part.headers["Content-Range"] == f"bytes 0-1/{len(BODY)}"
    assert client.get(path, headers={"Range": "bytes=999999-"}).status_code == 416
    assert client.get("/audio/NADA.mp3").status_code == 404


def test_workshop_plays_its_own_recording_before_that_of_its_kind(
    client: FlaskClient, store: Store, workshop: Workshop, rights: Kind
) -> None:
    of_kind = [add_note(store, rights, lang) for lang in ("es", "mam")]
    own = add_note(store, workshop, "es")
    path = f"/es/t/{workshop.public_id}"
    assert players(client, path) == [f"/audio/{each.name}.mp3" for each in (own, of_kind[1])]


@pytest.mark.parametrize("was_public", [True, False])
@pytest.mark.parametrize(
    "changes", [{"starts": time(15)}, {"day": "later"}, {"venue": "other"}, {"address": "7 Otra"}]
)
def test_recording_of_before_a_move_is_not_played(
    client: FlaskClient,
    store: Store,
    chicago: Office,
    rights: Kind,
    changes: dict[str, Any],
    was_public: bool,
) -> None:
    status = WorkshopStatus.PUBLISHED if was_public else WorkshopStatus.DRAFT
    with store.change() as session:
        made = make_workshop(session, chicago, rights, status=status)
    note = add_note(store, made, now=clock.now())
    with store.change() as session:
        workshop = session.get_one(Workshop, made.id)
        assert workshop.venue is not None
        if "address" in changes:
            workshop.venue.address = changes["address"]
        else:
            if "venue" in changes:
                changes = {"venue": venue(session, workshop.office, "Otra biblioteca")}
            if "day" in changes:
                changes = {"day": workshop.day + timedelta(days=1)}
            data = replace(workshop_service.get_data(workshop), **changes)
            workshop_service.change(session, workshop, data, now=clock.now())
        if not was_public:
            workshop.status = WorkshopStatus.PUBLISHED
        path = f"/es/t/{workshop.public_id}"
    assert players(client, path) == []
    assert client.get(f"/audio/{note.name}.mp3").status_code == 404
    newer = add_note(store, reload_workshop(store, made), now=clock.now())
    assert players(client, path) == [f"/audio/{newer.name}.mp3"]


def reload_workshop(store: Store, workshop: Workshop) -> Workshop:
    with store.read() as session:
        found = session.get_one(Workshop, workshop.id)
        assert found.venue is not None
        return found


def test_recording_of_a_cancelled_workshop_is_not_played(
    client: FlaskClient, store: Store, workshop: Workshop
) -> None:
    note = add_note(store, workshop)
    for status, code in ((WorkshopStatus.CANCELLED, 404), (WorkshopStatus.PUBLISHED, 200)):
        with store.change() as session:
            session.get_one(Workshop, workshop.id).status = status
        assert client.get(f"/audio/{note.name}.mp3").status_code == code


def test_recording_of_a_workshop_is_cached_no_longer_than_its_page(
    client: FlaskClient, store: Store, workshop: Workshop, rights: Kind
) -> None:
    page = client.get(f"/es/t/{workshop.public_id}").headers["Cache-Control"]
    own = client.get(f"/audio/{add_note(store, workshop).name}.mp3")
    assert own.headers["Cache-Control"] == page
    again = {"If-None-Match": own.headers["ETag"]}
    assert client.get(own.request.path, headers=again).status_code == 304
    of_kind = client.get(f"/audio/{add_note(store, rights).name}.mp3")
    assert of_kind.headers["Cache-Control"] == "public, max-age=3600"
    with store.change() as session:
        session.get_one(Workshop, workshop.id).way = Way.UNLISTED
    hidden = client.get(own.request.path)
    assert (hidden.status_code, hidden.headers["Cache-Control"]) == (200, "no-store")


@pytest.mark.parametrize("is_hidden_later", [False, True])
def test_nothing_discreet_or_hidden_is_heard(
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    women: Kind,
    is_hidden_later: bool,
) -> None:
    with store.change() as session:
        discreet = make_workshop(session, chicago, women)
        hidden = make_workshop(session, chicago, rights, visibility=Visibility.REGISTERED)
    if not is_hidden_later:
        for subject in (women, discreet, hidden):
            with pytest.raises(Refusal) as refused:
                add_note(store, subject)
            assert refused.value.code is ErrorCode.VOICE_NOTE_OF_DISCREET
        return
    with store.change() as session:  # recorded while everybody could hear it
        for about in ({"kind_id": women.id}, {"workshop_id": discreet.id}):
            session.add(note_of(**about))
        session.add(note_of(workshop_id=hidden.id))
    with store.read() as session:
        names = [each.name for each in session.query(VoiceNote)]
    assert [client.get(f"/audio/{name}.mp3").status_code for name in names] == [404] * 3
    token = manage_token(key_store, seat(store, key_store, discreet))
    for path in (f"/es/t/{discreet.public_id}", f"/es/r/{token}", "/es/seguridad"):
        page = client.get(path)
        assert page.status_code == 200
        for trace in ("<audio", "data-listen", "data-speak", "listen.", "media-src"):
            assert trace not in page.text + page.headers["Content-Security-Policy"], (path, trace)
    assert players(client, f"/es/t/{hidden.public_id}") == []


def note_of(*, kind_id: int | None = None, workshop_id: int | None = None) -> VoiceNote:
    return VoiceNote(
        kind_id=kind_id,
        workshop_id=workshop_id,
        lang="es",
        spoken_text="Es en la calle 5.",
        seconds=3,
        body=BODY,
        made_at=clock.now(),
    )


def test_ticket_speaks_day_hour_and_code_and_never_an_address(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop, rights: Kind
) -> None:
    of_kind = add_note(store, rights)
    own = add_note(store, workshop, text="Es en 1805 S. Ejemplo St.")
    rosa = seat(store, key_store, workshop)
    path = f"/es/r/{manage_token(key_store, rosa)}"
    said = read_speech(client.get(path).text)
    assert "Tu lugar está apartado." in said
    assert "6:00" in said
    assert " ".join(rosa.door_code) in said
    assert workshop.venue is not None
    for address in (workshop.venue.name, workshop.venue.address, "Rosa"):
        assert address not in said
    assert players(client, path) == [f"/audio/{of_kind.name}.mp3"]
    assert own.name not in client.get(path).text


@pytest.mark.parametrize("path", ["/es/si-llegan-agentes", "/fr/verdad", "/en/accesibilidad"])
def test_rights_and_help_pages_can_be_heard(client: FlaskClient, path: str) -> None:
    page = client.get(path).text
    assert "data-listen" in page
    assert len(read_speech(page).split()) > 50


def test_playing_is_written_nowhere(
    app: Flask, store: Store, workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    note = add_note(store, workshop)
    before = dict(_rows(store))
    with caplog.at_level("DEBUG"):
        assert app.test_client().get(f"/audio/{note.name}.mp3").status_code == 200
    assert note.name not in caplog.text
    assert dict(_rows(store)) == before


def _rows(store: Store) -> Iterator[tuple[str, str]]:
    from outreach.migrations.models import MAIN

    with store.read() as session:
        for table in MAIN.sorted_tables:
            yield table.name, repr(session.execute(table.select()).all())


def test_recordings_go_after_the_workshop_and_when_it_becomes_discreet(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    today = clock.network_day(clock.now())
    with store.change() as session:
        old = make_workshop(session, chicago, rights, day=today - timedelta(days=31))
        recent = make_workshop(session, chicago, rights, day=today - timedelta(days=29))
        hushed = make_workshop(session, chicago, rights)
    for each in (old, recent, hushed, rights):
        add_note(store, each)
    with store.change() as session:
        session.get_one(Workshop, hushed.id).is_discreet = True
    purged = retention.purge(store, key_store, now=clock.now())
    assert purged.rows["recordings"] == 2
    with store.read() as session:
        assert {each.workshop_id for each in session.query(VoiceNote)} == {recent.id, None}
        assert voice_notes.count_all(session) == 2
