"""A calendar by address: its events are ticked before anything is kept; read again, it says what
differs.

The address is never shown again. A page with the events is the answer to a POST, so that nothing is
fetched because somebody follows a link.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time
from threading import BoundedSemaphore
from typing import Final

from flask import Response, current_app, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock, formats
from outreach.domain.network import kinds, offices
from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import calendar_links
from outreach.domain.scheduling.calendar_links import MAX_NAME, CalendarLink, CalendarReport
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop
from outreach.errors import Refusal
from outreach.i18n import current, say
from outreach.i18n import gettext as _
from outreach.imports.calendar_links import addresses, comparison, event_list, updates
from outreach.imports.calendar_links.event_list import ListedEvent
from outreach.imports.calendar_links.updates import CalendarReader, CalendarReading
from outreach.imports.guess.conversation import ImportSource
from outreach.imports.guess.headings import Field
from outreach.imports.import_errors import CalendarAddressErrorCode, UnreadableFile
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.middleware import rate_limits
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.guards import current_staff, log_office_action, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.imports import blueprint, draft_review, import_pages, remark_words

MAX_FETCHES: Final = 1  # at the same time in one process: each keeps a thread busy
MAX_SHOWN: Final = 300  # events, of each of the two lists
_fetches: Final = BoundedSemaphore(MAX_FETCHES)
_PATH: Final = "/traer/<slug>/calendario/<link_id>"


@dataclass(frozen=True)
class DifferenceView:
    """A workshop that its calendar says something else of."""

    workshop: Workshop
    changes: Sequence[tuple[str, str, str]]  # name of the field, its value now, the calendar's
    is_cancelled: bool


@blueprint.get(_PATH)
@requires(Scope.OFFICE, Permission.EDIT)
def calendar_page(slug: str, link_id: str) -> ResponseReturnValue:
    """Shows what the last reading of a calendar found."""
    return _show(slug, link_id, is_saved=bool(request.args.get("hecho")))


@blueprint.post(_PATH)
@requires(Scope.OFFICE, Permission.EDIT)
def change_calendar(slug: str, link_id: str) -> ResponseReturnValue:
    """Does what the button says: reads the calendar, takes what is ticked, keeps the settings,
    drops what was seen, or removes the link."""
    act = _ACTS.get(request.form.get("do", ""))
    if act is None:
        with store().read() as session:
            calendar_links.find(session, slug, link_id)
        return redirect(_address_of(slug, link_id), 303)
    return act(slug, link_id)


def add_link(slug: str, typed: str) -> ResponseReturnValue:
    """Reads the calendar at an address that somebody typed, keeps the link and shows the events."""
    reader, now = _reader(), clock.now()
    try:
        address = addresses.normalise(typed, own_host=reader.own_host)
        with _fetching(slug):
            fetched = reader.fetch(address)
        reader.require_readable(slug, fetched, now=now)
        with store().read() as session:
            office = offices.find(session, slug)
        public_id = calendar_links.make_id()
        with store().change() as session:
            link = calendar_links.add(
                session,
                office,
                public_id=public_id,
                name=addresses.get_host(address),
                sealed_address=reader.seal(address, office, public_id),
                address_mark=reader.mark(address),
                now=now,
            )
            link_id = link.public_id
            if link_id == public_id:
                log_office_action(session, slug, "calendar link added", {"file": link_id})
        reading = reader.store_reading(
            slug, link_id, fetched, now=now, staff_id=current_staff().organizer_id
        )
    except Refusal as unfit:
        return import_pages.ask(422, sheet_fault=error_messages.say(unfit))
    return _show(slug, link_id, reading=reading)


def _read(slug: str, link_id: str) -> ResponseReturnValue:
    try:
        with _fetching(slug):
            reading = _reader().read(
                slug, link_id, now=clock.now(), staff_id=current_staff().organizer_id
            )
    except UnreadableFile as unfit:
        return _show(slug, link_id, status=422, fault=error_messages.say(unfit))
    return _show(slug, link_id, reading=reading)


def _take(slug: str, link_id: str) -> ResponseReturnValue:
    """Brings in the ticked events as a draft; the others are read and dropped again."""
    ticked = request.form.getlist("event")
    now = clock.now()
    try:
        with _fetching(slug):
            found = _reader().fetch_rows(slug, link_id, now=now)
        listed = tuple(event_list.list_events(found))
        source, said, missing = event_list.take(found, ticked)
        if missing or not ticked:
            fault = _("Marca los que son talleres.")
            if missing:
                fault = _("El calendario cambió mientras lo veías. Revisa y marca otra vez.")
            reading = CalendarReading(listed, 0)
            status = 409 if missing else 422
            return _show(slug, link_id, status=status, fault=fault, reading=reading, ticked=ticked)
        with store().read() as session:
            name = calendar_links.find(session, slug, link_id).name

        def remember(session: Session) -> None:
            link = calendar_links.find(session, slug, link_id, is_locked=True)
            calendar_links.record_taken(link, said)

        address = draft_review.keep_draft(
            slug, name, ImportSource(name, calendar=source), store_beside=remember
        )
    except Refusal as unfit:
        return _show(slug, link_id, status=422, fault=error_messages.say(unfit))
    return redirect(f"{address}/columnas", 303)


def _save(slug: str, link_id: str) -> ResponseReturnValue:
    name, is_daily = clean(request.form.get("name", "")), bool(request.form.get("daily"))
    if not name or len(name) > MAX_NAME or addresses.is_address(name):
        fault = _("Ponle un nombre de %(most)s letras o menos.", most=MAX_NAME)
        return _show(slug, link_id, status=422, fault=fault)
    with store().change() as session:
        link = calendar_links.find(session, slug, link_id, is_locked=True)
        if (link.name, link.is_daily) != (name, is_daily):
            link.name, link.is_daily = name, is_daily
            log_office_action(session, slug, "calendar link changed", {"file": link_id})
    return redirect(f"{_address_of(slug, link_id)}?hecho=si", 303)


def _mark_seen(slug: str, link_id: str) -> ResponseReturnValue:
    """Drops the differences that the page showed. If the calendar was read since, it drops nothing
    and shows what is new."""
    with store().change() as session:
        link = calendar_links.find(session, slug, link_id, is_locked=True)
        is_shown = request.form.get("read", "") == _mark_of(link)
        if is_shown:
            calendar_links.record_seen(link)
            log_office_action(session, slug, "calendar changes seen", {"file": link_id})
    return redirect(_address_of(slug, link_id) + ("?hecho=si" if is_shown else ""), 303)


def _remove(slug: str, link_id: str) -> ResponseReturnValue:
    """Deletes the link; the workshops that came of it stay."""
    with store().change() as session:
        link = calendar_links.find(session, slug, link_id, is_locked=True)
        session.delete(link)
        log_office_action(session, slug, "calendar link removed", {"file": link_id})
    return redirect("/org/traer?enlace=quitado", 303)


_ACTS: Final[dict[str, Callable[[str, str], ResponseReturnValue]]] = {
    "read": _read,
    "take": _take,
    "save": _save,
    "seen": _mark_seen,
    "remove": _remove,
}


@contextmanager
def _fetching(slug: str) -> Iterator[None]:
    """Context in which a calendar may be fetched, one at a time. Raises UnreadableFile where
    another one is being fetched, and TooManyRequests for an office that has read too many."""
    rate_limits.count_calendar_reading(slug)
    if not _fetches.acquire(blocking=False):
        raise UnreadableFile(CalendarAddressErrorCode.BUSY)
    try:
        yield
    finally:
        _fetches.release()


def _reader() -> CalendarReader:
    return updates.of_app(current_app)


def _address_of(slug: str, link_id: str) -> str:
    return f"/org/traer/{slug}/calendario/{link_id}"


def _mark_of(link: CalendarLink) -> str:
    return link.read_at.isoformat() if link.read_at is not None else ""


# The page


def _show(
    slug: str,
    link_id: str,
    *,
    status: int = 200,
    fault: str = "",
    is_saved: bool = False,
    reading: CalendarReading | None = None,
    ticked: Sequence[str] = (),
) -> Response:
    """Shows the calendar, with the events that stand to be ticked where it was just read."""
    with store().read() as session:
        link = calendar_links.find(session, slug, link_id)
        differing, gone = comparison.list_open(session, link, now=clock.now())
        kind_names = {
            each.code: say(each.short_name, current()) for each in kinds.list_kinds(session)
        }
        views = [
            DifferenceView(
                each.workshop,
                [_say_change(each.workshop, *pair, kind_names) for pair in each.says.items()],
                each.is_cancelled,
            )
            for each in differing
        ]
    events = reading.events if reading is not None else ()
    likely = [each for each in events if each.is_like_a_workshop]
    others = [each for each in events if not each.is_like_a_workshop]
    return page(
        "imports/calendar_link",
        status,
        link=link,
        address=_address_of(slug, link_id),
        fault=fault or (_say_fault(link.fault) if reading is None else ""),
        is_saved=is_saved,
        is_read=reading is not None,
        followed=reading.followed if reading is not None else 0,
        differing=views,
        gone=gone,
        mark=_mark_of(link),
        waiting=CalendarReport.read(link.report).waiting,
        likely=likely[:MAX_SHOWN],
        others=others[:MAX_SHOWN],
        left_off=max(0, len(likely) - MAX_SHOWN) + max(0, len(others) - MAX_SHOWN),
        ticked=ticked,
        when=_say_when,
        kind_names=kind_names,
        max_name=MAX_NAME,
        words=workshop_labels,
    )


def _say_fault(name: str) -> str:
    """Returns why the last reading failed; empty where it did not."""
    if name not in CalendarAddressErrorCode.__members__:
        return ""
    return error_messages.say(Refusal(CalendarAddressErrorCode[name]))


def _say_when(event: ListedEvent) -> str:
    """Returns «sáb 5 dic, 6:00 p. m.»; only the day where the event has no hour."""
    if event.day is None:
        return ""
    day = workshop_labels.short_day(event.day)
    if event.starts is None:
        return day
    return f"{day}, {formats.hour(event.starts, current())}"


def _say_change(
    workshop: Workshop, name: str, value: str, kind_names: dict[str, str]
) -> tuple[str, str, str]:
    """The name of a field, what it is here, and what the calendar says."""
    label = str(remark_words.LABELS[Field(name)])
    match name:
        case "day":
            return label, _day(workshop.day), _day(date.fromisoformat(value))
        case "starts" | "ends":
            hour = time.fromisoformat(value)
            return label, _hour(getattr(workshop, name)), _hour(hour)
        case "kind":
            return label, kind_names.get(workshop.kind.code, ""), kind_names.get(value, value)
        case "venue":
            return label, workshop_labels.place(workshop), value
        case "title":
            return label, say(workshop.title, current()), value
        case _:
            return label, str(getattr(workshop, name)), value


def _day(day: date) -> str:
    return workshop_labels.short_day(day)


def _hour(hour: time) -> str:
    return formats.hour(hour, current())
