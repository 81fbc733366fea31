"""Fetches the calendar at an address that staff gave (S39, SHEET02).

The address is a secret: no error, log line or repr has it.
"""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urldefrag, urlsplit

from outreach.imports.guess import calendar_rows
from outreach.imports.guess.calendar_rows import CalendarSource
from outreach.imports.import_errors import (
    CalendarAddressErrorCode,
    ImportErrorCode,
    UnreadableFile,
)
from outreach.imports.sheets import file_types
from outreach.outbound import guarded_client
from outreach.outbound.guarded_client import AddressRefused, FetchRule, HostUnreachable

RULE: Final = (
    "outreach_calendar_rule"  # in `app.extensions`; only tests set another than the default
)
MAX_ADDRESS: Final = 1_000  # characters
MAX_BYTES: Final = file_types.MAX_BYTES
FETCH_SECONDS: Final = 10.0  # with its redirects
_MAX_ETAG: Final = 200
_MAX_DATE: Final = 60
_SCHEMES: Final = ("https://", "webcal://", "webcals://")
_START: Final = b"BEGIN:VCALENDAR"
_END: Final = b"END:VCALENDAR"
_BOM: Final = b"\xef\xbb\xbf"
_NOT_MODIFIED: Final = 304
_BY_STATUS: Final = {
    401: CalendarAddressErrorCode.NEEDS_SIGN_IN,
    403: CalendarAddressErrorCode.NEEDS_SIGN_IN,
    407: CalendarAddressErrorCode.NEEDS_SIGN_IN,
    404: CalendarAddressErrorCode.GONE,
    410: CalendarAddressErrorCode.GONE,
}
_BY_READER: Final = {
    ImportErrorCode.CALENDAR_EMPTY: CalendarAddressErrorCode.EMPTY,
    ImportErrorCode.CALENDAR_CUT_OFF: CalendarAddressErrorCode.CUT_OFF,
    ImportErrorCode.CALENDAR_TOO_LARGE: CalendarAddressErrorCode.TOO_LARGE,
    ImportErrorCode.CALENDAR_TOO_LARGE_AT_LINE: CalendarAddressErrorCode.TOO_LARGE,
    ImportErrorCode.CALENDAR_LINE_TOO_LONG: CalendarAddressErrorCode.TOO_LARGE,
    ImportErrorCode.CALENDAR_WITH_TOO_MANY_EVENTS: CalendarAddressErrorCode.TOO_LARGE,
}


@dataclass(frozen=True)
class Validators:
    """The validators of a document, which its server gave: a later request sends them back to ask
    whether it has changed (RFC 9110, section 8.8)."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True)
class FetchedCalendar:
    """The answer of an address; `source` is None where the calendar has not changed."""

    source: CalendarSource | None = field(repr=False)
    validators: Validators = Validators()


def is_address(text: str) -> bool:
    """Whether a text is meant as the address of a calendar, and not as a file or rows."""
    words = text.strip().casefold()
    return words.startswith((*_SCHEMES, "http://")) and len(words.split()) == 1


def normalise(typed: str, *, own_host: str = "") -> str:
    """The https address of what somebody typed. Raises UnreadableFile."""
    address = urldefrag(typed.strip()).url
    scheme, slashes, rest = address.partition("://")
    if scheme.casefold() == "http":
        raise _refused(CalendarAddressErrorCode.NOT_ENCRYPTED)
    if f"{scheme.casefold()}{slashes}" not in _SCHEMES or len(address) > MAX_ADDRESS:
        raise _refused(CalendarAddressErrorCode.MALFORMED)
    address = f"https://{rest}"
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").rstrip(".")
        is_malformed = not host or parts.port == 0
    except ValueError:
        is_malformed = True
    if is_malformed or not address.isascii() or not address.isprintable() or " " in address:
        raise _refused(CalendarAddressErrorCode.MALFORMED)
    if "@" in parts.netloc:
        raise _refused(CalendarAddressErrorCode.WITH_SIGN_IN)
    if host == own_host.partition(":")[0].casefold():
        raise _refused(CalendarAddressErrorCode.OF_THIS_SITE)
    return address


def get_host(address: str) -> str:
    """The host of a normalised address."""
    return urlsplit(address).hostname or ""


def read(
    rule: FetchRule,
    address: str,
    *,
    own_host: str = "",
    validators: Validators | None = None,
    seconds: float = FETCH_SECONDS,
) -> FetchedCalendar:
    """The calendar at a normalised address, within so many seconds; with `validators` only if it
    has changed. Raises UnreadableFile with a CalendarAddressErrorCode."""
    headers = {
        "Accept": "text/calendar",
        "Accept-Encoding": "identity",
        "User-Agent": "Outreach",
    }
    if validators is not None and validators.etag:
        headers["If-None-Match"] = validators.etag
    if validators is not None and validators.last_modified:
        headers["If-Modified-Since"] = validators.last_modified
    try:
        answer = guarded_client.fetch_document(
            rule,
            address,
            headers=headers,
            seconds=seconds,
            max_bytes=MAX_BYTES + 1,
            may_lead_to=lambda each: not own_host or get_host(each) != own_host.partition(":")[0],
        )
    except AddressRefused:
        raise _refused(CalendarAddressErrorCode.NOT_PUBLIC) from None
    except guarded_client.RedirectRefused:
        raise _refused(CalendarAddressErrorCode.REDIRECTS) from None
    except HostUnreachable:
        raise _refused(CalendarAddressErrorCode.SILENT) from None
    if validators is not None and answer.status == _NOT_MODIFIED:
        return FetchedCalendar(None, validators)
    if not answer.is_success:
        raise _refused(_judge_status(answer.status))
    source = _parse(answer.body, is_cut_off=answer.is_cut_off)
    return FetchedCalendar(
        source,
        Validators(
            _clean_header(answer.headers.get("etag", ""), _MAX_ETAG),
            _clean_header(answer.headers.get("last-modified", ""), _MAX_DATE),
        ),
    )


def _judge_status(status: int) -> CalendarAddressErrorCode:
    if status in guarded_client.REDIRECTS:
        return CalendarAddressErrorCode.REDIRECTS
    default = CalendarAddressErrorCode.FAILING
    return _BY_STATUS.get(status, CalendarAddressErrorCode.GONE if 400 <= status < 429 else default)


def _parse(body: bytes, *, is_cut_off: bool) -> CalendarSource:
    """Returns the events of an answer. A page is no calendar, and neither is an answer that is
    compressed although we accept none: nothing is unpacked."""
    if len(body) > MAX_BYTES:
        raise _refused(CalendarAddressErrorCode.TOO_LARGE)
    text = body.removeprefix(_BOM).lstrip()
    if text[: len(_START)].upper() != _START:
        raise _refused(CalendarAddressErrorCode.NO_CALENDAR)
    if is_cut_off or not text.rstrip().upper().endswith(_END):
        raise _refused(CalendarAddressErrorCode.CUT_OFF)
    try:
        return calendar_rows.read("", text)
    except UnreadableFile as error:
        code = CalendarAddressErrorCode.NO_CALENDAR
        if isinstance(error.code, ImportErrorCode):
            code = _BY_READER.get(error.code, code)
        raise _refused(code) from None


def _clean_header(text: str, most: int) -> str:
    is_plain = text.isascii() and text.isprintable() and len(text) <= most
    return text if is_plain else ""


def _refused(code: CalendarAddressErrorCode) -> UnreadableFile:
    return UnreadableFile(code)
