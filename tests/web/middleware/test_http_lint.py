"""Every public address, as httplint (of REDbot) sees it: RFC 9110, 9111, CORS and more."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from email.utils import format_datetime
from typing import Final

import pytest
from httplint import HttpRequestLinter, HttpResponseLinter
from httplint.note import levels
from werkzeug.test import TestResponse

from outreach import clock
from tests.support.public_urls import FurnishedSite

pytestmark = pytest.mark.any_database("headers of public pages")

Headers = Mapping[str, str]
PAST, FUTURE = "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
OTHER_SITE: Final = {"Origin": "https://otro.example", "Sec-Fetch-Site": "cross-site"}
PREFLIGHT: Final = {
    "Origin": "https://otro.example",
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "if-none-match",
}
READINGS: Final[tuple[Headers, ...]] = (
    {},
    {"Accept-Encoding": "gzip"},
    {"Accept-Encoding": "br, zstd, gzip;q=0"},
    {"If-None-Match": "*"},
    {"If-None-Match": 'W/"nothing"'},
    {"If-Match": '"nothing"'},
    {"If-Modified-Since": FUTURE},
    {"If-Unmodified-Since": PAST},
    {"Range": "bytes=0-9"},
    {"Origin": "https://otro.example"},
)
FURTHER_READINGS: Final[tuple[Headers, ...]] = (
    {"Accept-Encoding": "GZIP;q=0.5, *;q=0"},
    {"Accept-Encoding": "identity;q=0, gzip;q=0.001"},
    {"Accept-Encoding": "*"},
    {"Accept-Encoding": ""},
    {"If-None-Match": '"a", W/"b,c", "'},
    {"If-Match": "*"},
    {"If-Modified-Since": PAST},
    {"If-Modified-Since": "yesterday"},
    {"If-Unmodified-Since": FUTURE},
    {"If-None-Match": 'W/"nothing"', "If-Modified-Since": FUTURE},
    {"Range": "bytes=-1, 999999999-"},
    {"Range": "lines=1-2"},
    {"Range": "bytes=0-9", "If-Range": '"nothing"'},
    {"Range": "bytes=0-9", "Accept-Encoding": "gzip"},
    {"Origin": "null", "Accept-Encoding": "gzip"},
    {"Accept": "application/x-nothing", "Accept-Language": "zz"},
)
OPTIONS: Final[tuple[Headers, ...]] = (
    {},
    {"Origin": "https://otro.example"},
    PREFLIGHT,
    PREFLIGHT | {"Access-Control-Request-Method": "DELETE"},
    PREFLIGHT | {"Origin": "null", "Access-Control-Request-Headers": "x-nothing"},
)
# Methods that change something, as another site's page would send them. Each one is refused.
REFUSED: Final = ("POST", "PUT", "PATCH", "DELETE", "PROPFIND")
REFUSALS: Final = {400, 403, 404, 405, 410}
# What the linter says of every site like ours, and why we do not follow it.
ACCEPTED: Final = {
    # `public` repeats what max-age says, and calendar programs have been tested with both.
    "STORE_PUBLIC_UNNECESSARY",
}


def build_requests(readings: Iterable[Headers]) -> Iterator[tuple[str, Headers]]:
    for headers in readings:
        yield "GET", headers
        yield "HEAD", headers
    yield from (("OPTIONS", each) for each in OPTIONS)
    yield from ((method, OTHER_SITE) for method in REFUSED)


def build_current_conditions(answer: TestResponse) -> Iterator[Headers]:
    """Conditions with the validators that the answer has."""
    etag, changed = answer.headers.get("ETag"), answer.headers.get("Last-Modified")
    if etag:
        yield {"If-None-Match": etag}
        yield {"If-None-Match": f'"other", {etag}', "Accept-Encoding": "gzip"}
        yield {"If-Match": etag}
        yield {"Range": "bytes=0-9", "If-Range": etag}
    if changed:
        yield {"If-Modified-Since": changed}
        yield {"If-Unmodified-Since": changed}
        yield {"Range": "bytes=0-9", "If-Range": changed}


def find_faults(answer: TestResponse, method: str, address: str, headers: Headers) -> Iterator[str]:
    request = HttpRequestLinter()
    url = f"http://localhost:8000{address}".encode()
    request.process_request_topline(method.encode(), url, b"1.1")
    sent = {"Host": "localhost:8000", "User-Agent": "test", **headers}
    request.process_headers([(name.encode(), value.encode()) for name, value in sent.items()])
    request.finish_content(True)
    response = HttpResponseLinter(start_time=clock.now().timestamp())
    response.request = request
    response.is_head_response = method == "HEAD"
    status, _space, phrase = answer.status.partition(" ")
    response.process_response_topline(b"1.1", status.encode(), phrase.encode())
    date = format_datetime(clock.now(), usegmt=True)  # the server adds it
    fields = [*answer.headers, ("Date", date)]
    response.process_headers([(name.encode(), value.encode("latin-1")) for name, value in fields])
    if answer.data:
        response.feed_content(answer.data)
    response.finish_content(True)
    # What is odd about a request is so on purpose.
    for note in response.notes:
        name = type(note).__name__
        if note.level in {levels.BAD, levels.WARN} and name not in ACCEPTED:
            yield f"{name} ({note.subject}): {method} {address} {dict(headers)}"
    yield from (
        f"{fault}: {method} {address} {dict(headers)} is answered {answer.status_code}"
        for fault in _find_contradictions(answer, method)
    )


def _find_contradictions(answer: TestResponse, method: str) -> Iterator[str]:
    """What RFC 9110 asks for and the linter, which knows no resource, does not look at."""
    if answer.status_code >= 500 and answer.status_code != 501:  # 501: a format of oEmbed
        yield "a fault of the server"
    if (method == "HEAD" or answer.status_code in {204, 304}) and answer.data:
        yield "a body (6.4.1)"
    if answer.status_code == 405:
        allowed = [each.strip() for each in answer.headers.get("Allow", "").split(",")]
        if not allowed[0] or method in allowed:
            yield "Allow is wrong (15.5.6)"
    names = [
        each.partition("=")[0].strip() for each in answer.headers.get("Content-Type", "").split(";")
    ]
    if len(names) > len(set(names)):
        yield "a parameter of the type twice (8.3.1)"
    if method in REFUSED and answer.status_code not in REFUSALS:
        yield "not refused"
    if "Set-Cookie" in answer.headers:
        yield "a cookie (S01)"


def find_pages(site: FurnishedSite) -> Collection[tuple[str, TestResponse]]:
    """The address of one of each page and each status that it has, and its answer to GET."""
    client = site.app.test_client()
    spanish = replace(site, languages=("es",))  # headers are the same in all languages
    return {
        (endpoint, answer.status_code): (address, answer)
        for endpoint, address in spanish.addresses()
        for answer in [client.get(address)]
        # The linter finds fault with any. WebFinger asks for it without `resource` (RFC 7033).
        if answer.status_code != 400
    }.values()


def check(site: FurnishedSite, address: str, readings: Iterable[Headers]) -> list[str]:
    """The faults of the answers to all requests for an address."""
    client = site.app.test_client()
    return [
        fault
        for method, headers in build_requests(readings)
        for fault in find_faults(
            client.open(address, method=method, headers=headers), method, address, headers
        )
    ]


@pytest.mark.long
def test_no_public_address_has_a_fault(furnished_site: FurnishedSite) -> None:
    pages = find_pages(furnished_site)
    found = [
        fault for address, _answer in pages for fault in check(furnished_site, address, READINGS)
    ]
    assert found == []
    assert len(pages) > 40


@pytest.mark.long
def test_no_public_address_has_a_fault_under_further_conditions(
    furnished_site: FurnishedSite,
) -> None:
    """Also under those that name the validators of the answer itself."""
    found = [
        fault
        for address, answer in find_pages(furnished_site)
        for fault in check(
            furnished_site, address, [*FURTHER_READINGS, *build_current_conditions(answer)]
        )
    ]
    assert found == []
