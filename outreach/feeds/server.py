"""WSGI middleware that serves feeds in front of Flask (decision 0023).

Calendar programs poll every hour, and most of them have the current version. A feed in memory is
valid while the change counter of its office and the day are the same, which takes one row to check.
Otherwise the copy that another process or host has stored is used, or the feed is written once and
stored for all.
"""

import gzip
import hashlib
import logging
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

import sqlalchemy as sa
from sqlalchemy.orm import Session
from werkzeug.http import parse_accept_header

from outreach import clock, i18n, languages, preconditions
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.calendar import change_counters, event_cache, feed_cache, feed_query
from outreach.domain.calendar.feed_cache import CachedFeed
from outreach.domain.calendar.feed_query import NETWORK, FeedQuery, UnknownFilter
from outreach.domain.network import installation_settings
from outreach.feeds import atom, ics_feed, jcal, jscalendar, json_feed
from outreach.feeds.event_writer import style_digest
from outreach.feeds.vevent import PublicSite
from outreach.memory_cache import MemoryCache

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

Headers = list[tuple[str, str]]
ADDRESS: Final = re.compile(rf"/({languages.PATTERN})/cal/([^/]+)\.(ics|atom|json|jcal|jscal)")
FILTERS: Final = ("tipo", "idioma", "donde", "modalidad")
_DAY: Final = re.compile(r"20\d\d-\d\d-\d\d")
TYPES: Final = {
    "ics": "text/calendar; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
    "jcal": "application/calendar+json; charset=utf-8",
    "jscal": jscalendar.MIMETYPE,
}
WRITERS: Final[Mapping[str, Callable[..., bytes]]] = {
    "atom": atom.write,
    "json": json_feed.write,
    "jcal": jcal.write,
    "jscal": jscalendar.write,
}
FORMAT: Final = 3  # raise it when a format beside iCalendar is written differently
CACHE_CONTROL: Final = "public, max-age=900"
MAX_MEMORY_BYTES: Final = 24_000_000  # of feeds, in one process
OVERHEAD_BYTES: Final = 3000  # of one feed, beside its own
# Feeds of new addresses are stored at most this often: requests for invented addresses must not
# delay registrations, which need the write lock.
STORE_INTERVAL_SECONDS: Final = 0.05
SECOND: Final = timedelta(seconds=1)
OK: Final = "200 OK"
NOT_MODIFIED: Final = "304 Not Modified"
FAILED: Final = "412 Precondition Failed"
_PLAIN_TEXT: Final = (("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "0"))


@dataclass(frozen=True, slots=True)
class FeedRequest:
    """A parsed address of a feed."""

    lang: str
    name: str
    form: str
    filters: tuple[tuple[str, ...], ...]
    has_links: bool  # of discreet workshops
    since: date | None  # of a later page of a JSON Feed


@dataclass(slots=True)
class FeedResponse:
    """A feed in memory, with the headers of its answers."""

    name: str
    link: str  # the Link header
    copy: CachedFeed
    modified: datetime  # the Last-Modified header
    settles_at: datetime  # the end of the second of its change
    unchanged: Headers
    gzipped: Headers
    plain: Headers


class Feeds:
    """The feeds of one process."""

    def __init__(
        self,
        config: Config,
        store: Store,
        always: Mapping[str, str],
        *,
        room: int = MAX_MEMORY_BYTES,
    ) -> None:
        self.config, self.store = config, store
        self.memory: MemoryCache[FeedResponse] = MemoryCache(room)
        self._always = [*always.items()]
        # One thread writes at a time: when a feed changes, many requests need it at once.
        self._writing = threading.Lock()
        self._stored_at = 0.0

    def answer(self, environ: "WSGIEnvironment") -> tuple[str, Headers, bytes]:
        """Status, headers and body. Raises UnknownFilter for an unknown address."""
        served = self._find_or_write(environ["PATH_INFO"], environ.get("QUERY_STRING", ""))
        failed = preconditions.evaluate(environ, served.copy.etag, served.copy.changed_at)
        if failed is HTTPStatus.NOT_MODIFIED:
            return NOT_MODIFIED, served.unchanged, b""
        if failed is not None:
            return FAILED, [*served.unchanged, *_PLAIN_TEXT], b""
        is_head = environ["REQUEST_METHOD"] == "HEAD"
        accepts = environ.get("HTTP_ACCEPT_ENCODING", "")
        if _takes_gzip(accepts) and not self.config.plain_feeds:
            return OK, served.gzipped, b"" if is_head else served.copy.body
        return OK, served.plain, b"" if is_head else gzip.decompress(served.copy.body)

    def _find_or_write(self, path: str, query: str) -> FeedResponse:
        now = clock.now()
        response = self._remembered(path, query, now)
        if response is None:
            with self._writing:
                response = self._remembered(path, query, now)
                if response is None:
                    response = self._write(_parse(path, query), now)
                    self._remember(path, query, response)
        if response.settles_at <= now and response.modified != response.copy.changed_at:
            response = self._respond(response.name, response.link, response.copy, _form(path), now)
            self._remember(path, query, response)
        return response

    def _remembered(self, path: str, query: str, now: datetime) -> FeedResponse | None:
        """The response in memory, if it was made today and nothing it shows has changed since."""
        number = self.store.read_number(change_counters.NUMBER_QUERY, _name(path)) or 0
        return self.memory.get((path, query), version=(now.date(), number))

    def _remember(self, path: str, query: str, response: FeedResponse) -> None:
        copy = response.copy
        size = len(copy.body) + len(query) + OVERHEAD_BYTES
        self.memory.put((path, query), response, version=(copy.day, copy.number), size=size)

    def _write(self, request: FeedRequest, now: datetime) -> FeedResponse:
        with self.store.read() as session:
            number, counted_at = change_counters.read(
                session, request.name
            )  # before the data it counts
            choice = _choice(session, request)
            site = get_site(self.config, session)
            key = _key(choice, request, site)
            link = _link(choice, request, site)
            copy = feed_cache.find(session, key)
            if copy is not None and (copy.number, copy.day) == (number, now.date()):
                return self._respond(choice.name, link, copy, request.form, now)
            is_new = copy is None
            fresh: Any = ()
            if request.form == "ics":
                written = ics_feed.write(session, choice, request.lang, site, today=now.date())
                body, fresh = written.body, written.fresh
            else:
                body = WRITERS[request.form](session, choice, request.lang, site, today=now.date())
        # At midnight events leave the window without a change of a row.
        midnight = feed_query.midnight(now.date())
        changed_at = max(counted_at or midnight, midnight)
        made = CachedFeed(
            number,
            now.date(),
            hashlib.sha256(body).hexdigest(),
            min(changed_at, now),
            gzip.compress(body, compresslevel=6, mtime=0),
        )
        made = self._store(key, made, fresh, now, is_new=is_new)
        return self._respond(choice.name, link, made, request.form, now)

    def _store(
        self, key: str, made: CachedFeed, fresh: Any, now: datetime, *, is_new: bool
    ) -> CachedFeed:
        """Stores the feed for all processes. Returns it even if that fails."""
        if is_new and not fresh and time.monotonic() < self._stored_at + STORE_INTERVAL_SECONDS:
            return made
        self._stored_at = time.monotonic()
        try:
            with self.store.change() as session:
                event_cache.keep(session, fresh)
                return feed_cache.keep(session, key, made, now=now)
        except sa.exc.DBAPIError as error:
            log.warning("a feed could not be stored: %s", type(error.orig).__name__)
            return made

    def _respond(
        self, name: str, link: str, copy: CachedFeed, form: str, now: datetime
    ) -> FeedResponse:
        """The response with its headers.

        Until the second of the last change is over, another change may follow within it. Until then
        Last-Modified is a second earlier, so that a program that asks again gets the feed again.
        """
        settles_at = copy.changed_at + SECOND
        modified = copy.changed_at if settles_at <= now else copy.changed_at - SECOND
        common = [
            ("ETag", f'W/"{copy.etag}"'),
            ("Last-Modified", format_datetime(modified, usegmt=True)),
            ("Cache-Control", CACHE_CONTROL),
            ("Vary", "Accept-Encoding"),
            ("X-Robots-Tag", "noindex"),
            *self._always,
        ]
        whole = [
            *common,
            ("Content-Type", TYPES[form]),
            ("Content-Disposition", _file(name, form)),
            ("Link", link),
        ]
        length = int.from_bytes(copy.body[-4:], "little")  # the last field of gzip (RFC 1952)
        return FeedResponse(
            name, link, copy, modified, settles_at,
            unchanged=common,
            gzipped=[
                *whole,
                ("Content-Encoding", "gzip"),
                ("Content-Length", str(len(copy.body))),
            ],
            plain=[*whole, ("Content-Length", str(length))],
        )  # fmt: skip


class FeedMiddleware:
    """WSGI middleware: serves feeds, and passes other requests on."""

    def __init__(self, app: "WSGIApplication", feeds: Feeds) -> None:
        self.app, self.feeds = app, feeds

    def __call__(self, environ: "WSGIEnvironment", respond: "StartResponse") -> Iterable[bytes]:
        if (
            environ["REQUEST_METHOD"] in {"GET", "HEAD"}
            and ADDRESS.fullmatch(environ.get("PATH_INFO", ""))
            and self.feeds.config.answers_to(environ.get("HTTP_HOST", ""))
        ):
            try:
                status, headers, body = self.feeds.answer(environ)
            except Exception:
                # Flask handles the request again and shows the error as a page.
                return self.app(environ, respond)
            respond(status, headers)
            return [body] if body else []
        return self.app(environ, respond)


def parse(session: Session, path: str, query: str) -> tuple[FeedRequest, FeedQuery]:
    """What the address of a feed asks for. Raises UnknownFilter, also for another address."""
    if ADDRESS.fullmatch(path) is None:
        raise UnknownFilter("feed", path)
    request = _parse(path, query)
    return request, _choice(session, request)


def _parse(path: str, query: str) -> FeedRequest:
    address = ADDRESS.fullmatch(path)
    assert address is not None
    lang, name, form = address.groups()
    # In WSGI each character of the query is one byte (PEP 3333).
    text = query.encode("latin-1", "replace").decode("utf-8", "replace")
    values = parse_qs(text, errors="replace") if text else {}
    # Unknown parameters are ignored.
    filters = tuple(tuple(sorted(set(values.get(each, ())))) for each in FILTERS)
    has_links = "1" in values.get("enlace", ())
    since = _read_day(values.get("desde", ())) if form == "json" else None
    return FeedRequest(lang, name, form, filters, has_links, since)


def _read_day(values: Sequence[str]) -> date | None:
    """The first of the values, if it is a day; like an unknown parameter, another is ignored."""
    if not values or _DAY.fullmatch(values[0]) is None:
        return None
    with suppress(ValueError):  # 30 February
        return date.fromisoformat(values[0])
    return None


def _name(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


def _form(path: str) -> str:
    return path.rpartition(".")[2]


def _choice(session: Session, request: FeedRequest) -> FeedQuery:
    kind_codes, spoken, places, modes = request.filters
    for code in spoken:
        if code not in i18n.SPOKEN:
            raise UnknownFilter("language", code)
    choice = feed_query.parse(
        session,
        None if request.name == NETWORK else request.name,
        kind_codes=kind_codes,
        languages=spoken,
        places=places,
        modes=modes,
        has_links=request.has_links,
    )
    if request.form != "ics" and choice.is_discreet:
        discreet = {
            code
            for kind in choice.kinds
            if kind.is_discreet or kind.id in choice.neutral
            for code in kind.codes
        }
        # Named by the code that was used: the other one would reveal which kind it is.
        raise UnknownFilter("kind", next(code for code in kind_codes if code in discreet))
    return replace(choice, since=request.since)


def _key(choice: FeedQuery, request: FeedRequest, site: PublicSite) -> str:
    address = ics_feed.address(choice, request.lang, site.public_url, request.form)
    return hashlib.sha256(f"{FORMAT} {style_digest(site)} {address}".encode()).hexdigest()


def _link(choice: FeedQuery, request: FeedRequest, site: PublicSite) -> str:
    """The hub and the topic (WebSub, 4). Discreet feeds and later pages are not pushed and name no
    hub."""
    topic = ics_feed.address(choice, request.lang, site.public_url, request.form)
    hub = f'<{ics_feed.hub_address(site.public_url)}>; rel="hub", '
    return ("" if choice.is_discreet or choice.since else hub) + f'<{topic}>; rel="self"'


def get_site(config: Config, session: Session) -> PublicSite:
    return PublicSite(
        config.public_url, installation_settings.get_calendar_host(session), config.phone
    )


def _file(name: str, form: str) -> str:
    return f'inline; filename="{ics_feed.filename(name, form)}"'


@lru_cache(maxsize=256)
def _takes_gzip(accepts: str) -> bool:
    found: Any = parse_accept_header(accepts)
    return bool(found.quality("gzip") > 0)
