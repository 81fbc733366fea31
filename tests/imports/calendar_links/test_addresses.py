"""A calendar is fetched from an address that a stranger controls: it is read in bounded time and
size, from the public internet only, and each fault is one sentence."""

import gzip
import logging
from collections.abc import Callable, Iterator, Sequence
from time import monotonic

import pytest

from outreach.imports.calendar_links import addresses
from outreach.imports.calendar_links.addresses import Validators
from outreach.imports.import_errors import CalendarAddressErrorCode, UnreadableFile
from outreach.outbound.guarded_client import FetchRule
from tests.imports.guess.builders import calendar
from tests.support.calendar_server import (
    CALENDAR_RULE,
    HOST,
    INSIDE,
    OTHER_HOST,
    Answer,
    CalendarServer,
    look_up,
)
from tests.support.callback_server import ANY_PORT, is_loopback

pytestmark = pytest.mark.any_database("nothing is stored")

EVENT = ("UID:a@example.org", "SUMMARY:DACA", "DTSTART:20261205T180000", "DTEND:20261205T200000")
PATH = "/secreto/basic.ics"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/calendar\r\n"
Code = CalendarAddressErrorCode


def refuse(
    address: str, *, rule: FetchRule = CALENDAR_RULE, seconds: float = 5.0
) -> CalendarAddressErrorCode:
    """Why the calendar at an address cannot be read; the reason has nothing of the address."""
    with pytest.raises(UnreadableFile) as refused:
        addresses.read(rule, address, seconds=seconds)
    code = refused.value.code
    assert isinstance(code, CalendarAddressErrorCode)
    assert "secreto" not in f"{refused.value!r} {refused.value} {refused.value.__cause__}"
    return code


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("https://example.org/a.ics", "https://example.org/a.ics"),
        (" webcal://example.org/a.ics?k=1 ", "https://example.org/a.ics?k=1"),
        ("WEBCAL://Example.org/a.ics", "https://Example.org/a.ics"),
        ("webcals://example.org/a.ics#hoy", "https://example.org/a.ics"),
    ],
)
def test_address_of_a_calendar_is_asked_by_https(typed: str, address: str) -> None:
    assert addresses.is_address(typed)
    assert addresses.normalise(typed, own_host="talleres.example.org") == address


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("http://example.org/a.ics", Code.NOT_ENCRYPTED),
        ("ftp://example.org/a.ics", Code.MALFORMED),
        ("file:///etc/passwd", Code.MALFORMED),
        ("https:///a.ics", Code.MALFORMED),
        ("https://exa mple.org/a.ics", Code.MALFORMED),
        ("https://example.org:puerto/a.ics", Code.MALFORMED),
        ("https://[::1/a.ics", Code.MALFORMED),
        ("https://example.org/" + "a" * 1_000, Code.MALFORMED),
        ("webcal:example.org/a.ics", Code.MALFORMED),
        ("calendario", Code.MALFORMED),
        ("https://ana:clave@example.org/a.ics", Code.WITH_SIGN_IN),
        ("https://talleres.example.org/es/cal/red.ics", Code.OF_THIS_SITE),
        ("webcal://TALLERES.example.org./es/cal/red.ics", Code.OF_THIS_SITE),
    ],
)
def test_what_is_no_address_of_a_calendar_is_refused(
    typed: str, code: CalendarAddressErrorCode
) -> None:
    with pytest.raises(UnreadableFile) as refused:
        addresses.normalise(typed, own_host="talleres.example.org:443")
    assert refused.value.code is code


def test_calendar_is_read_with_its_validators(server: CalendarServer) -> None:
    server.show(EVENT, ETag='"uno"', Last_Modified="Tue, 01 Dec 2026 10:00:00 GMT")
    found = addresses.read(CALENDAR_RULE, server.url())
    assert found.source is not None
    assert [each.summary for each in found.source.calendar.events] == ["DACA"]
    assert "DACA" not in repr(found)
    again = addresses.read(CALENDAR_RULE, server.url(), validators=found.validators)
    assert again.source is None
    assert again.validators == found.validators
    [_first, (_host, _path, headers)] = server.asked
    assert headers["If-None-Match"] == '"uno"'
    assert headers["If-Modified-Since"] == "Tue, 01 Dec 2026 10:00:00 GMT"
    assert headers["Accept-Encoding"] == "identity"


def test_not_modified_that_was_not_asked_for_is_no_calendar(server: CalendarServer) -> None:
    server.answers[PATH] = Answer(status=304)
    assert refuse(server.url()) is Code.FAILING


def test_validators_that_no_header_can_carry_are_dropped(server: CalendarServer) -> None:
    server.show(EVENT, ETag="x" * 300, Last_Modified="y" * 100)
    assert addresses.read(CALENDAR_RULE, server.url()).validators == Validators()


# Where it may lead


def test_redirect_to_another_public_host_is_followed(server: CalendarServer) -> None:
    server.show(EVENT, path="/otro.ics")
    server.answers[PATH] = Answer(
        status=302, headers={"Location": server.url("/otro.ics", host=OTHER_HOST)}
    )
    assert addresses.read(CALENDAR_RULE, server.url()).source is not None
    assert [each[:2] for each in server.asked] == [(HOST, PATH), (OTHER_HOST, "/otro.ics")]


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("https://10.0.0.8/a.ics", Code.NOT_PUBLIC),
        ("https://169.254.169.254/latest/meta-data/", Code.NOT_PUBLIC),
        ("https://interno.example/a.ics", Code.NOT_PUBLIC),
        ("http://calendario.example/a.ics", Code.NOT_PUBLIC),
        ("file:///etc/passwd", Code.NOT_PUBLIC),
        ("https://[::1", Code.REDIRECTS),
        ("", Code.REDIRECTS),
        ("/secreto/basic.ics", Code.REDIRECTS),
    ],
)
def test_redirect_inside_or_in_a_loop_is_refused(
    server: CalendarServer, location: str, code: CalendarAddressErrorCode
) -> None:
    server.answers[PATH] = Answer(status=301, headers={"Location": location})
    assert refuse(server.url()) is code
    assert len(server.asked) <= 3


def test_redirect_to_our_own_site_is_refused(server: CalendarServer) -> None:
    server.answers[PATH] = Answer(
        status=301, headers={"Location": server.url("/es/cal/red.ics", host=OTHER_HOST)}
    )
    with pytest.raises(UnreadableFile) as refused:
        addresses.read(CALENDAR_RULE, server.url(), own_host=OTHER_HOST)
    assert refused.value.code is Code.REDIRECTS


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "[::1]", "[::ffff:10.0.0.1]", *INSIDE]
)
def test_address_inside_is_refused_by_the_rule_of_production(
    server: CalendarServer, host: str
) -> None:
    """The server listens there; nothing reaches it."""
    server.show(EVENT)
    rule = FetchRule(look_up=look_up)
    for address in (f"https://{host}{PATH}", server.url(host=host)):
        assert refuse(address, rule=rule) is Code.NOT_PUBLIC
    assert server.asked == []


def test_rule_of_production_is_the_default_and_no_setting_changes_it() -> None:
    rule = FetchRule()
    assert rule.schemes == frozenset({"https"})
    assert rule.ports == frozenset({443})
    for address in ("https://127.0.0.1/a.ics", "https://example.org:8443/a.ics"):
        assert refuse(address, rule=rule) is Code.NOT_PUBLIC


def test_name_that_is_bound_anew_gains_nothing(server: CalendarServer) -> None:
    """Resolved once for each connection, and each time all of it is checked."""
    server.show(EVENT)
    answers = iter([["127.0.0.1"], ["10.0.0.8"]])
    rule = FetchRule(frozenset({"https"}), ANY_PORT, is_loopback, lambda *_asked: next(answers))
    assert addresses.read(rule, server.url()).source is not None
    assert refuse(server.url(), rule=rule) is Code.NOT_PUBLIC
    both = FetchRule(
        frozenset({"https"}), ANY_PORT, is_loopback, lambda *_asked: ["127.0.0.1", "10.0.0.8"]
    )
    assert refuse(server.url(), rule=both) is Code.NOT_PUBLIC
    assert len(server.asked) == 1


# What it answers


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, Code.NEEDS_SIGN_IN),
        (403, Code.NEEDS_SIGN_IN),
        (404, Code.GONE),
        (410, Code.GONE),
        (429, Code.FAILING),
        (500, Code.FAILING),
        (503, Code.FAILING),
    ],
)
def test_status_that_is_no_calendar_says_what_to_do(
    server: CalendarServer, status: int, code: CalendarAddressErrorCode
) -> None:
    server.answers[PATH] = Answer(calendar(EVENT), status)
    assert refuse(server.url()) is code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"<!doctype html><title>Entra</title>", Code.NO_CALENDAR),
        (b"", Code.NO_CALENDAR),
        (b"Fecha,Hora,Tipo\n2026-12-05,18:00,DACA\n", Code.NO_CALENDAR),
        (b"BEGIN:VCALENDAR\r\n<html>\r\nEND:VCALENDAR\r\n", Code.NO_CALENDAR),
        (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", Code.EMPTY),
        (calendar(EVENT)[:-20], Code.CUT_OFF),
        (gzip.compress(b"BEGIN:VCALENDAR\r\n" * 1_000_000), Code.NO_CALENDAR),
    ],
)
def test_answer_that_is_no_calendar_is_refused(
    server: CalendarServer, body: bytes, code: CalendarAddressErrorCode
) -> None:
    server.answers[PATH] = Answer(body, headers={"Content-Encoding": "gzip"})
    assert refuse(server.url()) is code


def test_calendar_with_a_mark_of_utf_8_is_read(server: CalendarServer) -> None:
    server.answers[PATH] = Answer(b"\xef\xbb\xbf" + calendar(EVENT))
    assert addresses.read(CALENDAR_RULE, server.url()).source is not None


@pytest.mark.thorough
def test_huge_calendar_is_refused(server: CalendarServer) -> None:
    server.answers[PATH] = Answer(calendar(EVENT) + b"x" * addresses.MAX_BYTES)
    assert refuse(server.url(), seconds=20) is Code.TOO_LARGE
    server.show(*[EVENT] * 25_000)
    assert refuse(server.url(), seconds=20) is Code.TOO_LARGE


# Lies about its length


def _longer(_server: CalendarServer) -> Iterator[bytes]:
    body = calendar(EVENT)
    yield OK + b"Content-Length: %d\r\n\r\n" % (len(body) + 500) + body


def _shorter(_server: CalendarServer) -> Iterator[bytes]:
    body = calendar(EVENT)
    yield OK + b"Content-Length: %d\r\n\r\n" % (len(body) - 30) + body


def _cut_chunk(_server: CalendarServer) -> Iterator[bytes]:
    yield OK + b"Transfer-Encoding: chunked\r\n\r\nfff\r\n" + calendar(EVENT)


def _endless_chunks(server: CalendarServer) -> Iterator[bytes]:
    yield OK + b"Transfer-Encoding: chunked\r\n\r\n"
    yield b"11\r\nBEGIN:VCALENDAR\r\n\r\n"
    while not server.let_go.is_set():
        yield b"10000\r\n" + b"X" * 0x10000 + b"\r\n"


def _bad_chunk(_server: CalendarServer) -> Iterator[bytes]:
    yield OK + b"Transfer-Encoding: chunked\r\n\r\nno\r\n" + calendar(EVENT)


def _no_http(_server: CalendarServer) -> Iterator[bytes]:
    yield b"220 smtp.example.org ESMTP\r\n"


def _endless_head(server: CalendarServer) -> Iterator[bytes]:
    yield OK
    while not server.let_go.is_set():
        yield b"X-More: 1\r\n"


def _endless_continue(server: CalendarServer) -> Iterator[bytes]:
    while not server.let_go.is_set():
        yield b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.mark.parametrize(
    ("raw", "codes"),
    [
        (_longer, {Code.CUT_OFF}),
        (_shorter, {Code.CUT_OFF}),
        (_cut_chunk, {Code.SILENT}),
        (_endless_chunks, {Code.TOO_LARGE, Code.SILENT}),
        (_bad_chunk, {Code.SILENT}),
        (_no_http, {Code.SILENT}),
        (_endless_head, {Code.SILENT}),
        (_endless_continue, {Code.SILENT}),
    ],
)
def test_server_that_lies_about_its_answer_is_left(
    server: CalendarServer,
    raw: Callable[[CalendarServer], Iterator[bytes]],
    codes: set[CalendarAddressErrorCode],
) -> None:
    server.answers[PATH] = Answer(raw=raw)
    began = monotonic()
    assert refuse(server.url(), seconds=3.0) in codes
    assert monotonic() - began < 8


def _stalls_in_head(server: CalendarServer) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    server.let_go.wait(10)


def _stalls_in_body(server: CalendarServer) -> Iterator[bytes]:
    yield OK + b"Content-Length: 5000\r\n\r\nBEGIN:VCALENDAR\r\n"
    server.let_go.wait(10)


def _drips(server: CalendarServer) -> Iterator[bytes]:
    """A byte now and then, so that no single read waits long; without a length, so that what was
    cut off could pass for a whole calendar."""
    yield OK + b"\r\n" + calendar(EVENT)
    while not server.let_go.wait(0.1):
        yield b"\n"


@pytest.mark.parametrize("raw", [_stalls_in_head, _stalls_in_body, _drips])
def test_server_that_stalls_is_left_at_the_deadline(
    server: CalendarServer, raw: Callable[[CalendarServer], Iterator[bytes]]
) -> None:
    server.answers[PATH] = Answer(raw=raw)
    began = monotonic()
    assert refuse(server.url(), seconds=1.0) is Code.SILENT
    assert monotonic() - began < 4


def test_redirects_share_one_deadline(server: CalendarServer) -> None:
    def slow(running: CalendarServer) -> Iterator[bytes]:
        running.let_go.wait(0.7)
        yield b"HTTP/1.1 302 Found\r\nLocation: /secreto/basic.ics\r\nContent-Length: 0\r\n\r\n"

    server.answers[PATH] = Answer(raw=slow)
    assert refuse(server.url(), seconds=1.0) is Code.SILENT
    assert len(server.asked) <= 2


def test_unknown_host_and_closed_port_do_not_answer(server: CalendarServer) -> None:
    assert refuse("https://nadie.example/secreto.ics") is Code.SILENT


def test_no_log_has_the_address(server: CalendarServer, caplog: pytest.LogCaptureFixture) -> None:
    server.show(EVENT)
    with caplog.at_level(logging.DEBUG):
        addresses.read(CALENDAR_RULE, server.url())
        refuse(server.url("/secreto/nada.ics"))
    said: Sequence[str] = [each.getMessage() for each in caplog.records]
    assert not [each for each in said if "secreto" in each]
