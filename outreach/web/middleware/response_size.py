"""Pads the answers about one workshop and about one registration, so that their size does not tell
whoever watches the line which of them are discreet (S14).

The padding is an extra field in the header of gzip (RFC 1952, 2.3.1.1), which every reader skips:
compression does not shrink it, and no page has a byte more. Browsers take gzip; what asks for an
answer without it is a program, whose answer is not padded.
"""

from typing import Final

from flask import Response, request

# Head and body together, in bytes: more than nearly all of these answers have.
BRACKET: Final = 8192
_RULES: Final = ("/<lang:lang>/t/", "/<lang:lang>/r/", "/<lang:lang>/mi-registro")
_TYPES: Final = ("text/html", "text/calendar")
_HAS_EXTRA_FIELD: Final = 4  # among the flags, the fourth byte
_HEADER_BYTES: Final = 10  # a gzip header before its extra field
_LEAST_BYTES: Final = 6  # an empty extra field: two lengths and a name
_LENGTH_HEADER: Final = "Content-Length"


def is_padded(response: Response) -> bool:
    """Whether the answer is about one workshop or one registration, and has a text to pad."""
    rule = request.url_rule
    is_about_one = rule is not None and rule.rule.startswith(_RULES)
    has_text = not 300 <= response.status_code < 400 and response.mimetype in _TYPES
    return is_about_one and has_text


def pad(response: Response) -> None:
    """Makes head and body of a compressed response a multiple of BRACKET long."""
    body = response.get_data()
    wanted = -(_count_head(response, len(body)) + len(body)) % BRACKET
    if wanted < _LEAST_BYTES:
        wanted += BRACKET
    # The number of the length may have got a digit more.
    wanted -= len(str(len(body) + wanted)) - len(str(len(body)))
    response.set_data(_add_extra_field(body, wanted))


def _count_head(response: Response, length: int) -> int:
    """The bytes of status and headers in HTTP/1.1, before those that the server adds to all."""
    fields = [(name, value) for name, value in response.headers if name != _LENGTH_HEADER]
    fields.append((_LENGTH_HEADER, str(length)))
    return len(response.status) + sum(len(f"{name}: {value}\r\n") for name, value in fields)


def _add_extra_field(body: bytes, added: int) -> bytes:
    inner = added - _LEAST_BYTES
    field = b"%b%b%b" % (_write(inner + 4), b"PD" + _write(inner), bytes(inner))
    flags = bytes([body[3] | _HAS_EXTRA_FIELD])
    return body[:3] + flags + body[4:_HEADER_BYTES] + field + body[_HEADER_BYTES:]


def _write(length: int) -> bytes:
    return length.to_bytes(2, "little")
