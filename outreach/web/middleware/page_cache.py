"""Pages made once for the same data.

A list takes some milliseconds to make. Two shortcuts, neither of which can show what is no longer
so: while nothing at all has been committed, an address gives the page it gave a moment ago; and
when something has, a page whose data came out the same is not made again. What is kept is bounded
by number, and each process keeps its own.
"""

import gzip
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, Generic, TypeVar

from flask import Flask, Response, current_app, request

from outreach.web.middleware.response_headers import keep_private

MOST: Final = 200  # pages; some 50 KB each
MOMENT: Final = timedelta(seconds=20)  # a page says what has begun: not for longer than this

Value = TypeVar("Value")


@dataclass(frozen=True)
class CachedPage:
    body: bytes
    squeezed: bytes
    is_private: bool


class LatestVersion(Generic[Value]):
    """The values of the keys asked for last."""

    def __init__(self) -> None:
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Value | None:
        with self._lock:
            found = self._values.get(key)
            if found is not None:
                self._values.move_to_end(key)
            return found

    def put(self, key: Hashable, value: Value) -> None:
        with self._lock:
            self._values[key] = value
            while len(self._values) > MOST:
                self._values.popitem(last=False)


class PageCache:
    """The pages one application has made."""

    def __init__(self) -> None:
        self._by_data: LatestVersion[CachedPage] = LatestVersion()
        self._by_address: LatestVersion[tuple[Hashable, datetime, CachedPage]] = LatestVersion()

    def recall(self, mark: Hashable, now: datetime) -> Response | None:
        """What this address gave a moment ago, if nothing has been committed since: `mark` is that
        of the store (`Store.mark`)."""
        kept = self._by_address.get(request.full_path)
        if kept is None or kept[0] != mark or not kept[1] <= now < kept[1] + MOMENT:
            return None
        return _answer(kept[2])

    def page(
        self,
        mark: Hashable,
        now: datetime,
        data: Hashable,
        make: Callable[[], str],
        *,
        is_private: bool,
    ) -> Response:
        """The page that `make` makes, or made before for equal data. `data` has to hold all that
        the page shows besides its address; `mark` was taken before the data were read."""
        key = request.full_path, data
        made = self._by_data.get(key)
        if made is None:
            body = make().encode()
            made = CachedPage(body, gzip.compress(body, compresslevel=6, mtime=0), is_private)
            self._by_data.put(key, made)
        self._by_address.put(request.full_path, (mark, now, made))
        return _answer(made)


def init_app(app: Flask) -> None:
    app.extensions["outreach_memo"] = PageCache()


def memo() -> PageCache:
    found: PageCache = current_app.extensions["outreach_memo"]
    return found


def _answer(made: CachedPage) -> Response:
    if made.is_private:
        keep_private()
    is_squeezed = request.accept_encodings.quality("gzip") > 0
    response = Response(made.squeezed if is_squeezed else made.body, mimetype="text/html")
    response.headers["Vary"] = "Accept-Encoding"
    if is_squeezed:
        response.headers["Content-Encoding"] = "gzip"
    return response
