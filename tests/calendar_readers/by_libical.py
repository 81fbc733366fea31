"""Reads with libical, the parser of Evolution and KOrganizer, and checks its restrictions.

Calls Debian's library by ctypes. libical checks which properties RFC 5545 requires and forbids in a
component, and marks what it does not understand with X-LIC-ERROR.
"""

import ctypes
from collections.abc import Iterator
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_void_p
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import pytest

from tests.calendar_readers import Misread, Seen

NAME: Final = "libical.so.3"
VEVENT, XLICERROR, ANY = b"VEVENT", b"X-LIC-ERROR", b"ANY"
REFUSE_CONTROL_CHARACTERS: Final = 2


class _Time(ctypes.Structure):
    _fields_ = (
        *((name, c_int) for name in ("year", "month", "day", "hour", "minute", "second")),
        ("is_date", c_int),
        ("is_daylight", c_int),
        ("zone", c_void_p),
    )


@cache
def _library() -> Any:
    try:
        found = ctypes.CDLL(NAME)
    except OSError:
        pytest.fail("libical is not here. Debian has it: sudo apt-get install libical3t64")
    for name, result, arguments in (
        ("icalparser_parse_string", c_void_p, [c_char_p]),
        ("icalcomponent_free", None, [c_void_p]),
        ("icalcomponent_count_errors", c_int, [c_void_p]),
        ("icalcomponent_as_ical_string", c_char_p, [c_void_p]),
        ("icalrestriction_check", c_int, [c_void_p]),
        ("icalcomponent_string_to_kind", c_int, [c_char_p]),
        ("icalproperty_string_to_kind", c_int, [c_char_p]),
        ("icalparameter_string_to_kind", c_int, [c_char_p]),
        ("icalcomponent_get_first_component", c_void_p, [c_void_p, c_int]),
        ("icalcomponent_get_next_component", c_void_p, [c_void_p, c_int]),
        ("icalcomponent_get_first_property", c_void_p, [c_void_p, c_int]),
        ("icalcomponent_get_timezone", c_void_p, [c_void_p, c_char_p]),
        ("icalproperty_get_parameter_as_string", c_char_p, [c_void_p, c_char_p]),
        ("icalproperty_get_dtstart", _Time, [c_void_p]),
        ("icalproperty_get_dtend", _Time, [c_void_p]),
        ("icaltimezone_get_utc_offset", c_int, [c_void_p, POINTER(_Time), POINTER(c_int)]),
        ("icaltime_as_timet_with_zone", c_long, [_Time, c_void_p]),
        ("icalcomponent_get_uid", c_char_p, [c_void_p]),
        ("icalcomponent_get_summary", c_char_p, [c_void_p]),
        ("icalcomponent_get_location", c_char_p, [c_void_p]),
        ("icalcomponent_get_sequence", c_int, [c_void_p]),
        ("icalproperty_get_value_as_string", c_char_p, [c_void_p]),
        ("icalerror_set_errors_are_fatal", None, [c_int]),
        ("icalparser_set_ctrl", None, [c_int]),
        ("icaltimezone_set_builtin_tzdata", None, [c_int]),
    ):
        function = getattr(found, name)
        function.restype, function.argtypes = result, arguments
    found.icalerror_set_errors_are_fatal(0)
    found.icalparser_set_ctrl(REFUSE_CONTROL_CHARACTERS)
    return found


def read(body: bytes) -> list[Seen]:
    """The events, sorted. Raises Misread for errors of the parser and violated restrictions."""
    library = _library()
    calendar = library.icalparser_parse_string(body)
    if not calendar:
        raise Misread("libical: no calendar")
    try:
        is_allowed = library.icalrestriction_check(calendar)
        errors = library.icalcomponent_count_errors(calendar)
        if errors or not is_allowed:
            text = library.icalcomponent_as_ical_string(calendar).decode()
            error_lines = [line for line in text.splitlines() if XLICERROR.decode() in line]
            raise Misread(f"libical: {errors} errors, allowed: {is_allowed}: {error_lines}")
        return sorted(_seen(library, calendar, event) for event in _events(library, calendar))
    finally:
        library.icalcomponent_free(calendar)


def _events(library: Any, calendar: int) -> Iterator[int]:
    kind = library.icalcomponent_string_to_kind(VEVENT)
    event = library.icalcomponent_get_first_component(calendar, kind)
    while event:
        yield event
        event = library.icalcomponent_get_next_component(calendar, kind)


def _seen(library: Any, calendar: int, event: int) -> Seen:
    status = _property(library, event, b"STATUS")
    return Seen(
        uid=library.icalcomponent_get_uid(event).decode(),
        starts=_instant(library, calendar, _property(library, event, b"DTSTART"), "dtstart"),
        ends=_instant(library, calendar, _property(library, event, b"DTEND"), "dtend"),
        summary=library.icalcomponent_get_summary(event).decode(),
        location=library.icalcomponent_get_location(event).decode(),
        status=library.icalproperty_get_value_as_string(status).decode(),
        sequence=library.icalcomponent_get_sequence(event),
    )


def _property(library: Any, event: int, name: bytes) -> int:
    kind = library.icalproperty_string_to_kind(name)
    found: int = library.icalcomponent_get_first_property(event, kind)
    return found


def _instant(library: Any, calendar: int, line: int, name: str) -> datetime:
    """The instant by the VTIMEZONE of the file, not by libical's own zones."""
    moment: _Time = getattr(library, f"icalproperty_get_{name}")(line)
    wall = datetime(
        moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second, tzinfo=UTC
    )
    key = library.icalproperty_get_parameter_as_string(line, b"TZID")
    if key is None:
        return wall  # it is written in UTC
    zone = library.icalcomponent_get_timezone(calendar, key)
    if not zone:
        raise Misread(f"libical: the file has no {key.decode()}")
    offset = library.icaltimezone_get_utc_offset(zone, byref(moment), byref(c_int()))
    return datetime.fromtimestamp(wall.timestamp() - offset, UTC)
