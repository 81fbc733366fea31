"""Every public address, as httplint (of REDbot) sees it: RFC 9110, 9111, CORS and more."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from email.utils import format_datetime
from typing import Final

import pytest
from flask.testing import FlaskClient
from httplint import HttpRequestLinter, HttpResponseLinter
from httplint.note import levels

from outreach import clock
from tests.support.public_urls import FurnishedSite

pytestmark = pytest.mark.any_database("headers of public pages")

PREFLIGHT: Final = {
    "Origin": "https://otro.example",
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "if-none-match",
}
REQUESTS: Final[tuple[tuple[str, Mapping[str, str]], ...]] = (
    ("GET", {}),
    ("HEAD", {}),
    ("GET", {"Accept-Encoding": "gzip"}),
    ("HEAD", {"Accept-Encoding": "gzip"}),
    ("GET", {"Accept-Encoding": "br, zstd, gzip;q=0"}),
    ("GET", {"If-None-Match": "*"}),
    ("HEAD", {"If-None-Match": "*"}),
    ("GET", {"If-None-Match": 'W/"nothing"'}),
    ("GET", {"If-Match": '"nothing"'}),
    ("GET", {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}),
    ("GET", {"If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}),
    ("GET", {"Origin": "https://otro.example"}),
    ("OPTIONS", {}),
    ("OPTIONS", PREFLIGHT),
)
# What the linter says of every site like ours, and why we do not follow it.
ACCEPTED: Final = {
    # `public` repeats what max-age says, and calendar programs have been tested with both.
    "STORE_PUBLIC_UNNECESSARY",
}


def find_faults(
    client: FlaskClient, method: str, address: str, headers: Mapping[str, str]
) -> Iterator[str]:
    answer = client.open(address, method=method, headers=headers)
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
    for note in (*request.notes, *response.notes):
        name = type(note).__name__
        if note.level in {levels.BAD, levels.WARN} and name not in ACCEPTED:
            yield f"{name} ({note.subject}): {method} {address} {dict(headers)}"


def test_no_public_address_has_a_fault(furnished_site: FurnishedSite) -> None:
    site = replace(furnished_site, languages=("es",))  # headers are the same in all languages
    client = site.app.test_client()
    # One of each page and each status that it has.
    addresses = {
        (endpoint, client.get(address).status_code): address
        for endpoint, address in site.addresses()
    }.values()
    found = [
        fault
        for address in addresses
        for method, headers in REQUESTS
        for fault in find_faults(client, method, address, headers)
    ]
    assert found == []
    assert len(addresses) > 40
