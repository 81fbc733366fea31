"""Calendars: the feeds that phones subscribe to, and the file of one workshop.

A feed is asked for again and again by programs that hold it already. So the first question is
whether anything was committed since it was made; mostly nothing was, and no query is needed.
"""

import gzip
import hashlib
import threading
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Final

from flask import Blueprint, Flask, Response, current_app, request
from sqlalchemy.orm import Session
from werkzeug.http import http_date

from outreach import clock, languages
from outreach.domain import calendars, installation, workshops
from outreach.domain.calendars import NETWORK, Choice, Unknown
from outreach.domain.text import clean
from outreach.errors import NotFound
from outreach.feeds import calendar
from outreach.feeds.event import Site
from outreach.feeds.shelf import Shelf
from outreach.languages import gettext as _
from outreach.web.context import config, store
from outreach.web.headers import keep_private

pages = Blueprint("calendars", __name__, url_prefix="/<any(es,en,fr):lang>")

Values = tuple[str, ...]
Filters = tuple[Values, Values, Values, Values]
FILTERS: Final = ("tipo", "idioma", "donde", "modalidad")
NO_FILTERS: Final[Filters] = ((), (), (), ())
KEPT_FOR: Final = "public, max-age=900"
ROOM_FOR_FEEDS: Final = 24_000_000  # bytes, a process
ROOM_FOR_EVENTS: Final = 16_000_000
SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True)
class Made:
    """A feed, and what it takes to know whether it still holds."""

    body: bytes
    etag: str  # of the uncompressed bytes: one for both encodings, hence weak
    changed_at: datetime
    filename: str
    mark: Hashable
    day: date

    @cached_property
    def headers(self) -> tuple[tuple[str, str], ...]:
        return (
            ("ETag", f'W/"{self.etag}"'),
            ("Cache-Control", KEPT_FOR),
            ("Vary", "Accept-Encoding"),
            ("Access-Control-Allow-Origin", "*"),
            ("X-Robots-Tag", "noindex"),
        )

    @cached_property
    def squeezed(self) -> bytes:
        return gzip.compress(self.body, compresslevel=6, mtime=0)


class Kept:
    """What this process has made: feeds, and the text of each event in them."""

    def __init__(self) -> None:
        self.feeds: Shelf[Made] = Shelf(ROOM_FOR_FEEDS)
        self.events: Shelf[bytes] = Shelf(ROOM_FOR_EVENTS)
        # One at a time: when a feed changes, many ask for it at once.
        self.making = threading.Lock()


def init_app(app: Flask) -> None:
    app.extensions["outreach_feeds"] = Kept()
    app.register_blueprint(pages)


@pages.get("/cal/<name>.ics")
def feed(name: str) -> Response:
    """Any program, whatever its language or kind, gets the same bytes: all is in the address."""
    try:
        made = _made(name)
    except Unknown as unknown:
        return _not_found(_sentence(unknown))
    return _answer(made)


@pages.get("/t/<public_id>.ics")
def workshop(public_id: str) -> Response:
    keep_private()
    lang = languages.current()
    with store().read() as session:
        try:
            found = workshops.find_shown(session, public_id)
        except NotFound:
            return _not_found(_("No encontramos ese taller. Pide el enlace otra vez."))
        body = calendar.single(found, lang, _site(session))
    return _calendar(body, "taller.ics")


def _made(name: str) -> Made:
    kept: Kept = current_app.extensions["outreach_feeds"]
    lang = languages.current()
    filters = _filters() if request.query_string else NO_FILTERS
    key = (lang, name, filters)
    found = _still_good(kept, key)
    if found is None:
        with kept.making:
            found = _still_good(kept, key) or _make(kept, key, name, filters, lang)
    return found


def _filters() -> Filters:
    """What is asked of each, in one order; what we do not know is not looked at."""
    kind_codes, spoken, places, modes = (
        tuple(sorted({value for value in request.args.getlist(name) if value})) for name in FILTERS
    )
    return kind_codes, spoken, places, modes


def _still_good(kept: Kept, key: Hashable) -> Made | None:
    made = kept.feeds.get(key)
    if made is None or made.day != clock.now().date() or made.mark != store().mark():
        return None
    return made


def _make(kept: Kept, key: Hashable, name: str, filters: Filters, lang: str) -> Made:
    mark, now = store().mark(), clock.now()  # before reading: what is committed meanwhile is newer
    with store().read() as session:
        choice = _choice(session, name, *filters)
        body = calendar.feed(
            session, choice, lang, _site(session), today=now.date(), shelf=kept.events
        )
        changed_at = calendars.last_change(session)
    etag = hashlib.sha256(body).hexdigest()
    before = kept.feeds.get(key)
    if before is not None and before.etag == etag:
        made = replace(before, mark=mark, day=now.date())
        if "squeezed" in vars(before):
            vars(made)["squeezed"] = before.squeezed
    else:
        # At midnight the feed's window moves on, and what left it changed no row. A change may
        # also be committed after a later one was seen.
        changed_at = max(changed_at, calendars.midnight(now.date()))
        if before is not None:
            changed_at = max(changed_at, before.changed_at + SECOND)
        made = Made(body, etag, min(changed_at, now), calendar.filename(choice), mark, now.date())
    kept.feeds.put(key, made, len(body) * 5 // 4)
    return made


def _choice(
    session: Session, name: str, kind_codes: Values, spoken: Values, places: Values, modes: Values
) -> Choice:
    for code in spoken:
        if code not in languages.SPOKEN:
            raise Unknown("language", code)
    return calendars.choose(
        session,
        None if name == NETWORK else name,
        kind_codes=kind_codes,
        languages=spoken,
        places=places,
        modes=modes,
    )


def _site(session: Session) -> Site:
    return Site(config().public_url, installation.calendar_host(session), config().phone)


def _answer(made: Made) -> Response:
    headers = [*made.headers, ("Last-Modified", http_date(_last_modified(made)))]
    if _has_it(made):
        response = Response(status=304, headers=headers, mimetype="text/calendar")
    elif request.accept_encodings.quality("gzip") > 0:
        headers.append(("Content-Encoding", "gzip"))
        response = _calendar(made.squeezed, made.filename, headers)
    else:
        response = _calendar(made.body, made.filename, headers)
    response.direct_passthrough = True  # it is compressed, or not wanted so
    return response


def _last_modified(made: Made) -> datetime:
    """In whole seconds, as HTTP has it. The second that is not over yet may bring another change,
    so until it is, the one before is named and a program that asks again gets the feed again."""
    is_over = clock.now() - made.changed_at >= SECOND
    return made.changed_at if is_over else made.changed_at - SECOND


def _has_it(made: Made) -> bool:
    """Whether the one who asks holds these bytes. If-None-Match wins over If-Modified-Since."""
    if "If-None-Match" in request.headers:
        return request.if_none_match.contains_weak(made.etag)
    since = request.if_modified_since  # None for what is no date
    return since is not None and made.changed_at.replace(microsecond=0) <= since


def _calendar(body: bytes, filename: str, headers: Iterable[tuple[str, str]] = ()) -> Response:
    disposition = ("Content-Disposition", f'inline; filename="{filename}"')
    return Response(body, headers=[*headers, disposition], mimetype="text/calendar")


def _not_found(sentence: str) -> Response:
    # A calendar program shows the text of an answer, not a page.
    return Response(sentence + "\n", 404, mimetype="text/plain")


def _sentence(unknown: Unknown) -> str:
    value = clean(unknown.value)[:40]
    sentences: dict[str, str] = {
        "office": _("No hay una oficina «%(value)s». Elige otra en la lista.", value=value),
        "kind": _("No hay un tipo de taller «%(value)s». Quítalo de la dirección.", value=value),
        "language": _("No conocemos el idioma «%(value)s». Escribe es, en o fr.", value=value),
        "mode": _("No hay una modalidad «%(value)s». Quítala de la dirección.", value=value),
        "place": _("No conocemos el lugar «%(value)s». Escribe un estado, como IL.", value=value),
    }
    return sentences[unknown.what]
