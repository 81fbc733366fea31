"""What the public pages promise to people who cannot afford a slip: safety.md, S01 to S28.

`PROMISES` says which test stands for which; `tests/faults/guards.py` takes the guards out one by
one and looks whether its test falls.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock, keyring
from outreach.config import Limits
from outreach.db.base import Base
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.kinds import Kind
from outreach.domain.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound
from outreach.keyring import Keyring, RingBase
from outreach.privacy import retention
from tests.conftest import hold, seat
from tests.filling import answers
from tests.public import NOBODY, Page, Place, furnished, manage_token
from tests.test_mine import link_of

PROMISES: Final[dict[str, tuple[str, ...]]] = {
    "S01": ("test_headers.py::test_no_public_page_sets_a_cookie",),
    "S02": (
        "test_headers.py::test_every_answer_tells_the_browser_to_trust_nobody_else",
        "test_headers.py::test_the_staffs_pages_and_a_fault_of_ours_say_the_same",
    ),
    "S03": (
        "test_headers.py::test_no_page_holds_a_style_a_script_or_anything_of_others",
        "test_house.py::test_a_page_asks_nothing_of_others_and_runs_nothing_of_its_own",
    ),
    "S04": (
        "test_headers.py::test_what_is_about_somebody_is_kept_by_no_cache_and_no_engine",
        "test_headers.py::test_a_page_about_a_discreet_kind_is_kept_by_no_cache",
    ),
    "S05": ("test_safety.py::test_tokens_are_stored_only_as_hashes_and_neither_gives_the_other",),
    "S06": ("test_safety.py::test_looking_never_changes_anything",),
    "S07": (
        "test_safety.py::test_every_dead_link_gives_the_same_page",
        "test_safety.py::test_a_dead_link_costs_the_same_work_whatever_it_was",
    ),
    "S08": ("test_traces.py::test_an_address_is_written_nowhere",),
    "S09": (
        "test_abuse.py::test_the_next_day_nothing_links_a_row_to_an_address",
        "test_abuse.py::test_a_household_with_many_addresses_is_one",
        "test_abuse.py::test_a_forwarded_address_is_believed_only_behind_our_proxies",
    ),
    "S10": ("test_traces.py::test_a_name_an_email_and_a_link_are_written_nowhere",),
    "S11": (
        "test_retention.py::test_the_main_database_reads_no_name_and_the_files_keep_none_after_forgetting",
    ),
    "S12": ("test_mine.py::test_forgetting_leaves_neither_key_nor_name_nor_letter",),
    "S13": (
        "test_hidden_address.py::test_a_hidden_address_is_on_no_public_page",
        "test_hidden_address.py::test_nobody_finds_it_by_asking_whether_it_is_there",
        "test_feed_discretion.py::test_a_hidden_address_is_in_no_feed_and_no_file",
    ),
    "S14": (
        "test_discreet.py::test_no_page_of_a_discreet_workshop_says_its_kind_in_title_or_address",
        "test_discreet.py::test_the_entry_of_a_discreet_place_has_nothing_but_a_day_and_an_hour",
    ),
    "S15": ("test_discreet.py::test_no_personal_entry_is_a_permission",),
    "S16": (
        "test_feed_discretion.py::test_a_discreet_workshop_is_in_no_feed_that_did_not_ask_for_it",
        "test_feed_discretion.py::test_who_asks_for_it_gets_a_day_an_hour_and_a_city",
    ),
    "S17": (
        "test_mail.py::test_no_subject_names_what_it_is_about",
        "test_discreet.py::test_no_personal_page_names_a_kind_in_what_a_browser_keeps",
    ),
    "S18": ("test_mail.py::test_who_left_a_phone_or_nothing_is_never_written_to",),
    "S19": (
        "browser/test_quick_exit.py::test_back_shows_the_page_before",
        "browser/test_quick_exit.py::test_no_page_about_it_is_left_behind",
        "browser/test_quick_exit.py::test_without_javascript_it_leaves_too",
        "browser/test_quick_exit.py::test_it_is_in_sight_wherever_she_scrolls",
    ),
    "S20": ("test_safety.py::test_the_way_out_leads_only_where_the_settings_say",),
    # The second factor comes with the accounts' own part.
    "S21": (
        "test_accounts.py::test_the_cookie_is_for_this_host_only_and_no_script_reads_it",
        "test_accounts.py::test_half_an_hour_of_silence_ends_a_session",
        "test_accounts.py::test_twelve_hours_end_a_session_however_busy",
        "test_accounts.py::test_signing_out_ends_the_session_and_leaves_nothing_in_the_browser",
    ),
    "S22": ("test_policy.py::test_what_is_another_offices_does_not_exist",),
    "S23": (
        "test_policy.py::test_nothing_carries_a_discreet_list_away",
        "test_policy.py::test_whoever_sees_a_name_of_a_discreet_list_leaves_a_trace",
    ),
    "S24": ("test_counts.py::test_nobody_can_work_out_a_small_number",),
    "S25": ("test_safety.py::test_the_square_says_the_same_to_everyone",),
    "S26": (
        "test_abuse.py::test_a_program_that_fills_every_field_saves_nothing",
        "test_abuse.py::test_a_stamp_is_good_from_two_seconds_to_twelve_hours",
        "test_abuse.py::test_a_party_is_never_larger_than_the_workshop_lets_it_be",
        "test_abuse.py::test_the_fourth_registration_of_a_contact_is_answered_like_a_lost_link",
    ),
    "S27": ("browser/test_quick_exit.py::test_a_page_brought_back_is_asked_for_again",),
    "S28": ("test_discreet.py::test_nobody_can_watch_one_person_sign_up",),
}
TESTS: Final = Path(__file__).parent


def test_every_promise_has_a_test() -> None:
    assert list(PROMISES) == [f"S{number:02}" for number in range(1, 29)]
    for promise, tests in PROMISES.items():
        for test in tests:
            file, _, name = test.partition("::")
            written = (TESTS / file).read_text()
            assert re.search(rf"^def {name}\(", written, re.MULTILINE), f"{promise}: {test}"


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return hold(session, chicago, rights)


@pytest.fixture
def rosa(store: Store, ring: Keyring, workshop: Workshop) -> Registration:
    return seat(store, ring, workshop)


@pytest.fixture
def place(
    make_app: Callable[..., Flask],
    store: Store,
    ring: Keyring,
    chicago: Office,
    rights: Kind,
    women: Kind,
) -> Place:
    patient = make_app(limits=Limits(posts=100_000))
    return furnished(patient, store, ring, chicago, rights, women)


def everything(store: Store, ring: Keyring) -> list[Any]:
    """Every row of both databases but the counts of posts."""
    found: list[Any] = []
    for place, metadata in ((store, Base.metadata), (ring.store, RingBase.metadata)):
        with place.read() as session:
            for table in metadata.sorted_tables:
                if table.name not in {"attempt", "day_key"}:
                    found.append([tuple(row) for row in session.execute(sa.select(table))])
    return found


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


# Links: of letters, of chats, of the square


def test_looking_never_changes_anything(place: Place, store: Store, ring: Keyring) -> None:
    """Programs that look at mail open every link there is, and the links of what they find."""
    client, before = place.app.test_client(), everything(store, ring)
    paths = place.of_tokens()
    seen = set(paths)
    while paths:
        path = paths.pop()
        answer = client.get(path)
        assert client.head(path).status_code == answer.status_code
        if answer.mimetype == "text/html" and "/r/" in path:
            onward = {link for link in Page(answer.text).links if link.startswith("/es/r/")} - seen
            seen |= onward
            paths += onward
    assert len(seen) > 60
    assert everything(store, ring) == before


def dead_links(place: Place, store: Store, ring: Keyring) -> dict[str, str]:
    """Links that lead nowhere any more, or never did, by what became of them."""
    client = place.app.test_client()
    gone = {
        name: seat(store, ring, place.workshops["plain"]) for name in ("cancelled", "forgotten")
    }
    gone["purged"] = seat(store, ring, place.workshops["plain"])
    links = {name: f"/es/r/{manage_token(ring, each)}" for name, each in gone.items()}
    assert client.post(f"{links['cancelled']}/cancelar").status_code == 200
    assert client.post(f"{links['forgotten']}/borrar").status_code == 200
    ring.destroy(gone["purged"].key_id or b"")
    retention.settle(store, ring, now=clock.now())
    return links | {"unknown": f"/es/r/{NOBODY}"}


def test_every_dead_link_gives_the_same_page(place: Place, store: Store, ring: Keyring) -> None:
    links = dead_links(place, store, ring)
    cut_short = seat(store, ring, place.workshops["plain"])
    links["not settled yet"] = f"/es/r/{manage_token(ring, cut_short)}"
    ring.destroy(cut_short.key_id or b"")
    links |= {"too short": "/es/r/x", "no letters": "/es/r/" + "%C3%B1" * 22}
    client = place.app.test_client()
    for rule in place.app.url_map.iter_rules():
        if not rule.rule.startswith("/<any(es,en,fr):lang>/r/"):
            continue
        rest = rule.rule.partition("<token>")[2]
        for method in (rule.methods or set()) - {"OPTIONS"}:
            given = [client.open(link + rest, method=method) for link in links.values()]
            assert {page.status_code for page in given} == {404}, f"{method} {rest}"
            assert len({page.data for page in given}) == 1, f"{method} {rest}"
            assert len({tuple(sorted(page.headers.items())) for page in given}) == 1


def test_a_dead_link_costs_the_same_work_whatever_it_was(
    place: Place, store: Store, ring: Keyring
) -> None:
    """What is asked of the databases is the same, so it takes as long: no need to measure."""
    links, client = dead_links(place, store, ring), place.app.test_client()
    work = {}
    for name, link in links.items():
        with listening(place.app) as statements:
            client.get(link)
        work[name] = statements
    assert work["unknown"]
    assert {name: asked for name, asked in work.items() if asked != work["unknown"]} == {}


@contextmanager
def listening(app: Flask) -> Iterator[list[str]]:
    """What an application asks of its databases while the block runs."""
    heard: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        heard.append(statement)

    stores: list[Store] = [app.extensions["outreach_store"], app.extensions["outreach_ring"].store]
    engines = [store.engine for store in stores]
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        for engine in engines:
            sa.event.remove(engine, "before_cursor_execute", hear)


def test_the_square_says_the_same_to_everyone(place: Place) -> None:
    client = place.app.test_client()
    for method in ("GET", "POST"):
        pages = [client.open(f"/q/{each}", method=method) for each in (place.entry, NOBODY, "x")]
        assert {page.status_code for page in pages} == {200}
        assert len({page.data for page in pages}) == 1
        assert len({tuple(sorted(page.headers.items())) for page in pages}) == 1
        assert "Muestra este cuadro en la entrada" in pages[0].text
        assert "Rosa" not in pages[0].text


# The way out

ELSEWHERE = "https://clima.example.org/hoy"


def test_the_way_out_leads_only_where_the_settings_say(make_app: Callable[..., Flask]) -> None:
    chosen, plain = make_app(quick_exit_url=ELSEWHERE), make_app()
    own = {"es": "clima", "en": "weather", "fr": "m%C3%A9t%C3%A9o"}
    for lang, word in own.items():
        for path in asking_for_another(f"/{lang}/salir"):
            answer = chosen.test_client().get(path, headers={"Referer": "https://mal.example"})
            assert (answer.status_code, answer.headers["Location"]) == (303, ELSEWHERE), path
            answer = plain.test_client().get(path, headers={"X-Forwarded-Host": "mal.example"})
            assert answer.headers["Location"] == f"https://www.google.com/search?q={word}", path
            assert answer.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
            assert answer.headers["Cache-Control"] == "no-store"
            assert "mal.example" not in answer.text


def asking_for_another(path: str) -> list[str]:
    """The ways to ask an open redirect for another target."""
    names = ("url", "u", "to", "a", "next", "destino", "target", "r", "redirect", "quick_exit_url")
    values = ("https://mal.example", "//mal.example", "%2F%2Fmal.example", "javascript:x()")
    asked = [f"{path}?{name}={value}" for name in names for value in values]
    return [path, *asked, f"{path}?https://mal.example", f"{path}?q=x%0d%0aLocation:mal.example"]


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
