"""A calendar by address: its events are ticked, brought in as drafts, and read again."""

import json
import re
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.scheduling import calendar_links, import_drafts
from outreach.domain.scheduling.calendar_links import CalendarLink
from outreach.domain.scheduling.import_drafts import ImportDraft
from outreach.domain.workshops import WorkshopStatus
from outreach.imports.calendar_links import addresses, updates
from outreach.imports.calendar_links.updates import CalendarReader
from outreach.imports.import_errors import CalendarAddressErrorCode, UnreadableFile
from outreach.migrations.models import MAIN
from tests.imports.calendar_links.conftest import server
from tests.imports.guess.builders import calendar
from tests.support.calendar_server import CALENDAR_RULE, HOST, Answer, CalendarServer
from tests.support.fixed_clock import fixed_clock
from tests.support.staff_client import StaffClient, employ, signed_in_as, words
from tests.web.staff.test_import_drafts import all_workshops, load, office

__all__ = ["office", "server"]

pytestmark = [pytest.mark.any_database, fixed_clock]

Event = tuple[str, ...]
DAY = timedelta(days=1)
SECRET = "secreto"
DACA: Event = (
    "UID:daca@example.org",
    "SUMMARY:DACA",
    "LOCATION:Biblioteca de Pilsen",
    "DTSTART:20261205T180000",
    "DTEND:20261205T200000",
)
DOCTOR: Event = (
    "UID:cita-medica-7@example.org",
    "SUMMARY:Cita con la Dra. Canaria",
    "LOCATION:Hospital Mercurio",
    "DESCRIPTION:Llevar estudios de sangre",
    "ATTENDEE;CN=Rosa:mailto:rosa@example.org",
    "DTSTART;TZID=America/Regina:20261207T090000",
    "DTEND;TZID=America/Regina:20261207T100000",
)
REGINA: Event = (
    "BEGIN:VTIMEZONE",
    "TZID:America/Regina",
    "BEGIN:STANDARD",
    "TZOFFSETTO:-0600",
    "END:STANDARD",
    "END:VTIMEZONE",
)
WEEKLY: Event = (
    "UID:semanal@example.org",
    "SUMMARY:Tus derechos",
    "LOCATION:Parroquia San Pío",
    "DTSTART:20261203T170000",
    "DTEND:20261203T190000",
    "RRULE:FREQ=WEEKLY",
)


def changed(event: Event, **values: str) -> Event:
    """The event with other values of these properties."""
    return tuple(
        f"{line.partition(':')[0]}:{values[name]}"
        if (name := line.partition(":")[0].partition(";")[0]) in values
        else line
        for line in event
    )


@pytest.fixture
def ana(app: Flask, store: Store, office: Office, server: CalendarServer) -> StaffClient:
    app.extensions[addresses.RULE] = CALENDAR_RULE
    server.show(DACA, DOCTOR)
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def reader(app: Flask, ana: StaffClient) -> CalendarReader:
    return updates.of_app(app)


def give(client: StaffClient, address: str, **fields: str) -> TestResponse:
    form = {"office": "chicago", "address": address} | fields
    return client.post("/org/traer/hoja", **form)


def the_link(store: Store) -> CalendarLink:
    with store.read() as session:
        return session.scalars(sa.select(CalendarLink)).one()


def page_of(store: Store) -> str:
    return f"/org/traer/chicago/calendario/{the_link(store).public_id}"


def keys_of(page: TestResponse) -> dict[str, str]:
    """The keys of the events that can be ticked, by title."""
    found = re.findall(
        r'name="event" value="([0-9a-f]+)".*?<b class="wrap-anywhere">(.*?)</b>',
        page.text,
        re.DOTALL,
    )
    return {title: key for key, title in found}


def act(client: StaffClient, store: Store, do: str, **fields: Any) -> TestResponse:
    return client.post(page_of(store), do=do, **fields)


def take(client: StaffClient, store: Store, server: CalendarServer, *titles: str) -> str:
    """Ticks these events, of all that are shown, and loads them; the address of the draft."""
    shown = give(client, server.url())
    keys = keys_of(shown)
    taken = act(client, store, "take", event=[keys[title] for title in titles])
    assert taken.status_code == 303, words(taken)
    address = taken.location.removesuffix("/columnas")
    done = load(client, address)
    assert done.location == f"{address}/listo", words(done)
    return address


def everything(store: Store, config: Config) -> str:
    """All that is stored: rows, packed drafts, and on SQLite the bytes of the files."""
    with store.read() as session:
        rows = [repr(session.execute(sa.select(table)).all()) for table in MAIN.sorted_tables]
        drafts = session.scalars(sa.select(ImportDraft)).all()
        packed = [json.dumps(import_drafts.read_source(each)) for each in drafts]
    files = [each.read_bytes() for each in config.data.rglob("*") if each.is_file()]
    return "\n".join([*rows, *packed, *(each.decode("latin-1") for each in files)])


def actions(store: Store) -> list[tuple[str, str]]:
    with store.read() as session:
        rows = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)).all()
        return [(each.action, each.details) for each in rows]


# Ticking


def test_events_are_ticked_before_anything_is_kept(
    ana: StaffClient, store: Store, server: CalendarServer, config: Config
) -> None:
    server.answers["/secreto/basic.ics"] = Answer(calendar(DACA, DOCTOR, head=REGINA))
    shown = give(ana, server.url(scheme="webcal"))
    assert shown.status_code == 200
    assert "Marca los que son talleres." in words(shown)
    assert list(keys_of(shown)) == ["DACA", "Cita con la Dra. Canaria"]
    assert " checked" not in shown.text
    for private in ("Canaria", "Mercurio", "sangre", "cita-medica-7", "rosa@example.org"):
        assert private not in everything(store, config)
    taken = act(ana, store, "take", event=keys_of(shown)["DACA"])
    address = taken.location.removesuffix("/columnas")
    load(ana, address)
    (workshop,) = all_workshops(store)
    assert (workshop.status, workshop.day) == (WorkshopStatus.DRAFT, date(2026, 12, 5))
    stored = everything(store, config)
    for private in ("Canaria", "Mercurio", "sangre", "cita-medica-7", "Regina", "ATTENDEE"):
        assert private not in stored
    assert "daca@example.org" not in keys_of(act(ana, store, "read"))


def test_what_was_brought_in_is_not_offered_again(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    take(ana, store, server, "DACA")
    assert list(keys_of(act(ana, store, "read"))) == ["Cita con la Dra. Canaria"]
    server.show(DACA)
    assert "No hay eventos nuevos por traer." in words(act(ana, store, "read"))


def test_nothing_ticked_and_an_event_that_changed_meanwhile_are_said(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    keys = keys_of(give(ana, server.url()))
    none = act(ana, store, "take")
    assert (none.status_code, list(keys_of(none))) == (422, list(keys))
    assert "Marca los que son talleres." in words(none)
    server.show(DACA, changed(DOCTOR, SUMMARY="DACA en la clínica"))
    late = act(ana, store, "take", event=list(keys.values()))
    assert late.status_code == 409
    assert "El calendario cambió mientras lo veías. Revisa y marca otra vez." in words(late)
    assert f'value="{keys["DACA"]}" checked' in late.text, "what still holds stays ticked"
    assert all_drafts(store) == []


def all_drafts(store: Store) -> list[ImportDraft]:
    with store.read() as session:
        return list(session.scalars(sa.select(ImportDraft)))


def test_series_is_one_line_and_one_without_an_end_is_bounded(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    server.show(WEEKLY)
    shown = give(ana, server.url())
    assert len(keys_of(shown)) == 1
    assert "26 fechas" in words(shown)
    take(ana, store, server, "Tus derechos")
    assert len(all_workshops(store)) == 26
    assert keys_of(act(ana, store, "read")) == {}


def test_past_events_and_workshops_of_this_site_are_not_offered(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    past = changed(
        DACA, UID="viejo@example.org", DTSTART="20261105T180000", DTEND="20261105T200000"
    )
    ended = (
        *changed(WEEKLY, UID="fin@example.org")[:-1],
        "RRULE:FREQ=WEEKLY;UNTIL=20261110T000000Z",
    )
    ended = changed(ended, DTSTART="20250101T170000", DTEND="20250101T190000")
    begun = changed(
        DACA, UID="ya@example.org", DTSTART="20261127T110000Z", DTEND="20261127T200000Z"
    )
    server.show(past, ended, begun, DACA)
    assert list(keys_of(give(ana, server.url()))) == ["DACA"]


def test_event_of_the_whole_day_can_be_ticked_and_is_mended_as_a_row(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    server.show(changed(DACA, DTSTART="20261205", DTEND="20261206"))
    shown = give(ana, server.url())
    assert "sáb 5 dic" in words(shown)
    taken = act(ana, store, "take", event=keys_of(shown)["DACA"])
    address = taken.location.removesuffix("/columnas")
    assert "Es de todo el día. Ponle hora." in words(ana.get(address))


# The link is a secret


def test_link_is_shown_nowhere_and_in_no_log_entry_or_audit_entry(
    ana: StaffClient,
    store: Store,
    server: CalendarServer,
    config: Config,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level("DEBUG"):
        shown = give(ana, server.url())
        pages = [shown, ana.get(page_of(store)), ana.get("/org/traer"), act(ana, store, "read")]
        pages.append(act(ana, store, "save", name="Agenda", daily="yes"))
        server.answers.clear()
        pages.append(act(ana, store, "read"))
    assert not [each for each in pages if SECRET in each.text]
    assert SECRET not in everything(store, config)
    assert not [each for each in caplog.messages if SECRET in each or HOST in each]
    said = actions(store)
    assert [each[0] for each in said] == ["calendar link added", "calendar link changed"]
    assert not [each for each in said if SECRET in each[1] or HOST in each[1]]


def test_link_copied_to_another_office_does_not_open(
    ana: StaffClient, reader: CalendarReader, store: Store, server: CalendarServer, calgary: Office
) -> None:
    give(ana, server.url())
    link = the_link(store)
    assert reader.open(link) == server.url()
    with store.change() as session:
        moved = session.get_one(CalendarLink, link.id)
        moved.office_id = calgary.id
    with pytest.raises(UnreadableFile) as refused:
        reader.open(the_link(store))
    assert refused.value.code is CalendarAddressErrorCode.UNREADABLE_LINK


def test_pasted_address_becomes_no_row(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    shown = give(ana, "", rows=f" {server.url()}\n")
    assert list(keys_of(shown)) == ["DACA", "Cita con la Dra. Canaria"]
    assert all_drafts(store) == []


def test_same_address_twice_is_one_link(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    give(ana, server.url())
    give(ana, server.url(scheme="webcal"))
    assert the_link(store).name == HOST
    assert [each[0] for each in actions(store)] == ["calendar link added"]


def test_removed_link_is_deleted_and_its_workshops_stay(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    take(ana, store, server, "DACA")
    link = the_link(store)
    gone = act(ana, store, "remove")
    assert "Quitamos el calendario." in words(ana.get(gone.location))
    with store.read() as session:
        assert session.scalars(sa.select(CalendarLink)).all() == []
    assert len(all_workshops(store)) == 1
    assert ana.get(f"/org/traer/chicago/calendario/{link.public_id}").status_code == 404
    assert actions(store)[-1][0] == "calendar link removed"


def test_office_has_so_many_links(ana: StaffClient, store: Store, server: CalendarServer) -> None:
    for number in range(calendar_links.MAX_LINKS):
        server.show(DACA, path=f"/{number}.ics")
        assert give(ana, server.url(f"/{number}.ics")).status_code == 200
    refused = give(ana, server.url())
    assert refused.status_code == 422
    assert "La oficina ya tiene 10 calendarios por enlace. Quita uno." in words(refused)


def test_link_of_another_office_looks_nonexistent(
    app: Flask, ana: StaffClient, store: Store, server: CalendarServer, calgary: Office
) -> None:
    give(ana, server.url())
    public_id, before = the_link(store).public_id, len(server.asked)
    luis = signed_in_as(app, store, employ(store, "luis@example.org", Role.ORGANIZER, "calgary"))
    assert HOST not in luis.get("/org/traer").text
    for slug in ("chicago", "calgary"):
        path = f"/org/traer/{slug}/calendario/{public_id}"
        assert luis.get(path).status_code == 404
        for do in ("read", "take", "save", "seen", "remove", ""):
            assert luis.post(path, do=do, event="0", name="x").status_code == 404, do
    assert give(luis, server.url()).status_code in {403, 404}, "an office that is not theirs"
    assert len(server.asked) == before
    assert the_link(store).name == HOST


@pytest.mark.parametrize("role", [Role.READER, Role.DOOR])
def test_who_may_not_import_may_not_give_an_address(
    app: Flask, ana: StaffClient, store: Store, server: CalendarServer, role: Role
) -> None:
    give(ana, server.url())
    before = len(server.asked)
    other = signed_in_as(app, store, employ(store, "otra@example.org", role))
    assert give(other, server.url()).status_code == 403
    assert other.get(page_of(store)).status_code == 403
    assert act(other, store, "remove").status_code == 403
    assert len(server.asked) == before


def test_form_without_a_token_or_an_act_does_nothing(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    give(ana, server.url())
    before = len(server.asked)
    assert act(ana, store, "remove", token="").status_code == 403
    assert act(ana, store, "read", token="x").status_code == 403
    for do in ("", "nonsense"):
        assert act(ana, store, do).status_code == 303
    assert len(server.asked) == before
    assert the_link(store).name == HOST


def test_page_of_a_link_fetches_nothing(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    give(ana, server.url())
    before = len(server.asked)
    assert "1 evento parece un taller y espera que lo marques." in words(ana.get(page_of(store)))
    assert len(server.asked) == before


def test_settings_are_kept_and_a_bad_name_is_refused(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    give(ana, server.url())
    saved = act(ana, store, "save", name=" Agenda  de la red ", daily="yes")
    assert "Guardado." in words(ana.get(saved.location))
    link = the_link(store)
    assert (link.name, link.is_daily) == ("Agenda de la red", True)
    for name in ("", "x" * 61, "https://example.org/secreto.ics"):
        refused = act(ana, store, "save", name=name)
        assert refused.status_code == 422
        assert "Ponle un nombre de 60 letras o menos." in words(refused)
    act(ana, store, "save", name="Agenda")
    assert not the_link(store).is_daily


# What is wrong is one sentence


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("http://example.org/a.ics", "Pega la que empieza con https://."),
        ("https://ana:clave@example.org/a.ics", "Pide un enlace que no los lleve."),
        ("https://10.1.2.3/a.ics", "Solo leemos direcciones https"),
        ("calendario", "Pega la dirección completa del calendario"),
        ("https://interno.example/a.ics", "Solo leemos direcciones https"),
        ("https://metadatos.example/latest/", "Solo leemos direcciones https"),
    ],
)
def test_address_that_cannot_be_read_says_what_to_do(
    ana: StaffClient, store: Store, typed: str, sentence: str
) -> None:
    refused = give(ana, typed)
    assert refused.status_code == 422
    assert sentence in words(refused)
    with store.read() as session:
        assert session.scalars(sa.select(CalendarLink)).all() == []


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer(status=401), "El calendario pide contraseña."),
        (Answer(status=404), "En esa dirección ya no hay un calendario."),
        (Answer(status=503), "El sitio del calendario tiene una falla."),
        (Answer(b"<html>"), "Ahí no hay un calendario, sino otra cosa."),
        (Answer(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"), "El calendario no tiene ningún evento."),
        (Answer(calendar(*[(*WEEKLY[:1], *WEEKLY[3:])] * 500)), "es demasiado grande"),
        (Answer(calendar(DACA)[:-20]), "El calendario llegó sin su final."),
    ],
)
def test_fault_of_a_calendar_is_said_and_what_was_read_stays(
    ana: StaffClient, store: Store, server: CalendarServer, answer: Answer, sentence: str
) -> None:
    take(ana, store, server, "DACA")
    before = the_link(store)
    server.answers["/secreto/basic.ics"] = answer
    refused = act(ana, store, "read")
    assert refused.status_code == 422
    assert sentence in words(refused)
    assert sentence in words(ana.get(page_of(store))), "until it is read again"
    assert "No se pudo leer." in words(ana.get("/org/traer"))
    link = the_link(store)
    assert (link.taken, link.report, link.read_at) == (before.taken, before.report, before.read_at)
    server.show(DACA)
    assert sentence not in words(act(ana, store, "read"))
    assert the_link(store).fault == ""


def test_calendar_that_no_page_can_show_is_not_kept(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    server.show(*[(*WEEKLY[:1], *WEEKLY[3:])] * 500)
    refused = give(ana, server.url())
    assert refused.status_code == 422
    assert "El calendario es demasiado grande." in words(refused)
    with store.read() as session:
        assert session.scalars(sa.select(CalendarLink)).all() == []


def test_one_calendar_at_a_time_keeps_a_thread_busy(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    give(ana, server.url())
    has_begun, may_end = threading.Event(), threading.Event()

    def slow(_server: CalendarServer) -> Iterator[bytes]:
        has_begun.set()
        may_end.wait(8)
        yield b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"

    server.answers["/secreto/basic.ics"] = Answer(raw=slow)
    first = threading.Thread(target=act, args=(ana, store, "read"))
    first.start()
    try:
        assert has_begun.wait(8)
        busy = act(ana, store, "read")
    finally:
        may_end.set()
        first.join()
    assert busy.status_code == 422
    assert "Ahora se está leyendo otro calendario." in words(busy)
    server.show(DACA)
    assert act(ana, store, "read").status_code == 200, "and the next one is read again"


def test_office_that_reads_too_often_waits(
    ana: StaffClient, store: Store, server: CalendarServer
) -> None:
    give(ana, server.url())
    statuses = {act(ana, store, "read").status_code for _number in range(60)}
    assert statuses == {200, 429}
    assert len(server.asked) == 60
