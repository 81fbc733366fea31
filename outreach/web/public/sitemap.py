"""The sitemap, robots.txt, security.txt and hreflang links. Only pages listed here are indexed."""

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
from outreach.domain.reporting import releases
from outreach.domain.search import page_index
from outreach.i18n import list_languages
from outreach.memory_cache import MemoryCache
from outreach.reports import workshop_counts
from outreach.web.context import config, store

pages = Blueprint("sitemap", __name__)

# Endpoints that may be indexed, unless the page is private or has a query string of its own.
INDEXED: Final = frozenset(
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
        "tour_route.route",
        "verify.code",
    }
)
# Endpoints that give another page with each query string, which is not indexed.
QUERY_PAGES: Final = frozenset(
    {
        "feed_builder.build",
        "bulletin.month",
        "tour_route.route",
        "verify.code",
        "workshops.upcoming",
    }
)
FIXED: Final = (
    "/",
    "/red",
    "/calendario",
    "/boletin/",
    "/datos",
    "/gira",
    "/verdad",
    "/privacidad",
    "/accesibilidad",
)
# Private prefixes: robots must not even request them.
PRIVATE_PREFIXES: Final = ("/r/", "/mi-registro", "/salir", "/t/*/lugar")
MONTHS_BACK, MONTHS_AHEAD = (
    1,
    12,
)  # months before and after the current one whose workshops are listed
# Workshops in a file: 6,000 addresses, about 3 MB. The protocol allows 50,000 and 50 MB.
MAX_WORKSHOPS: Final = 2_000
MAX_AGE: Final = timedelta(minutes=1)  # for which a file is kept
MAX_FILES: Final = 200
CACHE_CONTROL: Final = "public, max-age=3600"

Address = tuple[str, datetime | None]  # a path without its language, and its last change


@dataclass(frozen=True)
class BuiltSitemap:
    compressed: bytes
    etag: str


def init_app(app: Flask) -> None:
    app.extensions["outreach_sitemaps"] = MemoryCache[BuiltSitemap](MAX_FILES, lifetime=MAX_AGE)
    app.add_template_global(found_at)
    app.add_template_global(hreflang)
    app.register_blueprint(pages)


def hreflang() -> list[tuple[str, str]]:
    """The values of hreflang and their languages; x-default for other languages."""
    offered = list_languages()
    return [*((lang, lang) for lang in offered), ("x-default", offered[0])]


def found_at() -> str | None:
    """Returns the path of this page without its language, if it may be indexed; else None."""
    endpoint = request.endpoint
    is_another = bool(request.query_string) and endpoint in QUERY_PAGES
    if endpoint not in INDEXED or is_another or g.get("is_private") or "other_languages_at" in g:
        return None
    return quote(request.path[3:])


@pages.get("/robots.txt")
def robots() -> Response:
    private = [f"/{lang}{path}" for lang in list_languages() for path in PRIVATE_PREFIXES]
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in ("/org/", "/q/", *private))]
    text = "\n".join([*lines, "", f"Sitemap: {config().public_url}/sitemap.xml", ""])
    return Response(text, mimetype="text/plain", headers={"Cache-Control": CACHE_CONTROL})


@pages.get("/.well-known/security.txt")
def security() -> Response:
    """Answers where to report a fault of the site's security (RFC 9116)."""
    contact = config().security_contact
    if not contact:
        abort(404)
    # Less than a year ahead (2.5.5), and the same all month, so that caches may keep it.
    expires = clock.now().date().replace(day=1) + timedelta(days=190)
    text = (
        f"Contact: {contact}\nExpires: {expires}T00:00:00Z\n"
        f"Preferred-Languages: {', '.join(list_languages())}\n"
        f"Canonical: {config().public_url}/.well-known/security.txt\n"
    )
    return Response(text, mimetype="text/plain", headers={"Cache-Control": CACHE_CONTROL})


@pages.get("/sitemap.xml")
def index() -> Response:
    def write_index(session: Session, current_month: Month) -> str:
        known = page_index.list_months(
            session, current_month.plus(-MONTHS_BACK), current_month.plus(MONTHS_AHEAD)
        )
        workshops = [
            (f"talleres-{each.month}-{part + 1}", each.changed_at)
            for each in known
            for part in range(-(-each.number // MAX_WORKSHOPS))
        ]
        figures = [("cifras", None)] if _counted(session, current_month) else []
        files = [("paginas", None), *figures, *workshops]
        return render_template("sitemap/index.xml", parts=files)

    return _answer("", write_index)


@pages.get("/sitemap/<name>.xml")
def part(name: str) -> Response:
    def write_part(session: Session, current_month: Month) -> str:
        addresses = list(_addresses(session, name, current_month))
        if not addresses:
            abort(404)
        return render_template("sitemap/pages.xml", pages=addresses)

    return _answer(name, write_part)


def _addresses(session: Session, name: str, current_month: Month) -> Iterator[Address]:
    """Yields the addresses of a sitemap file; none if there is no such file."""
    if name == "paginas":
        yield from ((path, None) for path in FIXED)
        for office in offices.list_open_offices(session, clock.now().date()):
            yield f"/o/{office.slug}", office.changed_at
    elif name == "cifras":
        yield from ((f"/cifras/{each}", None) for each in _counted(session, current_month))
    elif read := re.fullmatch(r"talleres-(2[01][0-9]{2}-(?:0[1-9]|1[0-2]))-([1-9][0-9]?)", name):
        month, number = Month.parse(read[1]), int(read[2])
        if current_month.plus(-MONTHS_BACK) <= month <= current_month.plus(MONTHS_AHEAD):
            skip = (number - 1) * MAX_WORKSHOPS
            for each in page_index.list_pages(session, month, skip=skip, limit=MAX_WORKSHOPS):
                yield f"/t/{each.public_id}", each.changed_at


def _counted(session: Session, current_month: Month) -> list[Month]:
    """Returns the months that have figures."""
    embargo = releases.load_embargo(session, clock.now())
    return [
        each
        for each in workshop_counts.months(session)
        if each <= current_month and not embargo.hides(each)
    ]


def _answer(name: str, write: Callable[[Session, Month], str]) -> Response:
    built = _build(name, write)
    response = Response(mimetype="application/xml", headers={"Cache-Control": CACHE_CONTROL})
    response.vary.add("Accept-Encoding")
    response.set_etag(built.etag, weak=True)  # one for both encodings
    if request.accept_encodings.quality("gzip") > 0:
        response.headers["Content-Encoding"] = "gzip"
        response.set_data(built.compressed)
    else:
        response.set_data(gzip.decompress(built.compressed))
    return response


def _build(name: str, write: Callable[[Session, Month], str]) -> BuiltSitemap:
    cache: MemoryCache[BuiltSitemap] = current_app.extensions["outreach_sitemaps"]
    now = clock.now()
    built = cache.get(name, now=now)
    if built is None:
        with store().read() as session:
            body = write(session, Month.from_day(now.date())).encode()
        compressed = gzip.compress(body, compresslevel=6, mtime=0)
        built = BuiltSitemap(compressed, hashlib.sha256(body).hexdigest()[:32])
        cache.put(name, built, now=now)
    return built
