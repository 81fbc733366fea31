"""Proposing a workshop from outside: the form, its limits, its page, and its end (S47)."""

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.extensions.proposals import erasure, pages, proposals
from outreach.keystore import KeyStore, MasterKeys
from tests.extensions.proposals.proposal_scene import DAY, FORM, ProposalScene
from tests.support.daytime import noon_of
from tests.support.fixed_clock import fixed_clock
from tests.support.staff_client import words

pytestmark = fixed_clock

TYPED = ("San Pío", "1919 S. Ejemplo", "Hermana Luz", "3125550142", "luz@example.org")


def list_files(config: Config) -> list[Path]:
    found = (each for folder in (config.data, config.keys) for each in folder.rglob("*"))
    return [each for each in found if each.is_file()]


def test_proposal_is_received_and_its_page_says_no_more(scene: ProposalScene) -> None:
    page = scene.propose()
    shown = scene.client.get(page)
    assert shown.status_code == 200
    assert "Recibida" in words(shown)
    assert (
        shown.headers["Cache-Control"].startswith("private")
        or "no-store" in shown.headers["Cache-Control"]
    )
    for each in (*TYPED, "derechos", "60"):
        assert each not in words(shown).replace("tus derechos", ""), each
    [row] = scene.rows()
    assert row.office == "chicago"
    assert row.expires_on == scene.key_store.today() + 30 * DAY


@pytest.mark.parametrize("lang", ["es", "en", "fr"])
def test_form_says_each_fault_and_keeps_what_was_typed(scene: ProposalScene, lang: str) -> None:
    bad = {
        "office": "", "kind": "", "place": "", "address": "https://example.org/x", "city": "",
        "region": "", "people": "0", "day1": "", "organization": "www.example.org", "name": "",
        "phone": "12", "email": "luz",
    }  # fmt: skip
    answer = scene.post(lang=lang, **bad)
    assert answer.status_code == 422
    assert answer.text.count('class="error-message"') == len(bad)
    for value in ("https://example.org/x", "www.example.org", 'value="12"', 'value="luz"'):
        assert value in answer.text
    alert = answer.text.partition('role="alert"')[2].partition("</ul>")[0]
    summary = re.findall(r'href="#([a-z0-9]+)"', alert)
    assert summary == [
        "office", "kind", "day1", "place", "address", "city", "region", "people", "organization",
        "name", "phone", "email",
    ]  # fmt: skip
    assert sorted(bad) == sorted(summary)
    assert scene.rows() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"day1": "mañana"},
        {"day1": "2020-01-01"},
        {"day2": "2031-01-01"},
        {"people": "muchas"},
        {"people": "1001"},
        {"part1": "nunca"},
        {"office": "nada"},
        {"region": "ZZ"},
        {"kind": "nada"},
        {"organization": "a" * 121},
        {"website": "x"},
        {"stamp": ""},
    ],
)
@pytest.mark.any_database("what is typed")
def test_nonsense_is_refused_with_a_sentence(scene: ProposalScene, changes: dict[str, Any]) -> None:
    answer = scene.post(**changes)
    assert answer.status_code == 422
    assert "Hermana Luz" in answer.text, "what was typed stays"
    assert "Not a valid" not in answer.text
    assert scene.rows() == []


@pytest.mark.any_database("which kinds are offered")
def test_no_kind_that_is_discreet_or_of_high_sensitivity_can_be_proposed(
    scene: ProposalScene, store: Store, rights: Kind, women: Kind
) -> None:
    with store.change() as session:
        session.get_one(Kind, rights.id).sensitivity = "high"
    offered = scene.client.get(FORM).text
    for kind in (rights, women):
        for code in kind.codes:
            assert f'value="{code}"' not in offered
            assert scene.post(kind=code).status_code == 422
    assert scene.rows() == []


def test_an_office_has_twenty_open_proposals_at_most(
    scene: ProposalScene, key_store: KeyStore
) -> None:
    first = scene.propose()
    [row] = scene.rows()
    details = proposals.find_by_id(key_store, row.id).details
    for _number in range(proposals.MAX_OPEN - 2):
        proposals.make(key_store, "chicago", details)
    with ThreadPoolExecutor(4) as pool:  # the last place goes to one of four
        made = [pool.submit(proposals.make, key_store, "chicago", details) for _ in range(4)]
    assert sum(each.exception() is None for each in made) == 1
    refused = scene.post()
    assert refused.status_code == 422
    assert "Esa oficina tiene muchas propuestas" in words(refused)
    assert "Hermana Luz" in refused.text
    assert scene.client.post(f"{first}/borrar").status_code == 303
    assert scene.post().status_code == 303


@pytest.mark.any_database("limits are the key store's")
def test_a_script_is_stopped(scene: ProposalScene) -> None:
    statuses = [scene.post(office="chicago").status_code for _ in range(pages.MAX_ASKED + 2)]
    assert statuses == [303] * pages.MAX_ASKED + [429] * 2


def test_nothing_of_it_is_readable_in_any_file(scene: ProposalScene, config: Config) -> None:
    scene.propose()
    scene.store.truncate_log()
    scene.key_store.store.truncate_log()
    if config.is_postgresql:
        return
    for path in list_files(config):
        found = path.read_bytes()
        for each in TYPED:
            assert each.encode() not in found, (path.name, each)


@pytest.mark.any_database("no database")
def test_log_has_nothing_of_it(scene: ProposalScene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    page = scene.propose()
    scene.client.get(page)
    scene.post(place="")
    for each in (*TYPED, page.rpartition("/")[2]):
        assert each not in caplog.text


def test_author_erases_it(scene: ProposalScene) -> None:
    page = scene.propose()
    answer = scene.client.post(f"{page}/borrar")
    assert scene.rows() == []
    assert "Ya no guardamos nada" in words(scene.client.get(answer.location))
    assert scene.client.get(page).status_code == 404
    assert scene.client.post(f"{page}/borrar").status_code == 404


def test_it_is_gone_after_thirty_days(scene: ProposalScene, store: Store, config: Config) -> None:
    page = scene.propose()
    for days, is_there in ((29, True), (30, False)):
        then = clock.now() + timedelta(days=days)
        later = KeyStore(scene.key_store.store, MasterKeys(config.keys), noon_of(then.date()))
        assert erasure.KEEPER.count_due(store, later, then) == (not is_there)
        assert len(proposals.list_of(later, ["chicago"])) == is_there
        assert erasure.KEEPER.purge(store, later, then) == (not is_there)
        assert len(scene.rows()) == is_there
    assert scene.client.get(page).status_code == 404


def test_the_page_of_an_office_leads_to_the_form(scene: ProposalScene, chicago: Office) -> None:
    shown = scene.client.get("/es/o/chicago").text
    assert f'href="{FORM}?oficina=chicago"' in shown
    form = scene.client.get(f"{FORM}?oficina=chicago").text
    assert '<option value="chicago" selected>' in form
