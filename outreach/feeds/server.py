"""WSGI middleware that serves feeds in front of Flask (decision 0023).

Calendar programs poll every hour, and most of them have the current version. A feed in memory is
valid while the change counter of its office and the day are the same, which takes one row to check.
Otherwise it is found as another process has written it (decision 0070), or written anew. A poll
writes nothing into the database, so that it neither waits for people who register nor lets them
wait (decision 0040).
"""

import gzip
import hashlib
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qs

from sqlalchemy.orm import Session
from werkzeug.http import parse_accept_header

from outreach import clock, i18n, languages, memory_cache, preconditions
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.calendar import change_counters, feed_query
from outreach.domain.calendar.feed_query import NETWORK, FeedQuery, UnknownFilter
from outreach.domain.locations.reference_data import ReferenceCache, ReferenceData
from outreach.domain.network import installation_settings
from outreach.feeds import atom, feed_links, ics_feed, jcal, jscalendar, json_feed
from outreach.feeds.event_writer import style_digest
from outreach.feeds.feed_links import FeedLink
from outreach.feeds.shared_feeds import FeedCopy, FeedKey, SharedFeed, SharedFeeds
from outreach.feeds.vevent import PublicSite
from outreach.memory_cache import MemoryCache

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

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
    "ics": ics_feed.write_bytes,
    "atom": atom.write,
    "json": json_feed.write,
    "jcal": jcal.write,
    "jscal": jscalendar.write,
}
CACHE_CONTROL: Final = "public, max-age=900"
PRIVATE_CACHE_CONTROL: Final = "private, max-age=900"  # has discreet kinds: no proxy keeps it
_CORS: Final = "Access-Control-"
MAX_MEMORY_BYTES: Final = 24_000_000  # for feeds, in one process
OVERHEAD_BYTES: Final = 3000  # that one feed takes beside its own
MAX_ADDRESS_BYTES: Final = 8_000_000  # for addresses as they are asked for, in one process
ADDRESS_OVERHEAD_BYTES: Final = 800  # that one address takes beside its own
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
    has_links: bool  # whether discreet workshops have their link
    since: date | None  # the first day of a later page of a JSON Feed


@dataclass(slots=True)
class FeedResponse:
    """A feed in memory, with the headers of its answers."""

    key: FeedKey
    name: str
    link: str  # the Link header
    kind_counters: tuple[str, ...]  # the names of the change counters of what it shows; () for all
    copy: FeedCopy
    modified: datetime  # the Last-Modified header
    settles_at: datetime  # the end of the second of its change
    unchanged: Headers
    gzipped: Headers
    plain: Headers


class AddressMeaning(NamedTuple):
    """The feed that an address means, as long as the change counters have these numbers."""

    key: FeedKey
    kind_numbers: tuple[int, ...]


class Feeds:
    """The feeds of one process."""

    def __init__(
        self,
        config: Config,
        store: Store,
        always: Mapping[str, str],
        *,
        reference: ReferenceCache | None = None,
        links: Sequence[FeedLink] = (),
        room: int = MAX_MEMORY_BYTES,
        shared: SharedFeeds | None = None,
    ) -> None:
        self.config, self.store = config, store
        self._links = tuple(links)
        self._reference = reference or ReferenceCache(store)
        # The servers are forked from this process, and share it.
        self._shared = shared or SharedFeeds()
        self.memory: MemoryCache[FeedResponse] = MemoryCache(room)
        # One feed has many addresses: the key of each in `memory`.
        self._meanings: MemoryCache[AddressMeaning] = MemoryCache(MAX_ADDRESS_BYTES)
        self._always = [*always.items()]
        # What a private answer has of them: scripts of other sites read none (CORS).
        self._always_private = [each for each in self._always if not each[0].startswith(_CORS)]
        # One thread writes at a time: when a feed changes, many requests need it at once.
        self._writing = threading.Lock()

    def answer(self, environ: "WSGIEnvironment") -> tuple[str, Headers, bytes]:
        """Returns status, headers and body. Raises UnknownFilter for an unknown address."""
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
                    response = self._find_or_write_canonical(path, query, now)
        if response.settles_at <= now and response.modified != response.copy.changed_at:
            response = self._respond(
                response.key,
                response.name,
                response.link,
                response.kind_counters,
                response.copy,
                _form(path),
                now,
            )
            self._remember(response)
        return response

    def _remembered(self, path: str, query: str, now: datetime) -> FeedResponse | None:
        """The response in memory, if it was made today and nothing it shows has changed since."""
        version = now.date(), self._read_number(_name(path))
        meaning = self._meanings.get((path, query), version=version)
        if meaning is None:
            return self._revalidate(path, query, version) or self._adopt(path, query, version, now)
        return self.memory.get(meaning.key, version=version)

    def _revalidate(self, path: str, query: str, version: tuple[date, int]) -> FeedResponse | None:
        """The response in memory, if only workshops of kinds that it does not have were changed."""
        meaning = self._meanings.latest((path, query))
        response = None if meaning is None else self.memory.latest(meaning.key)
        if meaning is None or response is None or response.copy.day != version[0]:
            return None
        numbers = self._read_kind_numbers(response.kind_counters)
        if not numbers or not (numbers == meaning.kind_numbers == response.copy.kind_numbers):
            return None
        response = replace(response, copy=replace(response.copy, number=version[1]))
        self._remember(response)
        self._remember_meaning(path, query, meaning, version)
        return response

    def _adopt(
        self, path: str, query: str, version: tuple[date, int], now: datetime
    ) -> FeedResponse | None:
        """The response as another process has written it, if nothing that it shows has changed
        since."""
        shared = self._shared.get(path, query)
        if shared is None or shared.copy.day != version[0]:
            return None
        if shared.copy.number != version[1]:
            numbers = self._read_kind_numbers(shared.kind_counters)
            if not numbers or numbers != shared.copy.kind_numbers:
                return None
        changed_at = self._last_modified(shared.key, shared.copy.etag, shared.copy.changed_at)
        copy = replace(shared.copy, number=version[1], changed_at=changed_at)
        response = self._respond(
            shared.key, shared.name, shared.link, shared.kind_counters, copy, _form(path), now
        )
        self._remember(response)
        meaning = AddressMeaning(shared.key, copy.kind_numbers)
        self._remember_meaning(path, query, meaning, version)
        return response

    def _read_kind_numbers(self, names: Sequence[str]) -> tuple[int, ...]:
        """Returns the change numbers of kinds. Call it after the number of the version is read, so
        that no change before that is missed."""
        return tuple(self._read_number(name) for name in names)

    def _read_number(self, name: str) -> int:
        return self.store.read_number(change_counters.QUERY, name) or 0

    def _remember(self, response: FeedResponse) -> None:
        copy = response.copy
        size = len(copy.body) + OVERHEAD_BYTES
        self.memory.put(response.key, response, version=(copy.day, copy.number), size=size)

    def _remember_meaning(
        self, path: str, query: str, meaning: AddressMeaning, version: tuple[date, int]
    ) -> None:
        size = len(path) + len(query) + ADDRESS_OVERHEAD_BYTES
        self._meanings.put((path, query), meaning, version=version, size=size)

    def _find_or_write_canonical(self, path: str, query: str, now: datetime) -> FeedResponse:
        """The response of the feed that an address means, and remembers what it means."""
        request = _parse(path, query)
        # The number is read before the data it counts.
        number, counted_at = change_counters.read_without_session(self.store, request.name)
        version = now.date(), number
        host = installation_settings.read_calendar_host(self.store)
        site = PublicSite(self.config.public_url, host, self.config.phone, self._links)
        known = self._reference.read()
        codes = request.filters[FILTERS.index("tipo")]
        if any(kind.hides_under(codes) for kind in known.find_kinds(codes).values()):
            with memory_cache.silence():
                return self._write_silently(request, known, site, number, counted_at, now)
        with self.store.read() as session:
            choice = _choice(session, request, known)
            key = style_digest(site), _address(choice, request, site)
            response = self.memory.get(key, version=version)
            if response is None:
                body = WRITERS[request.form](session, choice, request.lang, site, today=now.date())
        counters = choice.kind_counters
        kind_numbers = self._read_kind_numbers(counters)
        # Another change in the meantime may be in some of what was read, and not in the rest.
        if self._read_number(request.name) != number:
            kind_numbers = ()
        if response is None:
            copy = self._copy(key, body, number, kind_numbers, counted_at, now)
            response = self._respond(
                key, choice.name, _link(choice, request, site), counters, copy, request.form, now
            )
            self._remember(response)
            shared = SharedFeed(key, response.name, response.link, counters, copy)
            self._shared.put(path, query, shared)
        self._remember_meaning(path, query, AddressMeaning(key, kind_numbers), version)
        return response

    def _write_silently(
        self,
        request: FeedRequest,
        known: ReferenceData,
        site: PublicSite,
        number: int,
        counted_at: datetime | None,
        now: datetime,
    ) -> FeedResponse:
        """Returns the response of a feed of a discreet kind, and keeps it nowhere: an answer that
        comes fast would tell who asks again that somebody has a calendar of it (S04)."""
        with self.store.read() as session:
            choice = _choice(session, request, known)
            body = WRITERS[request.form](session, choice, request.lang, site, today=now.date())
        key = style_digest(site), _address(choice, request, site)
        copy = self._copy(key, body, number, (), counted_at, now)
        link = _link(choice, request, site)
        return self._respond(key, choice.name, link, (), copy, request.form, now, is_private=True)

    def _copy(
        self,
        key: FeedKey,
        body: bytes,
        number: int,
        kind_numbers: tuple[int, ...],
        counted_at: datetime | None,
        now: datetime,
    ) -> FeedCopy:
        """The copy of a written feed. Unchanged bytes keep the date they have in this process, and
        changed ones get a later one.

        Processes may differ in the date of unchanged bytes, and never in their entity tag. A
        program that knows the date only may get the same feed twice, and misses no change: the
        date is that of a change since which these bytes are valid, and each change has a later
        date than those before it.
        """
        # At midnight events leave the window without a change of a row.
        midnight = feed_query.midnight(now.date())
        etag = hashlib.sha256(body).hexdigest()
        changed_at = self._last_modified(key, etag, min(max(counted_at or midnight, midnight), now))
        before = self.memory.latest(key)
        if before is not None and before.copy.etag == etag:
            compressed = before.copy.body
        else:
            compressed = gzip.compress(body, compresslevel=6, mtime=0)
        return FeedCopy(number, kind_numbers, now.date(), etag, changed_at, compressed)

    def _last_modified(self, key: FeedKey, etag: str, changed_at: datetime) -> datetime:
        """Returns when these bytes first existed, for this process: the date of before where they
        are the same, else a later one."""
        before = self.memory.latest(key)
        if before is None:
            return changed_at
        if before.copy.etag == etag:
            return before.copy.changed_at
        return max(changed_at, before.copy.changed_at + SECOND)

    def _respond(
        self,
        key: FeedKey,
        name: str,
        link: str,
        kind_counters: tuple[str, ...],
        copy: FeedCopy,
        form: str,
        now: datetime,
        *,
        is_private: bool = False,
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
            ("Cache-Control", PRIVATE_CACHE_CONTROL if is_private else CACHE_CONTROL),
            ("Vary", "Accept-Encoding"),
            ("X-Robots-Tag", "noindex"),
            *(self._always_private if is_private else self._always),
        ]
        whole = [
            *common,
            ("Content-Type", TYPES[form]),
            ("Content-Disposition", _file(name, form)),
            ("Link", link),
        ]
        length = int.from_bytes(copy.body[-4:], "little")  # the last field of gzip (RFC 1952)
        return FeedResponse(
            key, name, link, kind_counters, copy, modified, settles_at,
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
    """Returns what the address of a feed asks for. Raises UnknownFilter, also for another
    address."""
    if ADDRESS.fullmatch(path) is None:
        raise UnknownFilter("feed", path)
    request = _parse(path, query)
    return request, _choice(session, request)


def _parse(path: str, query: str) -> FeedRequest:
    address = ADDRESS.fullmatch(path)
    assert address is not None
    lang, name, form = address.groups()
    if lang not in i18n.list_languages():
        raise UnknownFilter("language", lang)
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


def _choice(
    session: Session, request: FeedRequest, known: ReferenceData | None = None
) -> FeedQuery:
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
        known=known,
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


def _address(choice: FeedQuery, request: FeedRequest, site: PublicSite) -> str:
    """The canonical address: that of equal feeds is equal."""
    return ics_feed.address(choice, request.lang, site.public_url, request.form)


def _link(choice: FeedQuery, request: FeedRequest, site: PublicSite) -> str:
    """The links of the site's feeds, and the feed's own address. A discreet feed and a later page
    have none of the first."""
    links = () if choice.is_discreet or choice.since else site.links
    own = f'<{_address(choice, request, site)}>; rel="self"'
    return feed_links.write_header(links, site.public_url) + own


def get_site(config: Config, session: Session) -> PublicSite:
    host = installation_settings.get_calendar_host(session)
    return PublicSite(config.public_url, host, config.phone)


def _file(name: str, form: str) -> str:
    return f'inline; filename="{ics_feed.filename(name, form)}"'


@lru_cache(maxsize=256)
def _takes_gzip(accepts: str) -> bool:
    found: Any = parse_accept_header(accepts)
    return bool(found.quality("gzip") > 0)
