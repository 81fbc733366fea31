"""Answers the programs that ask for a feed, before Flask is asked at all.

They come every hour, most of them holding already what there is. A feed in memory holds as long as
the count of changes of its office (`domain/ctags`) and the day are the same: one row is read, and
nothing is made. Else the copy that another process or host has made may do; else the feed is made,
once, and shared.
"""

import gzip
import hashlib
import logging
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

import sqlalchemy as sa
from sqlalchemy.orm import Session
from werkzeug.datastructures import ETags
from werkzeug.http import parse_accept_header, parse_date, parse_etags

from outreach import clock, i18n, languages
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.calendar import change_counters, event_cache, feed_cache, feed_query
from outreach.domain.calendar.feed_cache import CachedFeed
from outreach.domain.calendar.feed_query import NETWORK, FeedQuery, UnknownFilter
from outreach.domain.network import installation_settings
from outreach.feeds import atom, ics_feed, jcal, json_feed
from outreach.feeds.event_writer import made_with
from outreach.feeds.vevent import PublicSite
from outreach.memory_cache import MemoryCache

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

Headers = list[tuple[str, str]]
ADDRESS: Final = re.compile(rf"/({languages.PATTERN})/cal/([^/]+)\.(ics|atom|json|jcal)")
FILTERS: Final = ("tipo", "idioma", "donde", "modalidad")
TYPES: Final = {
    "ics": "text/calendar; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
    "jcal": "application/calendar+json; charset=utf-8",
}
OTHERS: Final[Mapping[str, Callable[..., bytes]]] = {
    "atom": atom.write,
    "json": json_feed.write,
    "jcal": jcal.write,
}
WRITTEN_BY: Final = 1  # raise it when a format beside iCalendar writes the same differently
KEPT_FOR: Final = "public, max-age=900"
ROOM: Final = 24_000_000  # bytes of feeds in the memory of a process
OVERHEAD: Final = 3000  # bytes that one takes beside its own
# An address that nobody asked for before is shared no more often than this: whoever makes up
# addresses must not keep those who save a place from writing.
SHARED_EVERY: Final = 0.05  # seconds
SECOND: Final = timedelta(seconds=1)
OK: Final = "200 OK"
NOT_MODIFIED: Final = "304 Not Modified"


@dataclass(frozen=True, slots=True)
class FeedRequest:
    """What the address of a feed says."""

    lang: str
    name: str
    form: str
    filters: tuple[tuple[str, ...], ...]


@dataclass(slots=True)
class FeedResponse:
    """A feed in memory, with the headers of its answers."""

    name: str
    copy: CachedFeed
    modified: datetime  # as told, in whole seconds
    settles_at: datetime  # from when the second of its change is over
    unchanged: Headers
    squeezed: Headers
    plain: Headers


class Feeds:
    """The feeds of one installation, as one process serves them."""

    def __init__(
        self, config: Config, store: Store, always: Mapping[str, str], *, room: int = ROOM
    ) -> None:
        self.config, self.store = config, store
        self.memory: MemoryCache[FeedResponse] = MemoryCache(room)
        self._always = [*always.items(), ("Access-Control-Allow-Origin", "*")]
        # One at a time: when a feed changes, many ask for it at once.
        self._making = threading.Lock()
        self._shared_at = 0.0

    def answer(self, environ: "WSGIEnvironment") -> tuple[str, Headers, bytes]:
        """Status, headers and body. Raises Unknown for what there is not."""
        served = self._served(environ["PATH_INFO"], environ.get("QUERY_STRING", ""))
        if _has_it(environ, served):
            return NOT_MODIFIED, served.unchanged, b""
        is_head = environ["REQUEST_METHOD"] == "HEAD"
        accepts = environ.get("HTTP_ACCEPT_ENCODING", "")
        if _takes_gzip(accepts) and not self.config.plain_feeds:
            return OK, served.squeezed, b"" if is_head else served.copy.body
        return OK, served.plain, b"" if is_head else gzip.decompress(served.copy.body)

    def _served(self, path: str, query: str) -> FeedResponse:
        now = clock.now()
        response = self._remembered(path, query, now)
        if response is None:
            with self._making:
                response = self._remembered(path, query, now)
                if response is None:
                    response = self._make(_asked(path, query), now)
                    self._remember(path, query, response)
        if response.settles_at <= now and response.modified != response.copy.changed_at:
            response = self._dressed(response.name, response.copy, _form(path), now)
            self._remember(path, query, response)
        return response

    def _remembered(self, path: str, query: str, now: datetime) -> FeedResponse | None:
        """The response in memory, if it was made today and nothing it shows has changed since."""
        number = self.store.read_number(change_counters.NUMBER_QUERY, _name(path)) or 0
        return self.memory.get((path, query), version=(now.date(), number))

    def _remember(self, path: str, query: str, response: FeedResponse) -> None:
        copy = response.copy
        size = len(copy.body) + len(query) + OVERHEAD
        self.memory.put((path, query), response, version=(copy.day, copy.number), size=size)

    def _make(self, asked: FeedRequest, now: datetime) -> FeedResponse:
        with self.store.read() as session:
            number, counted_at = change_counters.read(
                session, asked.name
            )  # before all that it counts
            choice = _choice(session, asked)
            site = _site(self.config, session)
            key = _key(choice, asked, site)
            copy = feed_cache.find(session, key)
            if copy is not None and (copy.number, copy.day) == (number, now.date()):
                return self._dressed(choice.name, copy, asked.form, now)
            is_new = copy is None
            fresh: Any = ()
            if asked.form == "ics":
                written = ics_feed.write(session, choice, asked.lang, site, today=now.date())
                body, fresh = written.body, written.fresh
            else:
                body = OTHERS[asked.form](session, choice, asked.lang, site, today=now.date())
        # What leaves the window at midnight changed no row.
        midnight = feed_query.midnight(now.date())
        changed_at = max(counted_at or midnight, midnight)
        made = CachedFeed(
            number,
            now.date(),
            hashlib.sha256(body).hexdigest(),
            min(changed_at, now),
            gzip.compress(body, compresslevel=6, mtime=0),
        )
        made = self._share(key, made, fresh, now, is_new=is_new)
        return self._dressed(choice.name, made, asked.form, now)

    def _share(
        self, key: str, made: CachedFeed, fresh: Any, now: datetime, *, is_new: bool
    ) -> CachedFeed:
        """Keeps it for the other processes, if it can be: who asked gets it all the same."""
        if is_new and not fresh and time.monotonic() < self._shared_at + SHARED_EVERY:
            return made
        self._shared_at = time.monotonic()
        try:
            with self.store.change() as session:
                event_cache.keep(session, fresh)
                return feed_cache.keep(session, key, made, now=now)
        except sa.exc.DBAPIError as error:
            log.warning("a feed was made and could not be kept: %s", type(error.orig).__name__)
            return made

    def _dressed(self, name: str, copy: CachedFeed, form: str, now: datetime) -> FeedResponse:
        """With its headers. The second that is not over yet may bring another change: until it is,
        the one before is named, and a program that asks again gets the feed again."""
        settles_at = copy.changed_at + SECOND
        modified = copy.changed_at if settles_at <= now else copy.changed_at - SECOND
        common = [
            ("ETag", f'W/"{copy.etag}"'),
            ("Last-Modified", format_datetime(modified, usegmt=True)),
            ("Cache-Control", KEPT_FOR),
            ("Vary", "Accept-Encoding"),
            ("X-Robots-Tag", "noindex"),
            *self._always,
        ]
        whole = [*common, ("Content-Type", TYPES[form]), ("Content-Disposition", _file(name, form))]
        length = int.from_bytes(copy.body[-4:], "little")  # gzip says it at its end
        return FeedResponse(
            name, copy, modified, settles_at,
            unchanged=common,
            squeezed=[
                *whole,
                ("Content-Encoding", "gzip"),
                ("Content-Length", str(len(copy.body))),
            ],
            plain=[*whole, ("Content-Length", str(length))],
        )  # fmt: skip


class FeedMiddleware:
    """A WSGI application in front of another: answers for feeds, and passes all else on."""

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
                # Whatever went wrong happens again behind us, where it is told kindly.
                return self.app(environ, respond)
            respond(status, headers)
            return [body] if body else []
        return self.app(environ, respond)


def _asked(path: str, query: str) -> FeedRequest:
    address = ADDRESS.fullmatch(path)
    assert address is not None
    lang, name, form = address.groups()
    # As WSGI has it, each character is a byte of what was sent.
    text = query.encode("latin-1", "replace").decode("utf-8", "replace")
    values = parse_qs(text, errors="replace") if text else {}
    # What we do not know is not looked at.
    filters = tuple(tuple(sorted(set(values.get(each, ())))) for each in FILTERS)
    return FeedRequest(lang, name, form, filters)


def _name(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


def _form(path: str) -> str:
    return path.rpartition(".")[2]


def _choice(session: Session, asked: FeedRequest) -> FeedQuery:
    kind_codes, spoken, places, modes = asked.filters
    for code in spoken:
        if code not in i18n.SPOKEN:
            raise UnknownFilter("language", code)
    choice = feed_query.parse(
        session,
        None if asked.name == NETWORK else asked.name,
        kind_codes=kind_codes,
        languages=spoken,
        places=places,
        modes=modes,
    )
    if asked.form != "ics" and choice.is_discreet:
        discreet = {code for k in choice.kinds if k.is_discreet for code in (k.code, k.public_code)}
        # Told in the word that was used: another one would say what stands for what.
        raise UnknownFilter("kind", next(code for code in kind_codes if code in discreet))
    return choice


def _key(choice: FeedQuery, asked: FeedRequest, site: PublicSite) -> str:
    here = ics_feed.address(choice, asked.lang, site.public_url, asked.form)
    return hashlib.sha256(f"{WRITTEN_BY} {made_with(site)} {here}".encode()).hexdigest()


def _site(config: Config, session: Session) -> PublicSite:
    return PublicSite(
        config.public_url, installation_settings.get_calendar_host(session), config.phone
    )


def _file(name: str, form: str) -> str:
    return f'inline; filename="{ics_feed.filename(name, form)}"'


def _has_it(environ: "WSGIEnvironment", served: FeedResponse) -> bool:
    """Whether the one who asks holds these bytes. If-None-Match wins over If-Modified-Since."""
    tags: str | None = environ.get("HTTP_IF_NONE_MATCH")
    if tags is not None:
        if tags == served.unchanged[0][1]:
            return True
        known: ETags = parse_etags(tags)
        return known.contains_weak(served.copy.etag)
    since = parse_date(environ.get("HTTP_IF_MODIFIED_SINCE"))  # None for what is no date
    return since is not None and served.copy.changed_at.replace(microsecond=0) <= since


@lru_cache(maxsize=256)
def _takes_gzip(accepts: str) -> bool:
    found: Any = parse_accept_header(accepts)
    return bool(found.quality("gzip") > 0)
