"""Says by a digest for each address what the demo's site answers, and compares two programs.

    python -m tests.tools.world_bytes --program OLD --save before.json
    python -m tests.tools.world_bytes --against before.json

It makes the demo's network in a temporary folder, at a fixed instant and with fixed random
numbers, follows the links of the site as the public and as three accounts of staff, and keeps what
a refactoring must not change: feeds, answers of the API, files (CSV, XLSX, JSON, iCalendar, PDF,
pictures), closed months and bulletins. Ids, tokens and digests are masked in addresses and answers.
Of other pages only the links are read. `--bodies FOLDER` keeps the masked answers for a diff.

The program asked is that of `--program`, a checkout; without it, this one. It runs in a process of
its own, which imports nothing of `tests`, so that this file can ask an older checkout.
"""

import argparse
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

CHECKOUT: Final = Path(__file__).parents[2]
PORT: Final = 8000
SITE: Final = f"http://localhost:{PORT}"
# A Wednesday noon in Chicago: no zone of the network changes its clock on it.
NOW: Final = datetime(2027, 3, 10, 18, 0, tzinfo=UTC)
PUBLIC: Final = "public"
# Accounts of the demo: of headquarters, of one office, of the door. `outreach demo` prints them.
STAFF: Final = ("elena@example.org", "ana@example.org", "tomas@example.org")
PASSWORD: Final = "cuatro palabras de prueba"
# Pages whose words are kept beside files; of other pages only the links are read.
KEPT_PAGES: Final = re.compile(r"/(?:[a-z]{2,3}/)?(?:cifras|boletin|datos)\b")
LANGUAGES: Final = ("es", "en", "fr")
# The demo's closed month, before other months: of one sort of address only a few are asked.
CLOSED_MONTH: Final = (
    "cifras/2020-01", *(f"cifras/2020-01.{form}" for form in ("csv", "json", "xlsx", "pdf")),
    "boletin/2020-01", "boletin/2020-01.txt", "boletin/2020-01.pdf",
)  # fmt: skip
FEED_FORMATS: Final = ("ics", "atom", "json", "jcal", "jscal")
FEED: Final = re.compile(rf"(/[a-z]{{2,3}}/cal/[^/?]+\.)({'|'.join(FEED_FORMATS)})")
MAX_PAGES: Final = 3  # for one pattern of addresses and one visitor
MAX_FILES: Final = 60
MAX_TYPESET: Final = 4  # a PDF or picture takes half a second
MAX_REQUESTS: Final = 6000  # for each visitor: a bound against a site without end

_LINK: Final = re.compile(r"""(?:href|src|action)="([^"]+)"|"(http://localhost:8000/[^"]*)\"""")
_MASKS: Final = (
    (re.compile(r"\b[0-9a-f]{32,}\b"), "HEX"),
    (re.compile(r"(?<![\w-])(?=[a-z]*\d)[a-z0-9]{16}(?![\w-])"), "ID"),
    (re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Z])[\w-]{22,}(?![\w-])"), "TOKEN"),
)
_PDF_MASKS: Final = (
    (re.compile(rb"/(?:CreationDate|ModDate) ?\([^)]*\)"), b"/Date"),
    (re.compile(rb"/ID ?\[[^\]]*\]"), b"/ID"),
    (re.compile(rb"<xmp:?(\w+)(?:Date|ID)>[^<]*<"), b"<\\1<"),
    (re.compile(rb"<xmpMM:(\w+)>[^<]*<"), b"<\\1<"),
)


def mask(text: str) -> str:
    """The text without what is random in each world: ids, tokens, digests."""
    for pattern, word in _MASKS:
        text = pattern.sub(word, text)
    return text


def mask_body(body: bytes, mimetype: str) -> bytes:
    """An answer without what differs from world to world. An archive becomes the list of its
    parts."""
    if body.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            parts = [
                f"== {name}\n".encode() + mask_body(archive.read(name), "")
                for name in sorted(archive.namelist())
            ]
        return b"\n".join(parts)
    if body.startswith(b"%PDF"):
        for pattern, word in _PDF_MASKS:
            body = pattern.sub(word, body)
        return body
    if mimetype.startswith(("image/png", "audio/")):
        return body
    try:
        return mask(body.decode()).encode()
    except UnicodeDecodeError:
        return body


# What runs in the process of the asked program.


class FixedRandom:
    """Stands for the system's random numbers: the same in every run. Each length has a series of
    its own, so that another order of unlike draws changes nothing."""

    def __init__(self) -> None:
        self._drawn: Counter[int] = Counter()

    def __call__(self, length: int) -> bytes:
        self._drawn[length] += 1
        seed = f"{length} {self._drawn[length]}".encode()
        return hashlib.shake_256(seed).digest(length)


@dataclass
class Visitor:
    """Follows the links of the site in one session, and keeps the masked answers by address."""

    name: str
    client: Any  # Flask's test client
    find_pattern: Callable[[str], str | None]
    only: re.Pattern[str]
    answers: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    _asked: set[str] = field(default_factory=set)
    _counts: Counter[str] = field(default_factory=Counter)
    _waiting: deque[str] = field(default_factory=deque)

    @property
    def is_of_staff(self) -> bool:
        return self.name != PUBLIC

    def walk(self, addresses: Sequence[str]) -> None:
        self._waiting.extend(addresses)
        while self._waiting and len(self._asked) < MAX_REQUESTS:
            address = self._waiting.popleft()
            if address not in self._asked and self._is_wanted(address):
                self._asked.add(address)
                self._ask(address)

    def _is_wanted(self, address: str) -> bool:
        path = urlsplit(address).path
        pattern = self.find_pattern(path)
        if pattern is None or path.startswith("/org") is not self.is_of_staff:
            return False
        # A query may ask for something else: other filters of a feed, another page of the API.
        pattern += f"?{','.join(re.findall(r'[?&]([a-z_]+)=', address))}"
        limit = MAX_PAGES
        if path.endswith((".pdf", ".png", ".svg", ".mp3")):
            limit = MAX_TYPESET
        elif FEED.fullmatch(path) or path.startswith("/api/"):
            limit = MAX_REQUESTS
        elif re.search(r"\.\w+$", path):
            limit = MAX_FILES
        self._counts[pattern] += 1
        return self._counts[pattern] <= limit

    def _ask(self, address: str) -> None:
        is_page = not re.search(r"\.\w+$|^/api/", urlsplit(address).path)
        if not is_page and not self.only.search(address):
            return
        answer = self.client.get(address, base_url=SITE)
        if answer.mimetype == "text/html" or answer.is_json:
            self._waiting.extend(self._list_links(address, answer.text))
        if answer.location:
            self._waiting.append(self._shorten(urljoin(SITE + address, answer.location)))
        is_kept = answer.mimetype != "text/html" or bool(KEPT_PAGES.match(address))
        if is_kept and self.only.search(address):
            body = mask_body(answer.data, answer.mimetype)
            head = f"{answer.status_code} {answer.content_type}\n".encode()
            self.answers[f"{self.name} {mask(address)}"].append(head + body)

    def _list_links(self, address: str, text: str) -> Iterator[str]:
        for found in _LINK.findall(text):
            full = urljoin(SITE + address, unescape(found[0] or found[1]))
            if not full.startswith(f"{SITE}/"):
                continue
            short = self._shorten(full)
            yield short
            feed = FEED.match(short)
            if feed:
                rest = short[feed.end() :]
                yield from (f"{feed[1]}{form}{rest}" for form in FEED_FORMATS)

    @staticmethod
    def _shorten(address: str) -> str:
        return address.removeprefix(SITE).partition("#")[0]


def ask(folder: Path, only: str) -> dict[str, list[bytes]]:
    """Makes the demo in `folder` with the program of this process; returns the masked answers by
    visitor and address. Several addresses may be one when they are masked."""
    import random

    import time_machine

    draw = FixedRandom()
    os.urandom = draw
    random._urandom = draw  # type: ignore[attr-defined]  # what `secrets` draws from
    with time_machine.travel(NOW, tick=False):
        from outreach.cli import demo
        from outreach.cli.context import settings

        demo.use_settings(folder, PORT)
        _is_new, sign_ins = demo.make(settings(serving=True))
        codes = {email: code for email, _secret, code in sign_ins}
        from outreach.app import create_app

        app = create_app(settings(serving=True))
        adapter = app.url_map.bind("localhost", url_scheme="http")

        def find_pattern(path: str) -> str | None:
            if FEED.fullmatch(path):
                return "feed"
            try:
                rule, _values = adapter.match(path, method="GET", return_rule=True)
            except Exception:  # no page, a redirect, or another method
                return None
            return re.sub(r"<(?:[^:<>]*:)?(\w+)>", "*", str(rule.rule))

        pages = [
            path
            for rule in sorted(app.url_map.iter_rules(), key=lambda each: each.rule)
            if "GET" in (rule.methods or ()) and rule.arguments <= {"lang"}
            for path in _fill_languages(rule.rule)
        ]
        offices = app.test_client().get("/api/v1/offices", base_url=SITE).get_json()["offices"]
        feeds = [
            f"/{lang}/cal/{name}.{form}"
            for lang in LANGUAGES
            for name in ("red", *(each["slug"] for each in offices))
            for form in FEED_FORMATS
        ]
        month = [f"/{lang}/{each}" for lang in LANGUAGES for each in CLOSED_MONTH]
        starts = month + feeds + pages
        answers: dict[str, list[bytes]] = {}
        for name in (PUBLIC, *STAFF):
            visitor = Visitor(name, app.test_client(), find_pattern, re.compile(only))
            if name != PUBLIC:
                _sign_in(visitor.client, name, codes[name])
            visitor.walk(starts)
            answers |= visitor.answers
    return answers


def _fill_languages(rule: str) -> Iterator[str]:
    name = re.compile(r"<[^<>]*\blang>")
    yield from {name.sub(lang, rule): None for lang in LANGUAGES}


def _sign_in(client: Any, email: str, code: str) -> None:
    """Fills in the two pages of the sign-in as a browser does."""
    client.get("/org/entrar", base_url=SITE)
    given = {"email": email, "password": PASSWORD}
    first = client.post("/org/entrar", base_url=SITE, data=given)
    page = client.get(first.location, base_url=SITE)
    [token, *_others] = re.findall(r'name="token" value="([^"]+)"', page.text)
    done = client.post(
        urlsplit(first.location).path, base_url=SITE, data={"code": code, "token": token}
    )
    if done.status_code != 303:
        raise SystemExit(f"{email} could not sign in: {done.status_code}")


# What runs in the process that was called.


def read_answers(program: Path, only: str) -> dict[str, list[bytes]]:
    """The masked answers of the program in another process."""
    with tempfile.TemporaryDirectory() as name:
        result = Path(name) / "answers.json"
        environ = {
            key: value for key, value in os.environ.items() if not key.startswith("OUTREACH_")
        }
        subprocess.run(
            # -P: the folder of this file is no place for modules.
            [sys.executable, "-P", __file__, "--ask", str(result), "--only", only],
            env=environ | {"PYTHONPATH": str(program), "PYTHONHASHSEED": "0"},
            cwd=name,
            check=True,
        )
        stored = json.loads(result.read_text())
    return {
        address: [body.encode("latin-1") for body in bodies] for address, bodies in stored.items()
    }


def digest(answers: Mapping[str, Sequence[bytes]]) -> dict[str, str]:
    """By address the digest of its answers, in whatever order they came."""
    return {
        address: hashlib.sha256(b"\0".join(sorted(bodies))).hexdigest()[:32]
        for address, bodies in sorted(answers.items())
    }


def compare(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """A line for each address that only one program has, or where they differ."""
    return [
        f"{_name_difference(before.get(address), now.get(address))}: {address}"
        for address in sorted(before.keys() | now.keys())
        if before.get(address) != now.get(address)
    ]


def _name_difference(before: str | None, now: str | None) -> str:
    if before is None:
        return "only now"
    return "only before" if now is None else "differs"


def _keep_bodies(folder: Path, answers: Mapping[str, Sequence[bytes]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for address, bodies in answers.items():
        name = re.sub(r"[^\w.=,-]+", "_", address)[:200]
        (folder / name).write_bytes(b"\n".join(sorted(bodies)))


def main(arguments: Sequence[str]) -> int:
    """0 when the answers are those compared with or there is nothing to compare, 1 otherwise."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.tools.world_bytes",
        description="Says by digests what the demo's site answers, and compares two programs.",
    )
    parser.add_argument("--program", type=Path, default=CHECKOUT, help="a checkout to be asked")
    parser.add_argument("--save", type=Path, metavar="FILE", help="where to keep the digests")
    parser.add_argument("--against", type=Path, metavar="FILE", help="digests that were saved")
    parser.add_argument("--bodies", type=Path, metavar="FOLDER", help="keeps the masked answers")
    parser.add_argument("--only", default="", metavar="REGEX", help="addresses of files that match")
    parser.add_argument("--ask", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.ask is not None:
        with tempfile.TemporaryDirectory() as folder:
            answers = ask(Path(folder), options.only)
        stored = {
            key: [each.decode("latin-1") for each in bodies] for key, bodies in answers.items()
        }
        options.ask.write_text(json.dumps(stored))
        return 0
    if not (options.program / "outreach").is_dir():
        parser.error(f"{options.program} is no checkout of outreach")
    answers = read_answers(options.program.resolve(), options.only)
    digests = digest(answers)
    if options.save is not None:
        options.save.write_text(json.dumps(digests, indent=1))
    if options.bodies is not None:
        _keep_bodies(options.bodies, answers)
    whole = hashlib.sha256(json.dumps(digests).encode()).hexdigest()[:32]
    print(f"{len(digests)} addresses, {sum(map(len, answers.values()))} answers, digest {whole}")
    if options.against is None:
        return 0
    differences = compare(json.loads(options.against.read_text()), digests)
    print("\n".join(differences) or "equal")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
