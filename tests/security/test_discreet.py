"""Discretion towards a person who sees the reader's screen: browser history, downloads, calendar
(S13 to S17, S28). Feeds and letters have their own tests."""

import re
from collections.abc import Callable
from datetime import time
from importlib import resources
from itertools import product
from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar

from outreach import clock
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import registrations
from outreach.domain.network import installation_settings, kinds
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.registrations.public_seats import MAX_DELAY, DelayedStates
from outreach.domain.workshops import Workshop
from outreach.domain.workshops.models import NEUTRAL_UID_HOST
from outreach.domain.workshops.seat_states import FEW, FULL, MANY
from outreach.imports import kinds as kinds_file
from outreach.keystore import KeyStore
from outreach.maintenance import scheduled_jobs
from tests.conftest import LONG_AGO, make_workshop, seat
from tests.support.limits import UNLIMITED
from tests.support.public_urls import (
    LANGUAGES,
    NOBODY,
    FurnishedSite,
    Page,
    in_every_status,
    manage_token,
)
from tests.support.registration_forms import answers, everyone, send

pytestmark = pytest.mark.any_database("texts of pages, letters and URLs")

# Parts of the names of discreet kinds.
KIND_WORDS: Final = "violencia violence maltrato abuse víctima victim victime agresor delito crime"
TITLE_WORDS: Final = "consulado consulate consulat migrante migrant migratori immigra méxico"
ORDINARY_WORDS: Final = {"other", "autre"}  # words that identify no kind


# Browser history: titles, URLs, downloads


@pytest.fixture
def unlimited_app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(limits=UNLIMITED)


@pytest.fixture
def all_kinds(store: Store) -> list[Kind]:
    """Returns the kinds of the packaged file."""
    with resources.as_file(resources.files("outreach.imports") / "data" / "taxonomy.json") as path:
        taxonomy = kinds_file.read(path)
    with store.change() as session:
        kinds_file.load(session, taxonomy, now=LONG_AGO)
    with store.read() as session:
        return list(kinds.list_kinds(session))


def words_of(kind: Kind, words: str = f"{KIND_WORDS} {TITLE_WORDS}") -> re.Pattern[str]:
    """Returns a pattern of the words that identify a discreet kind, in three languages."""
    names = [kind.code.replace("_", " "), *kind.name.values(), *kind.short_name.values()]
    found = {word for name in names for word in re.findall(r"\w{5,}", name.casefold())}
    found |= set(words.split())
    return re.compile(rf"\b(?:{'|'.join(sorted(found - ORDINARY_WORDS))})\b")


def in_three_languages(path: str) -> list[str]:
    return [path.replace("/es/", f"/{lang}/", 1) for lang in LANGUAGES]


def personal_paths(site: FurnishedSite, lang: str = "/") -> list[str]:
    return [path for path in site.of_tokens() if "/r/" in path and path.startswith(lang)]


@pytest.mark.long
def test_personal_page_keeps_no_kind_in_browser_history(
    unlimited_app: Flask, store: Store, key_store: KeyStore, chicago: Office, all_kinds: list[Kind]
) -> None:
    assert len(all_kinds) > 20
    for kind in all_kinds:
        with store.change() as session:
            workshop = make_workshop(session, chicago, kind, title=kind.name, way=Way.PLACE)
            full = make_workshop(session, chicago, kind, title=kind.name, way=Way.PLACE, capacity=0)
        links = {
            way.split()[0]: link
            for way, link in in_every_status(store, key_store, workshop).items()
        }
        chosen_links = {way: links[way] for way in ("asked", "offered", "lapsed")}
        chosen_links["full"] = manage_token(key_store, seat(store, key_store, full))
        client, words = unlimited_app.test_client(), words_of(kind)
        pages = [
            client.get(path)
            for path in personal_paths(FurnishedSite(unlimited_app, {}, chosen_links, "", ()))
        ]
        for path in ("/cita.ics", "/cambiar", "/borrar"):
            pages.append(client.post(f"/es/r/{links['seated']}{path}", data={"people": "99"}))
        for page in pages:
            where = f"{kind.code} at {page.request.path}"
            if page.mimetype == "text/html":
                title = Page(page.text).title
                assert title, where
                assert not words.search(title.casefold()), where
            assert not words.search(page.headers.get("Content-Disposition", "").casefold()), where
            assert not words.search(page.request.path.casefold()), where


def test_discreet_workshop_page_has_no_kind_in_title_or_url(
    unlimited_app: Flask, store: Store, key_store: KeyStore, chicago: Office, all_kinds: list[Kind]
) -> None:
    client, discreet = unlimited_app.test_client(), [kind for kind in all_kinds if kind.is_discreet]
    assert len(discreet) >= 3
    for kind in discreet:
        with store.change() as session:
            workshop = make_workshop(session, chicago, kind, title=kind.name, way=Way.PLACE)
        assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{16}", workshop.public_id)
        assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}", kind.public_code)
        workshop_path = f"/es/t/{workshop.public_id}"
        query = f"tipo={kind.public_code}"
        for path in (
            workshop_path,
            f"{workshop_path}/lugar",
            f"/es/?{query}",
            f"/es/calendario?{query}",
            f"/es/cifras/tipo/{kind.public_code}",
        ):
            for each in in_three_languages(path):
                page = Page(client.get(each).text)
                assert not words_of(kind).search(page.title.casefold()), each
                for link in page.links:
                    assert not words_of(kind).search(link.casefold()), f"{link} on {each}"
                assert not [
                    attributes
                    for tag, attributes in page.tags
                    if "og:" in (attributes.get("property") or "")
                ]
        for each, neutral in zip(
            in_three_languages(workshop_path), ("Taller", "Workshop", "Atelier"), strict=True
        ):
            for path in (each, f"{each}/lugar"):
                assert re.fullmatch(
                    rf"{neutral} · [\w ]*\d[\w ]*", Page(client.get(path).text).title
                )
        answer = client.get(f"{workshop_path}.ics")
        assert answer.headers["Content-Disposition"] == 'inline; filename="taller.ics"'


def test_pages_of_a_discreet_registration_do_not_name_the_kind(
    unlimited_app: Flask, store: Store, key_store: KeyStore, chicago: Office, all_kinds: list[Kind]
) -> None:
    """Checks text, classes and links of the main part."""
    client = unlimited_app.test_client()
    for kind in [each for each in all_kinds if each.is_discreet]:
        with store.change() as session:
            workshop = make_workshop(
                session, chicago, kind, title=kind.name, summary=kind.description
            )
            full = make_workshop(session, chicago, kind, title=kind.name, way=Way.PLACE, capacity=0)
        links = in_every_status(store, key_store, workshop)
        links["full"] = manage_token(key_store, seat(store, key_store, full))
        kind_pattern = re.compile(
            f'{words_of(kind, KIND_WORDS).pattern}|class="([^"]*\\s)?kind-(?!neutral)\\w'
        )
        paths = [
            p
            for p in personal_paths(FurnishedSite(unlimited_app, {}, links, "", ()))
            if NOBODY not in p
        ]
        pages = [client.get(path) for path in paths]
        pages.append(client.get(f"/es/t/{workshop.public_id}/lugar"))
        pages.append(send(client, workshop, answers(unlimited_app, workshop, name="")))
        for page in pages:
            main = page.text.partition("<main")[2].partition("</main>")[0].casefold()
            found = kind_pattern.search(main)
            assert found is None, f"{kind.code}: {found} on {page.request.path}"


def test_every_discreet_page_has_a_quick_exit(
    unlimited_app: Flask, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, women)
        full = make_workshop(session, chicago, women, capacity=0, has_waiting_list=False)
        later = make_workshop(session, chicago, women, opens_days=2)
    link, form = (
        f"/es/r/{manage_token(key_store, seat(store, key_store, workshop))}",
        f"/es/t/{workshop.public_id}",
    )
    links = in_every_status(store, key_store, workshop)
    client = unlimited_app.test_client()
    pages = [
        client.get(form),
        client.get(f"{form}/lugar"),
        client.post(f"{form}/lugar", data={}),
        client.get(f"/es/t/{full.public_id}/lugar"),
        client.get(f"/es/t/{later.public_id}/lugar"),
        *(
            client.get(path)
            for path in personal_paths(FurnishedSite(unlimited_app, {}, links, "", ()), "/es/")
        ),
        client.get(f"/es/?tipo={women.public_code}"),
        client.get(f"/es/calendario?tipo={women.public_code}"),
        client.get(f"/es/cifras/tipo/{women.public_code}"),
        client.get("/es/mi-registro"),
        client.post("/es/mi-registro", data={"email": "rosa@ejemplo.com"}),
        client.get("/es/seguridad"),
        *(client.get(link + rest) for rest in ("", "/cambiar", "/cancelar", "/borrar")),
        client.post(f"{link}/cambiar", data={"people": "99"}),
        # An error page does not know whether its URL is of a discreet workshop.
        client.get(f"/es/t/{workshop.public_id[:-1]}"),
        client.get(f"/es/r/{'A' * 21}g"),
        client.put(f"{form}/lugar"),
        client.post(f"{form}/lugar", data={"name": "x" * 70_000}),
        client.post(f"{form}/lugar", headers={"Sec-Fetch-Site": "cross-site"}),
        client.post(f"{link}/borrar"),
    ]
    with store.change() as session:
        session.execute(sa.text("ALTER TABLE workshop RENAME TO elsewhere"))
    pages.append(client.get(form))
    shown_pages = [page for page in pages if page.status_code != 303]
    assert {page.status_code for page in shown_pages} == {200, 403, 404, 405, 409, 413, 422, 500}
    for page in shown_pages:
        quick_exit_links = [
            attributes
            for tag, attributes in Page(page.text).tags
            if tag == "a" and "data-quick-exit" in attributes
        ]
        assert len(quick_exit_links) == 3, f"{page.status_code} {page.request.path}"
        assert {link["href"] for link in quick_exit_links} == {"/es/salir"}
        assert {link["rel"] for link in quick_exit_links} == {"nofollow noreferrer"}


def test_figures_of_a_discreet_kind_are_not_cached_or_indexed(
    client: FlaskClient, women: Kind, rights: Kind
) -> None:
    for path in (f"/es/cifras/tipo/{women.public_code}", f"/es/cifras/tipo/{women.code}"):
        answer = client.get(path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "noindex" in answer.headers["X-Robots-Tag"]
    titles = [
        Page(client.get(f"/es/cifras/tipo/{kind.public_code}").text).title
        for kind in (women, rights)
    ]
    assert titles == ["Cifras", "Tus derechos · Cifras"]


# Calendar entries

WHEN_AND_NO_MORE: Final = {
    "UID", "DTSTAMP", "SEQUENCE", "STATUS", "DTSTART", "DTEND", "SUMMARY", "CLASS", "TRANSP",
}  # fmt: skip


@pytest.mark.parametrize("visibility", list(Visibility))
def test_calendar_entry_of_a_discreet_registration_has_only_date_and_time(
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    women: Kind,
    visibility: Visibility,
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, women, visibility=visibility, title=women.name)
    link = manage_token(key_store, seat(store, key_store, workshop))
    for lang, neutral in (("es", "Cita"), ("en", "Appointment"), ("fr", "Rendez-vous")):
        answer = client.post(f"/{lang}/r/{link}/cita.ics")
        assert answer.headers["Content-Disposition"] == 'attachment; filename="cita.ics"'
        [event] = Calendar.from_ical(answer.data).walk("VEVENT")
        assert set(event) == WHEN_AND_NO_MORE
        assert (event["SUMMARY"], event["CLASS"]) == (neutral, "PRIVATE")
        assert not event.walk("VALARM")
        text = answer.text.replace("\r\n ", "")
        assert "METHOD" not in text
        assert workshop.uid not in text
        assert not re.search(r"mujer|women|femme|pilsen|chicago,|consul", text, re.IGNORECASE)
    own = client.post(f"/es/r/{link}/cita.ics", data={"title": "Dentista\r\nURL:https://x"})
    [event] = Calendar.from_ical(own.data).walk("VEVENT")
    assert set(event) == WHEN_AND_NO_MORE


def test_calendar_entries_of_a_new_discreet_workshop_do_not_name_the_site(
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    women: Kind,
    rights: Kind,
) -> None:
    """Those of an existing one keep their UID, and so does one that becomes discreet."""
    with store.change() as session:
        new, old, ordinary = (
            make_workshop(session, chicago, each) for each in (women, women, rights)
        )
        session.flush()
        for workshop_id, values in (
            (old.id, {"has_neutral_uid": False}),
            (ordinary.id, {"is_discreet": True}),
        ):
            session.execute(sa.update(Workshop).where(Workshop.id == workshop_id).values(values))

    def hosts(workshop: Workshop) -> set[str]:
        link = manage_token(key_store, seat(store, key_store, workshop))
        answers = [
            client.get(f"/es/t/{workshop.public_id}.ics"),
            client.get(f"/es/cal/red.ics?tipo={workshop.kind.public_code}"),
            client.post(f"/es/r/{link}/cita.ics"),
        ]
        uids = {
            str(event["UID"])
            for answer in answers
            for event in Calendar.from_ical(answer.data).walk("VEVENT")
            if str(event["UID"]).startswith(("cita-", f"taller-{workshop.uid}"))
        }
        assert len(uids) == 2
        return {each.partition("@")[2] for each in uids}

    assert hosts(new) == {NEUTRAL_UID_HOST}
    with store.read() as session:
        host = installation_settings.get_calendar_host(session)
    assert hosts(old) == hosts(ordinary) == {host}


def test_personal_calendar_entry_contains_no_manage_link(
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    women: Kind,
) -> None:
    for kind, way, capacity in product((rights, women), (Way.PLACE, Way.UNLISTED), (20, 0)):
        with store.change() as session:
            workshop = make_workshop(
                session, chicago, kind, way=way, capacity=capacity, online_url="https://x.y"
            )
        rosa = seat(store, key_store, workshop)
        link = manage_token(key_store, rosa)
        for title in ("", "Cita con https://x.y"):
            answer = client.post(f"/es/r/{link}/cita.ics", data={"title": title})
            lines = [each for each in answer.text.splitlines() if not each.startswith("SUMMARY")]
            text = "\n".join(lines)
            assert not re.search(r"https?:|/r/|/q/|/t/|webcal|www\.", text)
            for secret in (link, workshop.public_id, workshop.uid, rosa.door_code, rosa.id):
                assert secret not in text


# Seats left


def test_seats_left_do_not_reveal_a_single_registration(
    unlimited_app: Flask, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, women, capacity=30)
    own = f"/es/r/{manage_token(key_store, seat(store, key_store, workshop))}/cambiar"
    paths = [
        "/es/",
        "/es/?tipo=K7QX",
        "/es/o/chicago",
        f"/es/t/{workshop.public_id}",
        f"/es/t/{workshop.public_id}/lugar",
        f"/es/t/{workshop.public_id}.ics",
        "/es/cal/red.ics?tipo=K7QX",
        "/es/calendario?tipo=K7QX",
    ]

    def seen(left: int, shown: int) -> list[str]:
        with store.change() as session:
            session.execute(
                sa.update(Workshop)
                .where(Workshop.id == workshop.id)
                .values(seats_left=left, shown_seats=shown)
            )
        client = unlimited_app.test_client()
        pages = [client.get(path).text for path in [*paths, own]]
        fresh = r'name="(?:stamp|nonce)" value="[^"]*"'
        return [re.sub(fresh, "", page) for page in pages]

    full, few, many = (seen(3, shown) for shown in (FULL, FEW, MANY))
    assert full != few != many != full
    for left in (0, 1, 2, 5, 6, 7, 11, 29):  # whatever it is, the state that is shown decides
        assert seen(left, FULL) == full, left
        assert seen(left, FEW) == few, left
        assert seen(left, MANY) == many, left
    assert not [page for page in full + few + many if re.search(r"Quedan? \d|\d+ de 30", page)]


def test_active_watcher_sees_an_hour_and_a_need_only_after_the_delay(
    unlimited_app: Flask, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    """Who reads the form and also posts it: a taken hour is answered at once, and shown late."""
    with store.change() as session:
        workshop = make_workshop(
            session, chicago, women, way=Way.SLOTS, starts=time(10), ends=time(14), slot_minutes=20,
            has_childcare=True, support={"childcare": 1},
        )  # fmt: skip
    client = unlimited_app.test_client()
    path = f"/es/t/{workshop.public_id}/lugar"
    fresh = r'name="(?:stamp|nonce)" value="[^"]*"'

    def seen(page: str) -> str:
        return re.sub(fresh, "", page)

    before = seen(client.get(path).text)
    seat(store, key_store, workshop, slot="10:20", needs=Codes(["childcare"]))
    assert seen(client.get(path).text) == before
    watcher: dict[str, Any] = {"contact": "none", "consent": "yes"}
    hour = client.post(path, data=answers(unlimited_app, workshop, slot="10:20", **watcher))
    assert hour.status_code == 409
    assert "Esa hora se acaba de ocupar." in hour.text
    assert 'value="10:20"' not in hour.text
    need = client.post(
        path, data=answers(unlimited_app, workshop, slot="10:40", needs=["childcare"], **watcher)
    )
    assert need.status_code == 409
    assert "Ya no queda cuidado de niños" in need.text
    assert seen(client.get(path).text) == before, "what one post learned is shown to nobody else"
    delayed, now = DelayedStates(), clock.now()
    assert scheduled_jobs.show_seats(store, delayed, now=now) == 0
    assert seen(client.get(path).text) == before
    assert scheduled_jobs.show_seats(store, delayed, now=now + MAX_DELAY) == 2
    after = client.get(path).text
    assert 'value="10:20"' not in after
    assert "Ya no queda cuidado de niños" in after
    [rosa] = everyone(store)
    with store.change() as session:
        registrations.cancel(session, session.get_one(Registration, rosa.id), now=clock.now())
    answer = client.post(path, data=answers(unlimited_app, workshop, slot="10:20", **watcher))
    assert answer.status_code == 303, "a state that is late refuses no form"
