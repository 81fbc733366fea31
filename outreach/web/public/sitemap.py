"""What search engines are told: which pages there are, in which languages, and which are none of
their business. A page that is not named here is not theirs."""

import gzip
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from flask import Blueprint, Flask, Response, abort, current_app, g, render_template, request
from sqlalchemy.orm import Session

from outreach import clock
from outreach.clock import Month
from outreach.domain.network import offices
from outreach.domain.search import page_index
from outreach.i18n import LANGUAGES
from outreach.memory_cache import MemoryCache
from outreach.reports import workshop_counts
from outreach.web.context import config, store

pages = Blueprint("sitemap", __name__)

# The pages that may be found, unless they are asked for something or are private.
FOUND: Final = frozenset(
    {
        "about.accessibility",
        "about.privacy",
        "feed_builder.build",
        "bulletin.index",
        "bulletin.month",
        "figures.month",
        "workshops.network",
        "workshops.office",
        "workshops.upcoming",
        "workshops.workshop",
        "open_data.about",
    }
)
# Another page with each query.
ASKED: Final = frozenset({"feed_builder.build", "bulletin.month", "workshops.upcoming"})
FIXED: Final = ("/", "/red", "/calendario", "/boletin/", "/datos", "/privacidad", "/accesibilidad")
# By language, and for who speaks none of them.
HREFLANG: Final = (*((lang, lang) for lang in LANGUAGES), ("x-default", "es"))

# Private: who was shown such a link is not to read it out, even to say that it is not to be found.
CLOSED: Final = ("/r/", "/mi-registro", "/salir", "/t/*/lugar")
BACK, AHEAD = 1, 12  # months before and after this one whose workshops are told of
# Workshops in one file: 6,000 addresses, some 3 MB. 50,000 and 50 MB are allowed.
MOST: Final = 2_000
MAX_AGE: Final = timedelta(minutes=1)  # of a cached file
MAX_FILES: Final = 200
KEPT_FOR: Final = "public, max-age=3600"

Address = tuple[str, datetime | None]  # a path without its language, and its last change


@dataclass(frozen=True)
class BuiltSitemap:
    squeezed: bytes
    etag: str


def init_app(app: Flask) -> None:
    app.extensions["outreach_sitemaps"] = MemoryCache[BuiltSitemap](MAX_FILES, lifetime=MAX_AGE)
    app.add_template_global(found_at)
    app.add_template_global(lambda: HREFLANG, "hreflang")
    app.register_blueprint(pages)


def found_at() -> str | None:
    """The path of this page, without its language, by which search engines may find it. None for
    one that they are not to find, and for what went wrong."""
    endpoint = request.endpoint
    is_another = bool(request.query_string) and endpoint in ASKED
    if endpoint not in FOUND or is_another or g.get("is_private") or "other_languages_at" in g:
        return None
    return quote(request.path[3:])


@pages.get("/robots.txt")
def robots() -> Response:
    closed = [f"/{lang}{path}" for lang in LANGUAGES for path in CLOSED]
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in ("/org/", "/q/", *closed))]
    text = "\n".join([*lines, "", f"Sitemap: {config().public_url}/sitemap.xml", ""])
    return Response(text, mimetype="text/plain", headers={"Cache-Control": KEPT_FOR})


@pages.get("/sitemap.xml")
def index() -> Response:
    def parts(session: Session, this: Month) -> str:
        known = page_index.list_months(session, this.plus(-BACK), this.plus(AHEAD))
        workshops = [
            (f"talleres-{each.month}-{part + 1}", each.changed_at)
            for each in known
            for part in range(-(-each.number // MOST))
        ]
        figures = [("cifras", None)] if _counted(session, this) else []
        named = [("paginas", None), *figures, *workshops]
        return render_template("sitemap/index.xml", parts=named)

    return _answer("", parts)


@pages.get("/sitemap/<name>.xml")
def part(name: str) -> Response:
    def listed(session: Session, this: Month) -> str:
        found = list(_addresses(session, name, this))
        if not found:
            abort(404)
        return render_template("sitemap/pages.xml", pages=found)

    return _answer(name, listed)


def _addresses(session: Session, name: str, this: Month) -> Iterator[Address]:
    """What the file of that name holds; nothing if there is none."""
    if name == "paginas":
        yield from ((path, None) for path in FIXED)
        for office in offices.list_open_offices(session, clock.now().date()):
            yield f"/o/{office.slug}", office.changed_at
    elif name == "cifras":
        yield from ((f"/cifras/{each}", None) for each in _counted(session, this))
    elif read := re.fullmatch(r"talleres-(2[01][0-9]{2}-(?:0[1-9]|1[0-2]))-([1-9][0-9]?)", name):
        month, number = Month.parse(read[1]), int(read[2])
        if this.plus(-BACK) <= month <= this.plus(AHEAD):
            skip = (number - 1) * MOST
            for each in page_index.list_pages(session, month, skip=skip, limit=MOST):
                yield f"/t/{each.public_id}", each.changed_at


def _counted(session: Session, this: Month) -> list[Month]:
    """The months that have figures."""
    return [each for each in workshop_counts.months(session) if each <= this]


def _answer(name: str, write: Callable[[Session, Month], str]) -> Response:
    made = _made(name, write)
    response = Response(mimetype="application/xml", headers={"Cache-Control": KEPT_FOR})
    response.vary.add("Accept-Encoding")
    response.set_etag(made.etag, weak=True)  # one for both encodings
    if request.accept_encodings.quality("gzip") > 0:
        response.headers["Content-Encoding"] = "gzip"
        response.set_data(made.squeezed)
    else:
        response.set_data(gzip.decompress(made.squeezed))
    response.make_conditional(request)
    response.direct_passthrough = True  # it is compressed, or not wanted so
    return response


def _made(name: str, write: Callable[[Session, Month], str]) -> BuiltSitemap:
    cache: MemoryCache[BuiltSitemap] = current_app.extensions["outreach_sitemaps"]
    now = clock.now()
    made = cache.get(name, now=now)
    if made is None:
        with store().read() as session:
            body = write(session, Month.of(now.date())).encode()
        squeezed = gzip.compress(body, compresslevel=6, mtime=0)
        made = BuiltSitemap(squeezed, hashlib.sha256(body).hexdigest()[:32])
        cache.put(name, made, now=now)
    return made
