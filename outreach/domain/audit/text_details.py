"""Parses the details of format 1 rows, which were English text, into those of format 2.

The format is closed: nothing writes such text any more, and rows are deleted after a year. The
migration `main_audit_details` stores what `parse` returns beside each text, and the verifier
compares the two, since only the text is hashed.
"""

import re
from collections.abc import Callable
from typing import Any, Final

_MONTH: Final = re.compile(r"(\d{4}-\d\d)(?:[ ,:]+(.*))?")
_COUNT: Final = re.compile(r"(new|changed|cancelled|same) (\d+)")
_OF_ACCOUNTS: Final = frozenset(
    {
        "account invited",
        "account rights changed",
        "account disabled",
        "account reset",
        "second factor reset",
    }
)
# Pattern of a part, and the keys of its groups. A group of digits becomes a number.
_PARTS: Final[tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]] = tuple(
    (re.compile(pattern), keys)
    for pattern, keys in (
        (r"one of (\d+)", ("one_of",)),
        (r"clone of (\S+)", ("clone_of",)),
        (r"repeats (\S+)", ("repeats",)),
        (r"as (\w{10,26})", ("same_as",)),
        (r"(\d+) dates", ("dates",)),
        (r"(\d+) at once", ("at_once",)),
        (r"month (\d{4}-\d\d)", ("month",)),
        (r"tour (\d+)", ("tour",)),
        (r"stop (\d+)", ("stop",)),
        (r"venue (\d+)", ("venue",)),
        (r"partner (\d+)", ("partner",)),
        (r"speaker (\d+)", ("speaker",)),
        (r"draft (\S+)", ("draft",)),
        (r"file (\S+?)", ("file",)),
        (r"(\d+) workshops", ("workshops",)),
        (r"(\d+) told", ("notified",)),
        (r"(\d+) parties", ("parties",)),
        (r"(\d+) by e-mail", ("by_email",)),
        (r"(\d+) by phone", ("by_phone",)),
        (r"(\d+) left", ("left",)),
        (r"(\d+) to (\d+)", ("before", "after")),
        (r"lines (\d+) to (\d+)", ("first_line", "last_line")),
        (r"edition (\d+)", ("edition",)),
        (r"revision (\d+)", ("revision",)),
        (r"(new|changed|cancelled|same) (\d+)", ()),
    )
)
_SEPARATORS: Final = re.compile(r", |: |; | \(|\)")
_FIELD: Final = re.compile(r"[a-z_]+")


def parse(action: str, text: str) -> dict[str, Any]:
    """The details that a text of that action states; `{"text": …}` for one of no known shape."""
    if not text:
        return {}
    parser = _PARSERS.get(action)
    details = parser(text) if parser else _parse_parts(text)
    return {"text": text} if details is None else details


def _parse_parts(text: str, *, first: str = "") -> dict[str, Any] | None:
    """Parses the parts between separators; other words are names of changed fields.

    `first` is the key of the first part, where that is a code. None for an unknown shape."""
    details: dict[str, Any] = {}
    fields = []
    for index, part in enumerate(filter(None, _SEPARATORS.split(text))):
        if first and index == 0:
            details[first] = part
        elif part == "untold":
            details["notified"] = False
        elif (known := _parse_part(part)) is not None:
            details |= known
        elif _FIELD.fullmatch(part):
            fields.append(part)
        else:
            return None
    return details | ({"fields": fields} if fields else {})


def _parse_part(part: str) -> dict[str, Any] | None:
    if count := _COUNT.fullmatch(part):
        return {count[1]: int(count[2])}
    for pattern, keys in _PARTS:
        if match := pattern.fullmatch(part):
            return {key: _value(text) for key, text in zip(keys, match.groups(), strict=True)}
    return None


def _value(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() else text


def _with_number(key: str) -> Callable[[str], dict[str, Any] | None]:
    return lambda text: {key: int(text)} if text.isascii() and text.isdigit() else None


def _with_code(key: str) -> Callable[[str], dict[str, Any] | None]:
    return lambda text: {key: text}


def _parse_cancellation(text: str) -> dict[str, Any] | None:
    return _parse_parts(text, first="" if text.startswith("stop ") else "reason")


def _parse_message(text: str) -> dict[str, Any] | None:
    match = re.fullmatch(r"(\w+), (\w+): (.*)", text)
    rest = _parse_parts(match[3]) if match else None
    return (
        None if not match or rest is None else {"template": match[1], "audience": match[2]} | rest
    )


def _parse_attendance(text: str) -> dict[str, Any] | None:
    if text == "not held":
        return {"held": False}
    match = re.fullmatch(r"held, (\d+)", text)
    return {"held": True, "people": int(match[1])} if match else None


def _parse_month(text: str, key: str = "") -> dict[str, Any] | None:
    """«2020-01», with a number under `key`, or with parts."""
    match = _MONTH.fullmatch(text)
    if match is None:
        return None
    month, rest = match[1], match[2]
    if not rest:
        return {"month": month}
    if key:
        return {"month": month, key: _value(rest)}
    parts = _parse_parts(rest)
    return None if parts is None else {"month": month} | parts


def _parse_figure(text: str) -> dict[str, Any] | None:
    match = re.fullmatch(r"(\d{4}-\d\d) (\S+): (-?\d+|-)", text)
    if match is None:
        return None
    value = None if match[3] == "-" else int(match[3])
    return {"month": match[1], "figure": match[2], "value": value}


def _parse_account(text: str) -> dict[str, Any] | None:
    match = re.fullmatch(r"(?:account )?(\d{1,9})(?:: (.*))?", text)
    if match is None:
        return None
    account = {"account": int(match[1])}
    return account | (_parse_roles(match[2]) if match[2] else {})


def _parse_roles(text: str) -> dict[str, Any]:
    if text.isdigit():  # too many to be listed
        return {"role_count": int(text)}
    pairs = [part.partition(" ") for part in text.split(", ")]
    return {"roles": {office: role for role, _space, office in pairs}}


def _parse_office(text: str) -> dict[str, Any] | None:
    match = re.fullmatch(r"([\w-]+)(?:: (.*))?", text)
    if match is None:
        return None
    office, rest = {"office": match[1]}, match[2]
    if not rest:
        return office
    if re.fullmatch(r"\d{4}-\d\d-\d\d", rest):
        return office | {"closed_on": rest}
    parts = _parse_parts(rest)
    return None if parts is None else office | parts


def _parse_certificate(text: str) -> dict[str, Any] | None:
    match = re.fullmatch(r"(\w+), (\S+) h", text)
    return {"language": match[1], "hours": match[2]} if match else None


_PARSERS: Final[dict[str, Callable[[str], dict[str, Any] | None]]] = {
    **dict.fromkeys(_OF_ACCOUNTS, _parse_account),
    **dict.fromkeys(("month.complete", "month.incomplete"), _parse_month),
    **dict.fromkeys(("bulletin published", "bulletin corrected"), _parse_month),
    **dict.fromkeys(("month.close", "month.reopen"), lambda text: _parse_month(text, "revision")),
    "month.remind": lambda text: _parse_month(text, "letters"),
    "figures brought in": _parse_month,
    "figure.enter": _parse_figure,
    "role changed meanwhile": _parse_roles,
    "workshop cancelled": _parse_cancellation,
    "attendance reported": _parse_attendance,
    "message sent": _parse_message,
    "list exported": lambda text: _parse_parts(text, first="file_type"),
    "certificate made": _parse_certificate,
    "place saved by phone": _with_number("people"),
    "letters sent again": _with_number("letters"),
    "other sessions ended": _with_number("sessions"),
    "partner retired": _with_number("partner"),
    "partner offered": _with_number("partner"),
    "speaker retired": _with_number("speaker"),
    "speaker offered": _with_number("speaker"),
    "kind added": _with_code("kind"),
    "kind changed": lambda text: _parse_parts(text, first="kind"),
    **dict.fromkeys(("office opened", "office changed", "office closed"), _parse_office),
    "signed in": _with_code("by"),
    "provider's word refused": _with_code("reason"),
}
