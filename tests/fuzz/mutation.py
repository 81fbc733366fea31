"""Malformed values, forms and files."""

from collections.abc import Sequence
from random import Random
from typing import Final

Fields = list[tuple[str, str]]

NASTY: Final = (
    "", " ", "0", "-1", "1", "2", "99999999999999999999", "-9223372036854775809", "2147483648",
    "1e309",
    "NaN", "Infinity", "-0", "1.5", "0x10", "٣", "²", "½", "true", "null", "None", "undefined",
    "[]",
    "{}", "\x00", "a\x00b", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u202e", "\ufeff", "\ufffd",
    "\ufffe",
    "\ud800", "\U0010ffff", "e\u0301" * 50, "ﷺ", "İ", "ß", "ﬁ", "😀" * 70, "Ñandú",
    "a\r\nBcc: x@y.z",
    "a\r\nSet-Cookie: x=y", "\n", "\t", "\r", "'", "\"", "' OR 1=1 --", "%", "_", "\\", "%00",
    "%0d%0a",
    "../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "//mal.example", "\\\\mal.example",
    "/\\mal.example",
    "https://mal.example/", "javascript:alert(1)", "data:text/html,x", "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>", "{{7*7}}", "{% raw %}", "${7*7}", "#{7*7}", "%s%s%n",
    "=1+1", "+1",
    "@SUM(1)", "-1+1", "=HYPERLINK(\"http://mal.example\")", "[x](javascript:alert(1))",
    "![x](http://mal.example/x.png)", "<svg onload=alert(1)>", "&lt;", "&#0;", "]]>", "<!--",
    "*" * 400,
    "(" * 400, "[" * 400, "> " * 400, "a" * 300, "x" * 5_000, "á" * 20_000, "1" * 5_000,
    " " * 3_000,
    "2026-02-30", "0000-00-00", "9999-12-31", "0001-01-01", "10000-01-01", "2027-03-14",
    "2026-13", "0001-01",
    "9999-12", "2020-1", "24:00", "25:99", "02:30", "00:00", "23:59:60", "18:00",
    "2026-11-01T01:30",
    "es", "en", "fr", "de", "es,en", "America/Chicago", "America/Nowhere", "chicago", "calgary",
    "*",
    "derechos", "mujeres", "K7QX", "open", "place", "slots", "phone", "unlisted", "draft",
    "published",
    "undo", "came", "yes", "no", "on", "todos", "rosa@ejemplo.com", "rosa@ejemplo", "a@b.c" * 80,
    "312 555 0142",
    "+13125550142", "60601", "T2P", "41.8,-87.6", "0" * 10, "0" * 26, "A" * 22, "x" * 32,
    "0" * 32, "f" * 64,
)  # fmt: skip
WRONG_NAMES: Final = (
    "",
    "\x00",
    "[]",
    "name[]",
    "name[0]",
    "__proto__",
    "_method",
    "token",
    "x" * 500,
    "ñ",
)


def value(random: Random, ids: Sequence[str]) -> str:
    """A value that the form did not ask for, or an id of another office."""
    how = random.random()
    if how < 0.25:
        return random.choice(ids)
    if how < 0.9:
        return random.choice(NASTY)
    return "".join(chr(_letter(random)) for _ in range(random.randrange(1, 40)))


def bent(text: str, random: Random) -> str:
    """A valid value, slightly changed."""
    if not text:
        return random.choice(NASTY)
    at = random.randrange(len(text))
    return random.choice(
        (
            text[:at],
            text[at:],
            text[:at] + random.choice(NASTY)[:60] + text[at:],
            text.swapcase(),
            text * 2,
            text + " ",
            text[::-1],
            text[:at] + chr(_letter(random)) + text[at + 1 :],
        )
    )


def fields(
    good: Sequence[tuple[str, str]],
    choices: dict[str, Sequence[str]],
    names: Sequence[str],
    ids: Sequence[str],
    random: Random,
) -> Fields:
    """A form with some fields missing, duplicated, huge, foreign or unknown."""
    # Half of the time another choice that the form offers, to reach the code behind its checks.
    sent = [
        (
            name,
            random.choice(choices[name]) if choices.get(name) and random.random() < 0.3 else value,
        )
        for name, value in good
    ]
    for _ in range(random.choice((0, 1, 1, 1, 2, 3, 6))):
        how, at = random.randrange(9), random.randrange(len(sent)) if sent else 0
        if not sent or how == 0:
            sent.append((random.choice(names), value(random, ids)))
        elif how == 1:
            sent.pop(at)
        elif how == 2:
            sent.append((sent[at][0], value(random, ids)))
        elif how == 3:
            sent[at] = (sent[at][0], bent(sent[at][1], random))
        elif how == 4:
            sent[at] = (random.choice(WRONG_NAMES), sent[at][1])
        elif how == 5 and choices:
            name = random.choice(sorted(choices))
            sent.append((name, random.choice(choices[name] or [""])))
        else:
            sent[at] = (sent[at][0], value(random, ids))
    return sent


def spoiled(data: bytes, random: Random) -> bytes:
    """A valid file, damaged."""
    made = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        at = random.randrange(len(made) + 1)
        how = random.randrange(6)
        if how == 0:
            del made[at : at + random.randrange(1, 60)]
        elif how == 1:
            made[at:at] = random.choice(NASTY).encode("utf-8", "surrogatepass")[:400]
        elif how == 2:
            made[at : at + 1] = bytes([random.randrange(256)])
        elif how == 3:
            end = at + random.randrange(1, 200)
            made[at:at] = made[at:end]
        elif how == 4:
            made[at : at + 4] = random.randbytes(4)
        elif random.random() < 0.2:
            del made[at:]
    return bytes(made)


def rewritten(text: str, random: Random) -> str:
    """A valid table with some cells replaced."""
    lines = text.split("\n")
    for _ in range(random.choice((1, 1, 2, 3))):
        at = random.randrange(len(lines))
        separator = random.choice((",", ":", ";", '"'))
        cells = lines[at].split(separator)
        cells[random.randrange(len(cells))] = random.choice(NASTY)
        lines[at] = separator.join(cells)
    return "\n".join(lines)


def _letter(random: Random) -> int:
    code = random.choice(
        (random.randrange(256), random.randrange(0x3000), random.randrange(0x110000))
    )
    return 0x41 if 0xD800 <= code < 0xE000 else code
