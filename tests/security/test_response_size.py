"""Whoever watches the line learns from no size of an answer that a workshop is discreet (S14)."""

import gzip
from collections import defaultdict
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.web.middleware.response_headers import MIN_GZIP_BYTES
from outreach.web.middleware.response_size import BRACKET
from tests.conftest import make_workshop
from tests.support.public_urls import FurnishedSite
from tests.support.registration_forms import answers

BROWSER: Final = {"Accept-Encoding": "gzip, deflate, br, zstd"}
LANGUAGES: Final = ("es", "en", "fr")
ABOUT_ONE: Final = ("/t/", "/r/", "/mi-registro")


def wire_size(answer: TestResponse) -> int:
    """The bytes of head and body in HTTP/1.1, without those that the server adds to each."""
    head = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
    return len(answer.status) + len(head) + len(answer.data)


def test_every_page_about_a_workshop_or_a_place_has_one_size(
    furnished_site: FurnishedSite,
) -> None:
    client, sizes = furnished_site.app.test_client(), defaultdict[str, set[int]](set)
    for endpoint, path in furnished_site.addresses():
        if not any(each in path for each in ABOUT_ONE):
            continue
        answer = client.get(path, headers=BROWSER)
        if answer.status_code < 300 and answer.mimetype in {"text/html", "text/calendar"}:
            sizes[endpoint].add(wire_size(answer))
            assert gzip.decompress(answer.data).rstrip().endswith((b"</html>", b"END:VCALENDAR"))
    assert len(sizes) >= 10
    assert {each: found for each, found in sizes.items() if found != {BRACKET}} == {}


def test_answers_to_forms_and_calendar_files_have_that_size(furnished_site: FurnishedSite) -> None:
    client, site = furnished_site.app.test_client(), furnished_site
    for lang in LANGUAGES:
        for name in ("plain", "discreet", "unlisted"):
            workshop = site.workshops[name]
            typed = answers(site.app, workshop) | {"name": ""}
            path = f"/{lang}/t/{workshop.public_id}/lugar"
            refused = client.post(path, data=typed, headers=BROWSER)
            assert (refused.status_code, wire_size(refused)) == (422, BRACKET)
        for link in site.links.values():
            entry = client.post(f"/{lang}/r/{link}/cita.ics", headers=BROWSER)
            assert (entry.status_code, wire_size(entry)) == (200, BRACKET)
            assert gzip.decompress(entry.data).startswith(b"BEGIN:VCALENDAR\r\n")
        lost = client.post(f"/{lang}/mi-registro", data={"code": "7K3Q9X"}, headers=BROWSER)
        assert wire_size(lost) == BRACKET


def test_shortest_calendar_file_has_that_size(
    client: FlaskClient, store: Store, chicago: Office, women: Kind
) -> None:
    """In UTC it names no zone, and is too short for compression to be of use."""
    with store.change() as session:
        short = make_workshop(session, chicago, women, zone=ZoneInfo("UTC"))
    path = f"/es/t/{short.public_id}.ics"
    assert len(client.get(path).data) < MIN_GZIP_BYTES
    assert wire_size(client.get(path, headers=BROWSER)) == BRACKET


words = st.text(st.sampled_from("abcdefghijklmnñoprstuvxyzáéí ,"), max_size=1500)


@pytest.mark.thorough
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(summary=words, bring=words, lang=st.sampled_from(LANGUAGES))
def test_size_of_a_discreet_page_is_that_of_an_ordinary_one_whatever_is_written(
    client: FlaskClient,
    store: Store,
    chicago: Office,
    rights: Kind,
    women: Kind,
    summary: str,
    bring: str,
    lang: str,
) -> None:
    with store.change() as session:
        texts = {"summary": {lang: summary}, "bring": {lang: bring}}
        both = [make_workshop(session, chicago, kind, **texts) for kind in (rights, women)]
    for path in ("t/{}", "t/{}/lugar", "t/{}.ics"):
        ordinary, discreet = (
            wire_size(client.get(f"/{lang}/{path.format(each.public_id)}", headers=BROWSER))
            for each in both
        )
        assert ordinary % BRACKET == discreet % BRACKET == 0
        assert discreet == ordinary or BRACKET == discreet < ordinary
