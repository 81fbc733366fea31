"""A cache of rendered pages; each process has its own.

A list page takes some milliseconds to render. Two caches save that, and neither shows outdated
data: an address returns its page of a moment ago while nothing has been committed since, and a page
whose data are the same as before is not rendered again.

Only pages are kept that say nothing of whoever asked: who asks for one again learns from how fast
it comes that somebody has seen it. So the caches of browsers and of proxies may keep the same ones
(S04).
"""

import gzip
import hashlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cachetools.keys import hashkey
from flask import Flask, Response, current_app, g, request

from outreach.memory_cache import MemoryCache
from outreach.web.middleware.response_headers import keep_for

MAX_PAGES: Final = 200  # each has about 50 KB
GZIP_LEVEL: Final = 4  # level 6 takes a third longer for 4 % fewer bytes
MAX_AGE: Final = timedelta(seconds=20)  # a page shows which workshops have begun


@dataclass(frozen=True)
class CachedPage:
    body: bytes
    gzipped: bytes
    etag: str


class PageCache:
    """The rendered pages of one application."""

    def __init__(self) -> None:
        self._by_address: MemoryCache[CachedPage] = MemoryCache(MAX_PAGES, lifetime=MAX_AGE)
        self._by_data: MemoryCache[CachedPage] = MemoryCache(MAX_PAGES)

    @property
    def size(self) -> int:
        """How many pages are kept."""
        return self._by_address.size + self._by_data.size

    def recall(self, mark: Hashable, now: datetime) -> Response | None:
        """Returns the page of this address, if it was made within MAX_AGE at the same
        `Store.mark`."""
        page = self._by_address.get(request.full_path, version=mark, now=now)
        return None if page is None else _respond(page)

    def render(
        self,
        mark: Hashable,
        now: datetime,
        data: Hashable,
        render: Callable[[], str],
    ) -> Response:
        """Returns the page that `render` returns, or returned before for equal data.

        `data` has to hold all that the page shows besides its address; `mark` has to be taken
        before the data are read. A page that lacks what an extension adds (`g.is_incomplete`) is
        not kept.
        """
        key = hashkey(request.full_path, data)  # which computes the hash of all workshops once
        page = self._by_data.get(key)
        if page is None:
            body = render().encode()
            gzipped = gzip.compress(body, compresslevel=GZIP_LEVEL, mtime=0)
            page = CachedPage(body, gzipped, hashlib.sha256(body).hexdigest()[:32])
            if g.get("is_incomplete"):
                return _respond(page)
            self._by_data.put(key, page)
        self._by_address.put(request.full_path, page, version=mark, now=now)
        return _respond(page)


def init_app(app: Flask) -> None:
    app.extensions["outreach_page_cache"] = PageCache()


def current() -> PageCache:
    """The page cache of the current application."""
    cache: PageCache = current_app.extensions["outreach_page_cache"]
    return cache


def _respond(page: CachedPage) -> Response:
    keep_for(int(MAX_AGE.total_seconds()))
    accepts_gzip = request.accept_encodings.quality("gzip") > 0
    response = Response(page.gzipped if accepts_gzip else page.body, mimetype="text/html")
    response.headers["Vary"] = "Accept-Encoding"
    response.set_etag(page.etag, weak=True)  # one for both bodies
    if accepts_gzip:
        response.headers["Content-Encoding"] = "gzip"
    return response
