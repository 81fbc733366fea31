"""What the public pages promise to people who cannot afford a slip (safety.md, S01 to S28)."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock, keyring
from outreach.config import Config, Limits
from outreach.db.base import Base
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.kinds import Kind
from outreach.domain.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound
from outreach.keyring import Attempt, Keyring, RingBase
from outreach.web import limits
from tests.conftest import hold, seat
from tests.filling import answers, send
from tests.test_mine import files, link_of

NOBODY = "A" * 21 + "g"  # as long as a token is
PRIVATE = ("", "/cambiar", "/cancelar", "/borrar")


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return hold(session, chicago, rights)


@pytest.fixture
def circle(store: Store, chicago: Office, women: Kind) -> Workshop:
    with store.change() as session:
        return hold(session, chicago, women)


@pytest.fixture
def rosa(store: Store, ring: Keyring, workshop: Workshop) -> Registration:
    return seat(store, ring, workshop)


def everything(store: Store, ring: Keyring) -> list[Any]:
    """Every row of both databases but the counts of posts."""
    found: list[Any] = []
    for place, metadata in ((store, Base.metadata), (ring.store, RingBase.metadata)):
        with place.read() as session:
            for table in metadata.sorted_tables:
                if table.name not in {"attempt", "day_key"}:
                    found.append([tuple(row) for row in session.execute(sa.select(table))])
    return found


class Page(HTMLParser):
    """The tags of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def pages_of(ring: Keyring, rosa: Registration, *workshops: Workshop) -> list[str]:
    """The addresses of this part of the house."""
    link = link_of(ring, rosa)
    entry = registrations.entry_token(registrations.key_of(ring, rosa))
    return [
        *(f"/es/t/{each.public_id}/lugar" for each in workshops),
        *(link + path for path in PRIVATE),
        f"/q/{entry}",
        "/es/mi-registro",
    ]


def test_no_public_page_sets_a_cookie(
    app: Flask,
    client: FlaskClient,
    ring: Keyring,
    rosa: Registration,
    workshop: Workshop,
    circle: Workshop,
) -> None:
    link = link_of(ring, rosa)
    sent = [client.get(path) for path in pages_of(ring, rosa, workshop, circle)]
    sent += [
        send(client, workshop, answers(app, workshop)),
        send(client, workshop, {}),
        client.post(f"{link}/cambiar", data={"people": "2"}),
        client.post(f"{link}/cita.ics"),
        client.post("/es/mi-registro"),
        client.post(f"{link}/cancelar"),
        client.get("/es/nada"),
    ]
    assert not [answer.request.path for answer in sent if "Set-Cookie" in answer.headers]


def test_personal_pages_are_kept_by_no_cache_and_no_engine(
    client: FlaskClient, ring: Keyring, rosa: Registration, workshop: Workshop, circle: Workshop
) -> None:
    for path in [*pages_of(ring, rosa, workshop, circle), f"/es/r/{NOBODY}", f"/q/{NOBODY}"]:
        answer = client.get(path)
        assert answer.headers["Cache-Control"] == "no-store", path
        assert "noindex" in answer.headers["X-Robots-Tag"], path
        assert "og:" not in answer.text, path


def test_personal_pages_hold_no_style_script_or_address_of_others(
    client: FlaskClient, ring: Keyring, rosa: Registration, workshop: Workshop, circle: Workshop
) -> None:
    for path in [*pages_of(ring, rosa, workshop, circle), "/es/nada"]:
        for tag, has in Page(client.get(path).text).tags:
            assert tag != "style", path
            assert not [name for name in has if name == "style" or name.startswith("on")], path
            assert tag != "script" or (has.get("src") or "").startswith("/static/"), path
            assert not (has.get("src") or "").startswith(("http", "//")), path


def test_tokens_are_stored_only_as_hashes_and_neither_gives_the_other(
    store: Store, ring: Keyring, rosa: Registration
) -> None:
    key = registrations.key_of(ring, rosa)
    manage, entry = registrations.manage_token(key), registrations.entry_token(key)
    assert manage != entry
    assert {len(keyring.derive(key, "manage")), len(keyring.derive(key, "entry"))} == {16}
    rows = repr(everything(store, ring))
    for token in (manage, entry):
        assert token not in rows
    with store.read() as session, pytest.raises(NotFound):
        registrations.find(session, entry)


def test_looking_never_changes_anything(
    client: FlaskClient,
    store: Store,
    ring: Keyring,
    rosa: Registration,
    workshop: Workshop,
    circle: Workshop,
) -> None:
    before = everything(store, ring)
    for path in pages_of(ring, rosa, workshop, circle):
        assert client.get(path).status_code == 200
        assert client.head(path).status_code == 200
    assert everything(store, ring) == before


def test_every_dead_link_gives_the_same_page(
    client: FlaskClient, store: Store, ring: Keyring, workshop: Workshop, rosa: Registration
) -> None:
    cancelled, purged = seat(store, ring, workshop), seat(store, ring, workshop)
    links = [f"/es/r/{NOBODY}", "/es/r/x", "/es/r/" + "%C3%B1" * 22]
    links += [link_of(ring, each) for each in (cancelled, purged, rosa)]
    client.post(f"{links[3]}/cancelar")
    ring.destroy(purged.key_id or b"")
    ring.destroy(rosa.key_id or b"")
    with store.change() as session:
        registrations.release(
            session, session.merge(rosa), now=workshop.ends_at + timedelta(days=40)
        )
    for path in PRIVATE:
        pages = [client.get(link + path) for link in links]
        assert {page.status_code for page in pages} == {404}
        assert len({page.data for page in pages}) == 1
        assert len({tuple(sorted(page.headers.items())) for page in pages}) == 1


def test_the_square_says_the_same_to_everyone(
    client: FlaskClient, ring: Keyring, rosa: Registration
) -> None:
    entry = registrations.entry_token(registrations.key_of(ring, rosa))
    pages = [client.get(f"/q/{token}") for token in (entry, NOBODY, "x")]
    assert {page.status_code for page in pages} == {200}
    assert len({page.data for page in pages}) == 1
    assert "Muestra este cuadro en la entrada" in pages[0].text
    assert "Rosa" not in pages[0].text


def test_another_sites_post_is_refused(
    app: Flask,
    client: FlaskClient,
    store: Store,
    ring: Keyring,
    workshop: Workshop,
    rosa: Registration,
) -> None:
    before = everything(store, ring)
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://otro.example.org"},
    ):
        for path in (f"/es/t/{workshop.public_id}/lugar", f"{link_of(ring, rosa)}/cancelar"):
            answer = client.post(path, data=answers(app, workshop), headers=headers)
            assert answer.status_code == 403
            assert "Esto vino de otro sitio." in answer.text
    assert everything(store, ring) == before


def test_the_places_left_of_a_discreet_kind_are_not_counted_out(
    client: FlaskClient, store: Store, ring: Keyring, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        few = hold(session, chicago, women, capacity=6)
        many = hold(session, chicago, women, capacity=9)
    rosa = seat(store, ring, few)
    few_page = client.get(f"/es/t/{few.public_id}/lugar").text
    assert "Quedan pocos lugares." in few_page
    assert "Quedan pocos" not in client.get(f"/es/t/{many.public_id}/lugar").text
    change = client.get(f"{link_of(ring, rosa)}/cambiar").text
    for page in (few_page, change):
        assert not re.search(r"Quedan? \d", page)


# How often one address may ask


def attempts(store: Store) -> list[tuple[bytes, int]]:
    with store.read() as session:
        rows = session.execute(sa.select(Attempt.bucket, Attempt.count).order_by(Attempt.count))
        return [(row[0], row[1]) for row in rows]


@pytest.fixture
def limited(make_app: Callable[..., Flask]) -> Callable[..., Flask]:
    """An application that lets an address post three times."""

    def make(**changes: Any) -> Flask:
        return make_app(limits=Limits(posts=3), **changes)

    return make


def status(app: Flask, address: str, **headers: str) -> int:
    answer = app.test_client().post(
        "/es/mi-registro", headers=headers, environ_base={"REMOTE_ADDR": address}
    )
    return answer.status_code


def test_the_fourth_post_of_an_address_has_to_wait(limited: Callable[..., Flask]) -> None:
    app = limited()
    assert [status(app, "203.0.113.9") for _ in range(4)] == [200, 200, 200, 429]
    assert status(app, "203.0.113.10") == 200
    refused = app.test_client().post("/fr/mi-registro", environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert 1 <= int(refused.headers["Retry-After"]) <= 600


def test_a_household_with_many_addresses_is_one(limited: Callable[..., Flask]) -> None:
    app = limited()
    same = [f"2001:db8:1:2::{last}" for last in range(1, 5)]
    assert [status(app, address) for address in same] == [200, 200, 200, 429]
    assert status(app, "2001:db8:1:3::1") == 200
    assert [status(app, "::ffff:203.0.113.7") for _ in range(2)] == [200, 200]
    assert [status(app, "203.0.113.7") for _ in range(2)] == [200, 429]


def test_looking_is_not_limited(limited: Callable[..., Flask], workshop: Workshop) -> None:
    client = limited().test_client()
    paths = ["/es/mi-registro", f"/es/t/{workshop.public_id}/lugar", f"/q/{NOBODY}"]
    assert {client.get(path).status_code for path in paths * 5} == {200}


def test_a_forwarded_address_is_believed_only_behind_our_proxies(
    limited: Callable[..., Flask],
) -> None:
    alone, behind = limited(), limited(trusted_proxies=2)
    forged = [{"X-Forwarded-For": f"198.51.100.{last}"} for last in range(4)]
    assert [status(alone, "203.0.113.9", **each) for each in forged] == [200, 200, 200, 429]
    chains = [{"X-Forwarded-For": f"10.0.0.{last}, 198.51.100.1, 10.9.9.9"} for last in range(4)]
    assert [status(behind, "10.1.1.1", **each) for each in chains] == [200, 200, 200, 429]
    other = {"X-Forwarded-For": "198.51.100.2, 10.9.9.9"}
    assert status(behind, "10.1.1.1", **other) == 200


def test_the_window_begins_again_when_it_is_over(
    limited: Callable[..., Flask], ring: Keyring
) -> None:
    app = limited()
    assert [status(app, "203.0.113.9") for _ in range(4)][-1] == 429
    with ring.store.change() as session:
        session.execute(sa.update(Attempt).values(ends_at=clock.now() - timedelta(seconds=1)))
    assert status(app, "203.0.113.9") == 200


def test_the_next_day_nothing_links_a_row_to_an_address(
    config: Config, limited: Callable[..., Flask], ring: Keyring
) -> None:
    status(limited(), "203.0.113.9")
    [(bucket, _count)] = attempts(ring.store)
    assert b"203.0.113.9" not in bucket
    today = ring.address_of_today("203.0.113.9")
    tomorrow = clock.now().date() + timedelta(days=1)

    def later() -> date:
        return tomorrow

    assert (
        Keyring(ring.store, keyring.Masters(config.keys), later).address_of_today("203.0.113.9")
        != today
    )
    for path in files(config):
        assert b"203.0.113.9" not in path.read_bytes(), path.name


def test_an_address_is_read_with_care(app: Flask) -> None:
    for given, read in (
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("no address", "no address"),
    ):
        with app.test_request_context("/", environ_base={"REMOTE_ADDR": given}):
            assert limits.address() == read


# What goes wrong


def test_an_unknown_page_leads_on_in_the_language_of_its_address(client: FlaskClient) -> None:
    assert "No encontramos esa página" in client.get("/es/nada").text
    for lang in ("en", "fr"):
        page = client.get(f"/{lang}/nada")
        assert page.status_code == 404
        assert f'<a href="/{lang}/mi-registro">' in page.text
        assert f'action="/{lang}/"' in page.text


def test_a_fault_of_ours_has_a_number_that_is_in_the_log(
    app: Flask,
    client: FlaskClient,
    store: Store,
    ring: Keyring,
    rosa: Registration,
    caplog: pytest.LogCaptureFixture,
) -> None:
    link = link_of(ring, rosa)
    with store.change() as session:
        session.execute(sa.text("ALTER TABLE registration RENAME TO elsewhere"))
    broken = client.post(f"{link}/cambiar", data={"people": "2"})
    assert broken.status_code == 500
    found = re.search(r'<b class="num">(\w{3}) (\w{3})</b>', broken.text)
    assert found is not None
    assert "".join(found.groups()) in caplog.text
    assert link[6:] not in caplog.text
    assert '<input type="hidden" name="people" value="2">' in broken.text


def test_a_post_too_large_is_told_so(client: FlaskClient, workshop: Workshop) -> None:
    answer = client.post(f"/es/t/{workshop.public_id}/lugar", data={"name": "x" * 70_000})
    assert answer.status_code == 413
    assert "Es demasiado texto." in answer.text


def test_a_wrong_method_is_told_how_to_go_on(client: FlaskClient, workshop: Workshop) -> None:
    answer = client.put(f"/es/t/{workshop.public_id}/lugar")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert "Empieza desde la lista de talleres." in answer.text
