"""The surfaces: every place where input comes in, with a generator of malformed requests."""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from outreach import clock
from outreach.imports.workshops import write
from tests.fuzz import mutation
from tests.fuzz.exchange import FuzzRequest, FuzzResponse
from tests.fuzz.site_map import Map, filled, forms_of, known, path_of, rules
from tests.fuzz.world import HOME, OTHER, VISITORS, Site
from tests.hostile_files import books, texts
from tests.support.import_files import row

FORM: Final = "application/x-www-form-urlencoded"
BOUNDARY: Final = "----fuzz"


@dataclass
class Asker:
    """A copy of the network, its map, and the random generator that determines the requests."""

    site: Site
    seen: Map
    random: Random

    @property
    def ids(self) -> Sequence[str]:
        """One id of each sort, most of them of another office."""
        return [self.random.choice(each) for each in self.site.base.ids.values() if each]

    def who(self, *among: str) -> str:
        return self.random.choice(among or VISITORS)

    def say(self, who: str, method: str, path: str, **more: Any) -> FuzzRequest:
        headers = self.site.headers(who) | more.pop("headers", {})
        return FuzzRequest(who, method, path, headers=tuple(headers.items()), **more)

    def query(self, names: int) -> str:
        """A query string of that many parameters, known from pages or code."""
        random, parameters = self.random, []
        for _ in range(names):
            name = random.choice(sorted(self.seen.queries))
            good = sorted(self.seen.queries[name])
            is_good = random.random() < 0.5
            value = random.choice(good) if is_good else mutation.value(random, self.ids)
            parameters += [(name, value)] * random.choice((1, 1, 1, 2, 30))
        return encoded(parameters)


def encoded(parameters: Sequence[tuple[str, str]]) -> str:
    return urlencode(parameters, errors="surrogatepass")


def forms(asker: Asker) -> FuzzRequest:
    """A form of a page, or a POST without a form, with some fields malformed."""
    random, who = asker.random, asker.who()
    if random.random() < 0.75:
        form = asker.seen.form(who, random)
        # Another visitor sends the form that was shown to this one.
        who = asker.who() if random.random() < 0.15 else who
        method, action, good = form.method, form.action, list(form.fields)
        choices: dict[str, Sequence[str]] = dict(form.choices)
    else:
        method, choices = "post", {}
        action = filled(random.choice(rules(asker.site.app, "POST")), asker.site, random)
        names = sorted(asker.seen.names)
        good = [(random.choice(names), mutation.value(random, asker.ids)) for _ in range(6)]
        good.append(("token", ""))
    token = asker.site.tokens.get(who, "")
    good = [(name, token if name == "token" else value) for name, value in good]
    sent = mutation.fields(good, choices, sorted(asker.seen.names), asker.ids, random)
    if method == "get":
        return asker.say(who, "GET", f"{urlsplit(action).path}?{encoded(sent)}")
    body, kind = _body(sent, random)
    return asker.say(who, "POST", action, body=body, content_type=kind)


def filters(asker: Asker) -> FuzzRequest:
    """A GET request with query parameters, some of them malformed."""
    random, who = asker.random, asker.who()
    path = filled(random.choice(rules(asker.site.app, "GET")), asker.site, random)
    return asker.say(who, "GET", f"{path}?{asker.query(random.choice((1, 1, 2, 3, 6)))}")


def addresses(asker: Asker) -> FuzzRequest:
    """A URL in which one or all parts are invalid or of another office."""
    random, who = asker.random, asker.who()
    method = random.choice(("GET", "GET", "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"))
    rule = random.choice([rule for rule in asker.site.app.url_map.iter_rules() if rule.arguments])
    parts = {name: random.choice(known(rule, name, asker.site)) for name in rule.arguments}
    for name in random.sample(sorted(parts), random.randint(1, len(parts))):
        is_bent = random.random() < 0.4
        made = mutation.bent(parts[name], random) if is_bent else mutation.value(random, asker.ids)
        made = made.encode(errors="replace").decode()
        raw = random.random() < 0.2
        parts[name] = made if raw else quote(made, safe="", errors="surrogatepass")
    path = path_of(rule, parts)
    body, kind = b"", ""
    if method == "POST":
        body, kind = encoded([("token", asker.site.tokens.get(who, ""))]).encode(), FORM
    return asker.say(who, method, path.replace("?", "%3F"), body=body, content_type=kind)


def uploads(asker: Asker) -> FuzzRequest:
    """An upload of a damaged file; `follow` imports what was read of it."""
    random, who = asker.random, asker.who("organizer", "organizer", "admin")
    name, data = spoiled_file(random.choice((HOME, HOME, OTHER)), random)
    fields: dict[str, Any] = {"token": asker.site.tokens[who]}
    fields |= {"office": HOME, "kind": "derechos"}
    for extra in ("office", "kind", "oficina", "tipo"):
        if random.random() < 0.08:
            fields[extra] = mutation.value(random, asker.ids).encode(errors="replace").decode()
    fields["file"] = FileStorage(io.BytesIO(data), name)
    _boundary, body = encode_multipart(fields, boundary=BOUNDARY)
    multipart = f"multipart/form-data; boundary={BOUNDARY}"
    return asker.say(who, "POST", "/org/traer", body=body, content_type=multipart)


def feeds(asker: Asker) -> FuzzRequest:
    """Feeds and other cached files, with conditional request headers."""
    random = asker.random
    site = asker.site
    there = [
        rule
        for rule in rules(site.app, "GET")
        if random.random() < 0.1
        or rule.endpoint.startswith(
            ("calendar_files", "bulletin", "figures.as", "api", "static", "sitemap")
        )
    ]
    path = filled(random.choice(there), site, random)
    if random.random() < 0.4:
        path += "?" + asker.query(2)
    headers = {}
    for header in random.sample(CONDITIONS, random.randint(1, 4)):
        headers[header] = _plain(
            mutation.value(random, asker.ids) if random.random() < 0.5 else _tag(random)
        )
    return asker.say("anonymous", random.choice(("GET", "GET", "HEAD")), path, headers=headers)


CONDITIONS: Final = [
    "If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since", "If-Range", "Range",
    "Accept-Encoding", "Accept-Language", "Accept", "Cache-Control", "Content-Length", "Cookie",
    "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Referer", "User-Agent", "Origin",
    "Authorization", "Content-Type", "Transfer-Encoding", "Host",
]  # fmt: skip


def _tag(random: Random) -> str:
    now = clock.now()
    return random.choice(
        (
            "*", 'W/"x"', '"' * 9, "W/" * 99, ", ".join('"x"' for _ in range(500)), "bytes=0-",
            "bytes=9-1",
            "bytes=-99999999999999", "Mon, 32 Foo 2026 99:99:99 GMT",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            f"{now + timedelta(days=9):%a, %d %b %Y %H:%M:%S} GMT", "gzip;q=x", "gzip;q=0, *;q=nan",
            "identity;q=0", "es;q=999", "es-" + "x" * 90, "*/*;q=1e999", "127.0.0.1, " * 99,
            "[::1]:x",
            "localhost:8000", "localhost:99999999", "__Host-staff=" + "x" * 4000,
            "__Host-staff=\xff; x", "Bearer ",
            "Basic Og==", "Sun, 06 Nov 1994 08:49:37 GMT; x", "0", "-1",
        )
    )  # fmt: skip


def _plain(text: str) -> str:
    """The text as a header can hold it: servers refuse line breaks."""
    return "".join(each for each in text if each.isprintable() and ord(each) < 256)


def follow(asker: Asker, request: FuzzRequest, response: FuzzResponse) -> FuzzRequest | None:
    """What a browser would request next: the redirect, or the form that loads a file."""
    there = dict(response.headers).get("Location", "")
    if response.status == 303 and there.startswith("/"):
        return asker.say(request.who, "GET", there)
    if request.path.startswith("/org/traer?lote=") and response.status == 200:
        shown = [
            form
            for form in forms_of(request.path, response.body)
            if form.action == "/org/traer/cargar"
        ]
        if shown:
            sent = list(shown[0].fields)
            if asker.random.random() < 0.2:
                sent = mutation.fields(sent, {}, sorted(asker.seen.names), asker.ids, asker.random)
            body = encoded(sent).encode()
            return asker.say(request.who, "POST", shown[0].action, body=body, content_type=FORM)
    return None


def marks(asker: Asker) -> FuzzRequest:
    """Check-in events of a phone that was off line."""
    random, site = asker.random, asker.site
    marked: list[Any] = [_mark(random) for _ in range(random.choice((0, 1, 1, 2, 5, 200, 201)))]
    payload: Any = {"marks": marked}
    how = random.random()
    if how < 0.15:
        payload = random.choice(
            (marked, {"marks": None}, {"marks": {"a": marked}}, None, 1, "x", {})
        )
    body = json.dumps(payload).encode()
    if how > 0.75:
        body = mutation.spoiled(body, random)
    elif how > 0.72:
        body = b"[" * 9_000 + b"]" * 9_000
    where = (
        random.choice(site.base.ids["workshop"])
        if random.random() < 0.1
        else site.base.ids["workshop"][0]
    )
    word = (
        site.base.door_pass if random.random() < 0.9 else _plain(mutation.value(random, asker.ids))
    )
    authorization = {"Authorization": f"Bearer {word}"}
    return asker.say(
        "anonymous",
        "POST",
        f"/org/puerta/{where}/llegadas",
        body=body,
        content_type=random.choice(("application/json",) * 9 + ("text/plain",)),
        headers=authorization,
    )


def _mark(random: Random) -> Any:
    one: dict[str, Any] = {
        "id": f"{random.randrange(2**128) if random.random() < 0.8 else 7:032x}",
        "do": random.choice(("came", "came", "walk_in", "undo")),
        "t": f"{random.randrange(2**128):032x}",
        "people": random.choice((1, 2, 4, 99)),
    }
    for name in [name for name in one if random.random() < 0.08]:
        one[name] = random.choice(_JSON)
    if random.random() < 0.05:
        one.pop(random.choice(sorted(one)))
    return one if random.random() < 0.97 else random.choice(_JSON)


_JSON: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1.5, 10**30, float("nan"), "", "x", "\x00", "\ud800", [], {}, [[]],
    "٣" * 32, "0" * 31,
)  # fmt: skip


def _body(sent: mutation.Fields, random: Random) -> tuple[bytes, str]:
    how = random.random()
    if how < 0.8:
        return encoded(sent).encode(), FORM
    if how < 0.9:
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{_quoted(name)}"'
            + random.choice(("", "", "", '; filename="x.csv"'))
            + f"\r\n\r\n{value}\r\n"
            for name, value in sent
        ]
        body = ("".join(parts) + f"--{BOUNDARY}--\r\n").encode("utf-8", "surrogatepass")
        return body, f"multipart/form-data; boundary={BOUNDARY}"
    if how < 0.94:
        return json.dumps(dict(sent)).encode(), "application/json"
    return mutation.spoiled(encoded(sent).encode(), random), random.choice((FORM, "", "text/plain"))


def _quoted(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "").replace("\n", "")


@cache
def good_files(office: str) -> tuple[tuple[str, bytes], ...]:
    """A valid file of each format."""
    there = row(office=office, timezone="")
    event = texts.event("CATEGORIES:derechos", "DURATION:PT2H", "RRULE:FREQ=DAILY;COUNT=3")
    return (
        ("talleres.csv", write.to_csv([there, there | {"id": "w2"}])),
        ("talleres.ics", texts.calendar(event)),
        ("talleres.xlsx", books.honest()),
        ("hoja.xml", books.sheet(books.rows(list(there), list(there.values()))).encode()),
    )


def spoiled_file(office: str, random: Random) -> tuple[str, bytes]:
    name, data = random.choice(good_files(office))
    if name.endswith(("csv", "ics")) and random.random() < 0.7:
        text = data.decode("utf-8-sig")
        data = mutation.rewritten(text, random).encode("utf-8", "surrogatepass")
    else:
        data = mutation.spoiled(data, random)
    # The content of a workbook is inside its archive.
    return ("talleres.xlsx", books.with_sheet(data)) if name.endswith("xml") else (name, data)


SURFACES: Final[dict[str, Callable[[Asker], FuzzRequest]]] = {
    "forms": forms,
    "filters": filters,
    "addresses": addresses,
    "uploads": uploads,
    "feeds": feeds,
    "marks": marks,
}
