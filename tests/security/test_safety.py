"""The safety requirements of requirements.md on public pages.

tests/support/safety_promises.py lists the tests of each requirement; tests/faults/guards.py removes
the guards one by one and expects their tests to fail.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock, keystore, migrations
from outreach.config import Config
from outreach.db.base import Base
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound
from outreach.keystore import KeyStore, KeyStoreBase, MasterKeys
from outreach.privacy import retention
from tests.conftest import make_workshop, seat
from tests.support import requirements
from tests.support.extension_scenes import SCENES
from tests.support.public_urls import NOBODY, FurnishedSite, Page, manage_token
from tests.support.registration_forms import answers, link_of
from tests.support.safety_promises import PROMISES

pytestmark = [pytest.mark.any_database("texts and headers of pages"), pytest.mark.core]

TESTS: Final = Path(__file__).parent.parent


def test_every_safety_requirement_has_a_test() -> None:
    of_extensions = {name: tests for scene in SCENES for name, tests in scene.promises.items()}
    promises = PROMISES | of_extensions
    written = re.findall(r"^\*\*(S\d\d)\*\*", requirements.read_all(), re.MULTILINE)
    assert list(promises) == written
    for promise, tests in promises.items():
        for test in tests:
            file, _, name = test.partition("::")
            source = (TESTS / file).read_text()
            assert re.search(rf"^def {name}\(", source, re.MULTILINE), f"{promise}: {test}"


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


@pytest.fixture
def rosa(store: Store, key_store: KeyStore, workshop: Workshop) -> Registration:
    return seat(store, key_store, workshop)


def read_all_rows(store: Store, key_store: KeyStore) -> list[Any]:
    """Returns every row of both databases except the rate counters."""
    found: list[Any] = []
    for database, metadata in ((store, Base.metadata), (key_store.store, KeyStoreBase.metadata)):
        with database.read() as session:
            for table in metadata.sorted_tables:
                if table.name not in {"rate_counter", "day_key"}:
                    found.append([tuple(row) for row in session.execute(sa.select(table))])
    return found


def test_tokens_are_stored_only_as_hashes_and_are_independent(
    store: Store, key_store: KeyStore, rosa: Registration
) -> None:
    key = registrations.get_key(key_store, rosa)
    manage, entry = registrations.derive_manage_token(key), registrations.derive_entry_token(key)
    assert manage != entry
    assert {len(keystore.derive(key, "manage")), len(keystore.derive(key, "entry"))} == {16}
    rows = repr(read_all_rows(store, key_store))
    for token, purpose in ((manage, "manage"), (entry, "entry")):
        hashed = hashlib.sha256(keystore.derive(key, purpose)).digest()
        assert token not in rows
        assert repr(hashed) not in rows, "nor a hash that a phone's history could be matched with"
    with store.read() as session, pytest.raises(NotFound):
        registrations.find(session, key_store, entry)


def test_copy_of_the_database_with_other_keys_knows_no_link(
    store: Store, key_store: KeyStore, rosa: Registration, config: Config, tmp_path: Path
) -> None:
    """A backup and the history of a phone, without the key store."""
    key = registrations.get_key(key_store, rosa)
    manage, entry = registrations.derive_manage_token(key), registrations.derive_entry_token(key)
    other = replace(config, keys=tmp_path / "keys", keyring_url=f"sqlite:///{tmp_path}/keyring.db")
    other.make_folders()
    migrations.upgrade(migrations.Database.KEY_STORE, other.keyring_url)
    other_store = Store(other.keyring_url)
    stranger = KeyStore(other_store, MasterKeys(other.keys))
    with store.read() as session:
        assert registrations.find(session, key_store, manage).id == rosa.id
        with pytest.raises(NotFound):
            registrations.find(session, stranger, manage)
        with pytest.raises(NotFound):
            registrations.find_by_entry_token(session, stranger, entry)
    other_store.close()


# Links in letters, chats and QR codes


@pytest.mark.thorough
def test_get_requests_change_nothing(
    furnished_site: FurnishedSite, store: Store, key_store: KeyStore
) -> None:
    """Mail scanners open every link of a letter, and the links of those pages."""
    client, before = furnished_site.app.test_client(), read_all_rows(store, key_store)
    paths = furnished_site.of_tokens()
    visited_paths = set(paths)
    while paths:
        path = paths.pop()
        answer = client.get(path)
        assert client.head(path).status_code == answer.status_code
        if answer.mimetype == "text/html" and "/r/" in path:
            new_links = {
                link for link in Page(answer.text).links if link.startswith("/es/r/")
            } - visited_paths
            visited_paths |= new_links
            paths += new_links
    assert len(visited_paths) > 60
    assert read_all_rows(store, key_store) == before


def dead_links(furnished_site: FurnishedSite, store: Store, key_store: KeyStore) -> dict[str, str]:
    """Returns links without a registration, by reason."""
    client = furnished_site.app.test_client()
    registrations_by_reason = {
        name: seat(store, key_store, furnished_site.workshops["plain"])
        for name in ("cancelled", "forgotten")
    }
    registrations_by_reason["purged"] = seat(store, key_store, furnished_site.workshops["plain"])
    links = {
        name: f"/es/r/{manage_token(key_store, each)}"
        for name, each in registrations_by_reason.items()
    }
    assert client.post(f"{links['cancelled']}/cancelar").status_code == 200
    assert client.post(f"{links['forgotten']}/borrar").status_code == 200
    key_store.destroy(registrations_by_reason["purged"].key_id or b"")
    retention.reconcile_stores(store, key_store, now=clock.now())
    return links | {"unknown": f"/es/r/{NOBODY}"}


def test_all_dead_links_give_the_same_page(
    furnished_site: FurnishedSite, store: Store, key_store: KeyStore
) -> None:
    links = dead_links(furnished_site, store, key_store)
    unreconciled = seat(store, key_store, furnished_site.workshops["plain"])
    links["not settled yet"] = f"/es/r/{manage_token(key_store, unreconciled)}"
    key_store.destroy(unreconciled.key_id or b"")
    links |= {"too short": "/es/r/x", "no letters": "/es/r/" + "%C3%B1" * 22}
    client = furnished_site.app.test_client()
    for rule in furnished_site.app.url_map.iter_rules():
        if not rule.rule.startswith("/<lang:lang>/r/"):
            continue
        rest = rule.rule.partition("<token>")[2]
        for method in (rule.methods or set()) - {"OPTIONS"}:
            responses = [client.open(link + rest, method=method) for link in links.values()]
            assert {page.status_code for page in responses} == {404}, f"{method} {rest}"
            assert len({page.data for page in responses}) == 1, f"{method} {rest}"
            assert len({tuple(sorted(page.headers.items())) for page in responses}) == 1


def test_all_dead_links_run_the_same_statements(
    furnished_site: FurnishedSite, store: Store, key_store: KeyStore
) -> None:
    """Equal statements stand for equal time: response times must not reveal the reason."""
    links, client = dead_links(furnished_site, store, key_store), furnished_site.app.test_client()
    statements_by_reason = {}
    for name, link in links.items():
        with recorded_statements(furnished_site.app) as statements:
            client.get(link)
        statements_by_reason[name] = statements
    assert statements_by_reason["unknown"]
    assert {
        name: each
        for name, each in statements_by_reason.items()
        if each != statements_by_reason["unknown"]
    } == {}


@contextmanager
def recorded_statements(app: Flask) -> Iterator[list[str]]:
    """Yields a list of the SQL statements that the application runs during the block."""
    statements: list[str] = []

    def record(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    stores: list[Store] = [
        app.extensions["outreach_store"],
        app.extensions["outreach_key_store"].store,
    ]
    engines = [store.engine for store in stores]
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        for engine in engines:
            sa.event.remove(engine, "before_cursor_execute", record)


def test_qr_code_page_is_the_same_for_everybody(furnished_site: FurnishedSite) -> None:
    client = furnished_site.app.test_client()
    for method in ("GET", "POST"):
        pages = [
            client.open(f"/q/{each}", method=method) for each in (furnished_site.entry, NOBODY, "x")
        ]
        assert {page.status_code for page in pages} == {200}
        assert len({page.data for page in pages}) == 1
        assert len({tuple(sorted(page.headers.items())) for page in pages}) == 1
        assert "Muestra este código QR en la entrada" in pages[0].text
        assert "Rosa" not in pages[0].text


# Quick exit

CONFIGURED_SITE = "https://clima.example.org/hoy"


def test_quick_exit_leads_only_to_the_configured_site(make_app: Callable[..., Flask]) -> None:
    configured, plain = make_app(quick_exit_url=CONFIGURED_SITE), make_app()
    search_words = {"es": "clima", "en": "weather", "fr": "m%C3%A9t%C3%A9o"}
    for lang, word in search_words.items():
        for path in with_other_targets(f"/{lang}/salir"):
            answer = configured.test_client().get(path, headers={"Referer": "https://mal.example"})
            assert (answer.status_code, answer.headers["Location"]) == (303, CONFIGURED_SITE), path
            answer = plain.test_client().get(path, headers={"X-Forwarded-Host": "mal.example"})
            assert answer.headers["Location"] == f"https://www.google.com/search?q={word}", path
            assert answer.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
            assert answer.headers["Cache-Control"] == "no-store"
            assert "mal.example" not in answer.text


def with_other_targets(path: str) -> list[str]:
    """Returns URLs that would make an open redirect lead to another site."""
    names = ("url", "u", "to", "a", "next", "destino", "target", "r", "redirect", "quick_exit_url")
    values = ("https://mal.example", "//mal.example", "%2F%2Fmal.example", "javascript:x()")
    with_targets = [f"{path}?{name}={value}" for name in names for value in values]
    return [
        path,
        *with_targets,
        f"{path}?https://mal.example",
        f"{path}?q=x%0d%0aLocation:mal.example",
    ]


def test_cross_site_post_is_refused(
    app: Flask,
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    workshop: Workshop,
    rosa: Registration,
) -> None:
    before = read_all_rows(store, key_store)
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://otro.example.org"},
    ):
        for path in (f"/es/t/{workshop.public_id}/lugar", f"{link_of(key_store, rosa)}/cancelar"):
            answer = client.post(path, data=answers(app, workshop), headers=headers)
            assert answer.status_code == 403
            assert "Esto vino de otro sitio." in answer.text
    assert read_all_rows(store, key_store) == before


# Errors


def test_not_found_page_is_in_the_language_of_its_url(client: FlaskClient) -> None:
    assert "Este enlace ya no sirve" in client.get("/es/nada").text
    for lang in ("en", "fr"):
        page = client.get(f"/{lang}/nada")
        assert page.status_code == 404
        assert f'<a href="/{lang}/mi-registro">' in page.text
        assert f'action="/{lang}/"' in page.text


def test_error_page_shows_the_number_of_the_log_line(
    app: Flask,
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    rosa: Registration,
    caplog: pytest.LogCaptureFixture,
) -> None:
    link = link_of(key_store, rosa)
    with store.change() as session:
        session.execute(sa.text("ALTER TABLE registration RENAME TO elsewhere"))
    broken = client.post(f"{link}/cambiar", data={"people": "2"})
    assert broken.status_code == 500
    found = re.search(r'<b class="number">(\w{3}) (\w{3})</b>', broken.text)
    assert found is not None
    assert "".join(found.groups()) in caplog.text
    assert link[6:] not in caplog.text
    assert '<input type="hidden" name="people" value="2">' in broken.text


def test_too_large_post_is_answered_with_a_message(client: FlaskClient, workshop: Workshop) -> None:
    answer = client.post(f"/es/t/{workshop.public_id}/lugar", data={"name": "x" * 70_000})
    assert answer.status_code == 413
    assert "Es demasiado texto." in answer.text


def test_wrong_method_page_points_to_the_workshop_list(
    client: FlaskClient, workshop: Workshop
) -> None:
    answer = client.put(f"/es/t/{workshop.public_id}/lugar")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert "Empieza desde la lista de talleres." in answer.text


# Privacy page


def test_privacy_page_describes_this_installation(
    make_app: Callable[..., Flask], store: Store, rights: Kind, women: Kind
) -> None:
    app = make_app(contact="datos@example.org", privacy_url="https://example.org/aviso")
    page = app.test_client().get("/es/privacidad").text
    assert "30 días después del taller." in page
    assert "<b>7 días:</b> los talleres que piden discreción" in page
    assert "mujer" not in page.lower()
    for expected in ("Red de consulados", "datos@example.org", 'href="https://example.org/aviso"'):
        assert expected in page
    assert "Las copias de seguridad ya no pueden leer tus datos." in page
    assert "No los damos a autoridades migratorias" not in page, "only with the setting"
    page_with_promise = make_app(promise_no_sharing=True).test_client().get("/es/privacidad").text
    assert "No los damos a autoridades migratorias" in page_with_promise


def test_privacy_page_without_kinds_names_no_retention_period(client: FlaskClient) -> None:
    page = client.get("/es/privacidad").text
    assert "días después del taller." not in page
    assert "dice el plazo de ese taller" in page
