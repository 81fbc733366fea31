"""Handlers of the open-data API: each returns the answer of one address."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

import msgspec
from msgspec import Struct
from sqlalchemy.orm import Session

from outreach import i18n
from outreach.clock import Month
from outreach.domain import workshops
from outreach.domain.calendar import change_counters, public_changes
from outreach.domain.calendar.public_changes import ChangePosition
from outreach.domain.locations import geocoding
from outreach.domain.locations.geocoding import Location, LocationScale
from outreach.domain.locations.reference_data import ReferenceData
from outreach.domain.network.offices import Office
from outreach.domain.newsletter import bulletins as editions
from outreach.domain.reporting import figures, months, releases
from outreach.domain.reporting.months import MonthRevision
from outreach.domain.reporting.releases import Embargo
from outreach.domain.search import public_listing
from outreach.domain.search.public_listing import ListingKey
from outreach.domain.search.search import SearchFilters
from outreach.errors import Embargoed, NotFound
from outreach.reports import month_report, month_tables, workshop_counts
from outreach.web.api import params, schemas, serializers
from outreach.web.api.params import QueryValues, UnknownResource, quote_text
from outreach.web.api.serializers import Serializer
from outreach.web.context import config
from outreach.web.middleware.reference_cache import reference

TERMS: Final = i18n.N_("Úsalos como quieras. Solo di de dónde vienen.")
SHORT_MAX_AGE: Final = 60  # seconds that caches may keep data that changes all day
LONG_MAX_AGE: Final = 600
MONTH_RANGE: Final = Month(1900, 1), Month(2199, 12)
BEGINNING: Final = "1970-01-01"  # no workshop changed before
_LAST_MINUTE: Final = 24 * 60 - 1
_LAST_ID: Final = 2**31 - 1  # the largest integer of PostgreSQL


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A response body and its HTTP metadata."""

    body: Struct
    seconds: int
    changed_at: datetime | None = None  # last modification; None if unknown
    next: str | None = None
    etag_body: Struct | None = None  # the part that determines the ETag; None: the whole body
    until: datetime | None = None  # when it changes by the clock: the next release of a month


@dataclass(frozen=True, kw_only=True)
class Question:
    """A request: the database session, the parsed query and the current time."""

    session: Session
    query: QueryValues
    now: datetime

    @property
    def serializer(self) -> Serializer:
        return Serializer(config().public_url, config().phone)


def index(question: Question) -> Answer:
    api, pages = question.serializer.api, question.serializer.pages
    body = schemas.Index(
        name=config().brand,
        terms=serializers.text(i18n.in_each(TERMS)),
        links=schemas.IndexLinks(
            offices=api("offices"),
            kinds=api("kinds"),
            workshops=api("workshops"),
            counts=api("counts"),
            figures=api("figures"),
            bulletins=api("bulletins"),
            log=api("log"),
            openapi=api("openapi.json"),
            documentation=pages("datos"),
        ),
    )
    return Answer(body=body, seconds=LONG_MAX_AGE)


def offices(question: Question) -> Answer:
    result = reference().offices
    return Answer(
        body=schemas.Offices(offices=[question.serializer.office(each) for each in result]),
        seconds=LONG_MAX_AGE,
        changed_at=max((each.changed_at for each in result), default=None),
    )


def office(question: Question, slug: str) -> Answer:
    result = _office(slug, reference())
    return Answer(
        body=question.serializer.office(result), seconds=LONG_MAX_AGE, changed_at=result.changed_at
    )


def kinds(question: Question) -> Answer:
    result = reference().kinds
    return Answer(
        body=schemas.Kinds(kinds=[question.serializer.kind(each) for each in result]),
        seconds=LONG_MAX_AGE,
        changed_at=max((each.changed_at for each in result), default=None),
    )


def kind(question: Question, code: str) -> Answer:
    result = next((each for each in reference().kinds if each.code == code), None)
    if result is None:
        raise _no_kind(code)
    return Answer(
        body=question.serializer.kind(result), seconds=LONG_MAX_AGE, changed_at=result.changed_at
    )


def list_workshops(question: Question) -> Answer:
    session, query, now = question.session, question.query, question.now
    # Read before the data it describes.
    changed_at = change_counters.read(session, change_counters.NETWORK)[1]
    filters, office = _read_filters(question)
    if query.has(params.CHANGED_SINCE.name):
        return _list_changes(question, filters, office)
    result, key = public_listing.list_page(
        session,
        filters,
        office=office,
        now=now,
        after=read_key(query.get_first("after")) if query.get_first("after") else None,
        limit=query.number(params.LIMIT),
    )
    next_address = None if key is None else _next(question, "workshops", write_key(key))
    return Answer(
        body=schemas.Workshops(
            workshops=[question.serializer.workshop(each, now=now) for each in result],
            next=next_address,
        ),
        seconds=SHORT_MAX_AGE,
        changed_at=_round_change(changed_at, now),
        next=next_address,
    )


def _read_filters(question: Question) -> tuple[SearchFilters, int | None]:
    """Returns the filters and the id of the office that organizes."""
    query, reference_data = question.query, reference()
    filters = SearchFilters(
        where=_find_location(question.session, query.get_first("donde")),
        kinds=tuple(_kind_id(code, reference_data) for code in query.get_all("tipo")),
        since=query.day("desde"),
        until=query.day("hasta"),
        languages=query.get_all("idioma"),
        modes=tuple(
            {m: None for word in query.get_all("modalidad") for m in workshops.parse_modes(word)}
        ),
    )
    slug = query.get_first("oficina")
    return filters, _office(slug, reference_data).id if slug else None


def _list_changes(question: Question, filters: SearchFilters, office: int | None) -> Answer:
    """Returns a page of changes, the earliest first: a workshop that matches the filters as it is
    now, and of one that does not, or is not public any more, only that it was withdrawn."""
    session, query, name = question.session, question.query, params.CHANGED_SINCE.name
    if query.has("after"):
        raise UnknownResource(f"There is no page after that: with {name}, follow next as it is.")
    text = query.get_first(name)
    positions = public_changes.list_positions(
        session, read_position(text), limit=query.number(params.LIMIT)
    )
    ids = [each.public_id for each in positions]
    found = public_listing.find_listed(session, ids, filters, office=office)
    listed, withdrawn = [], []
    for each in positions:
        modified = _write_modified(each.changed_at)
        if (workshop := found.get(each.public_id)) is None:
            withdrawn.append(schemas.Withdrawal(id=each.public_id, modified=modified))
        else:
            item = question.serializer.workshop(workshop, now=question.now)
            # Seats are no change: who follows would keep those of this moment.
            listed.append(msgspec.structs.replace(item, seats=None, modified=modified))
    cursor = write_position(positions[-1]) if positions else text
    pairs = [pair for pair in query.pairs() if pair[0] != name]
    next_address = question.serializer.api("workshops", query=[*pairs, (name, cursor)])
    return Answer(
        body=schemas.Workshops(workshops=listed, withdrawn=withdrawn, next=next_address),
        seconds=SHORT_MAX_AGE,
        next=next_address,
    )


def get_workshop(question: Question, id: str) -> Answer:
    changed_at = change_counters.read(question.session, change_counters.NETWORK)[1]
    try:
        result = public_listing.get_listed(question.session, id)
    except NotFound:
        raise UnknownResource(
            f"There is no workshop {quote_text(id)} on the public list. Look in /api/v1/workshops."
        ) from None
    return Answer(
        body=question.serializer.workshop(result, now=question.now),
        seconds=SHORT_MAX_AGE,
        changed_at=_round_change(changed_at, question.now),
    )


def list_counted_months(question: Question) -> Answer:
    embargo = releases.load_embargo(question.session, question.now)
    body = schemas.CountedMonths(
        months=[
            schemas.CountedMonth(
                month=str(month), links=question.serializer.month_links("counts", month)
            )
            for month in workshop_counts.months(question.session)
            if not embargo.hides(month)
        ],
        rules=[_rule(rule) for rule in workshop_counts.RULES],
    )
    return Answer(body=body, seconds=SHORT_MAX_AGE, until=embargo.ends_next_at)


def count(question: Question, month: str) -> Answer:
    requested_month, query = read_month(month), question.query.get_first("revision")
    try:
        result = month_report.report(
            question.session,
            requested_month,
            now=question.now,
            number=int(query) if query else None,
        )
    except Embargoed as embargoed:
        raise UnknownResource(f"{embargoed}.") from None
    except NotFound:
        raise UnknownResource(
            f"{month} has no revision {query}. Look in /api/v1/counts/{month}."
        ) from None
    revisions = [
        each.number
        for each in months.list_revisions(question.session, requested_month)
        if each.is_released(question.now)
    ]
    body = msgspec.convert(month_tables.as_json(result, revisions=revisions), schemas.Count)
    # `cut` is the time of counting: it does not change the ETag.
    return Answer(
        body=body,
        seconds=3600 if result.count.is_over else SHORT_MAX_AGE,
        etag_body=msgspec.structs.replace(body, cut=""),
        until=releases.load_embargo(question.session, question.now).ends_next_at,
    )


def figure_months(question: Question) -> Answer:
    embargo = releases.load_embargo(question.session, question.now)
    body = schemas.FigureMonths(
        months=[
            schemas.FigureMonth(
                month=str(month), links=question.serializer.month_links("figures", month)
            )
            for month in month_report.list_figures(question.session, *MONTH_RANGE, embargo=embargo)
        ]
    )
    return Answer(body=body, seconds=LONG_MAX_AGE, until=embargo.ends_next_at)


def get_figures(question: Question, month: str) -> Answer:
    try:
        result = month_report.report(question.session, read_month(month), now=question.now).figures
    except Embargoed as embargoed:
        raise UnknownResource(f"{embargoed}.") from None
    if not result:
        raise UnknownResource(
            f"There are no figures of {month}. The months there are: /api/v1/figures."
        )
    body = schemas.Figures(month=month, figures=[serializers.figure(each) for each in result])
    return Answer(body=body, seconds=LONG_MAX_AGE)


def bulletins(question: Question) -> Answer:
    query, session = question.query, question.session
    limit, after = query.number(params.LIMIT_MONTHS), query.get_first("after")
    embargo = releases.load_embargo(session, question.now)
    closed = releases.list_published(session, *MONTH_RANGE, embargo=embargo)
    result = [
        month
        for month in list_past_months(session, closed, embargo=embargo)
        if not after or str(month) < after
    ]
    next_address = None
    if len(result) > limit:
        next_address = _next(question, "bulletins", str(result[limit - 1]))
    published = {
        line.month: line.number for line in editions.lines(session) if line.published_at is not None
    }
    body = schemas.Bulletins(
        bulletins=[
            _bulletin(question, month, closed.get(month), published.get(month))
            for month in result[:limit]
        ],
        next=next_address,
    )
    return Answer(body=body, seconds=SHORT_MAX_AGE, next=next_address, until=embargo.ends_next_at)


def bulletin(question: Question, month: str) -> Answer:
    requested_month, session = read_month(month), question.session
    embargo = releases.load_embargo(session, question.now)
    closed = releases.list_published(session, requested_month, requested_month, embargo=embargo)
    if requested_month not in list_past_months(session, closed, embargo=embargo):
        raise UnknownResource(
            f"{month} is not over, or has nothing to tell. The months there are: /api/v1/bulletins."
        )
    last = editions.latest(session, requested_month)
    body = _bulletin(
        question, requested_month, closed.get(requested_month), last.number if last else None
    )
    return Answer(body=body, seconds=SHORT_MAX_AGE, until=embargo.ends_next_at)


def read_month(text: str) -> Month:
    try:
        result = Month.parse(text)
    except ValueError:
        result = None
    if result is None or not MONTH_RANGE[0] <= result <= MONTH_RANGE[1]:
        raise UnknownResource(f"{quote_text(text)} is not a month. Write it like 2020-01.")
    return result


def write_key(key: ListingKey) -> str:
    minute = key.starts.hour * 60 + key.starts.minute
    return f"{key.day.toordinal():08x}{minute:04x}{key.id:012x}"


def read_key(text: str) -> ListingKey:
    """Reads 24 hexadecimal digits as a key. Any such text gives a valid position in the list."""
    ordinal, minute, number = int(text[:8], 16), int(text[8:12], 16), int(text[12:], 16)
    day = date.fromordinal(min(max(ordinal, 1), date.max.toordinal()))
    minute = min(minute, _LAST_MINUTE)
    return ListingKey(day, time(minute // 60, minute % 60), min(number, _LAST_ID))


def write_position(position: ChangePosition) -> str:
    return f"{_write_modified(position.changed_at)}_{position.public_id}"


def read_position(text: str) -> ChangePosition:
    """Reads a moment, a day or what `write_position` wrote; the start of all for an empty text.
    Raises UnknownResource for a moment that there is not."""
    moment, _, public_id = text.partition("_")
    try:
        changed_at = datetime.fromisoformat(moment or BEGINNING)
    except ValueError:
        raise UnknownResource(
            f"There is no moment {quote_text(text)}. {params.CHANGED_SINCE.advice}"
        ) from None
    return ChangePosition(changed_at.replace(tzinfo=UTC), public_id)


def _write_modified(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def list_past_months(session: Session, closed: Iterable[Month], *, embargo: Embargo) -> list[Month]:
    """Returns the past months that have data and are not hidden, newest first, as the bulletin's
    page does: those in `closed`, and those with a workshop or a figure."""
    result = {*closed, *workshop_counts.months(session), *figures.list_months(session)}
    return sorted(
        (
            month
            for month in result
            if workshop_counts.is_over(month, embargo.now) and not embargo.hides(month)
        ),
        reverse=True,
    )


def _bulletin(
    question: Question, month: Month, closed: MonthRevision | None, edition: int | None
) -> schemas.Bulletin:
    if closed is not None:
        return question.serializer.bulletin(month_report.read_revision(closed), edition)
    report = month_report.report(question.session, month, now=question.now)
    return question.serializer.bulletin(report, edition)


def _round_change(changed_at: datetime | None, now: datetime) -> datetime:
    """Returns the last modification, but not before the current minute.

    Changes by the clock, by registrations and by reports of attendance have no stored time; caches
    keep such an answer for a minute.
    """
    minute = now.replace(second=0, microsecond=0)
    return minute if changed_at is None else max(changed_at, minute)


def _office(slug: str, reference_data: ReferenceData) -> Office:
    result = next((each for each in reference_data.offices if each.slug == slug), None)
    if result is None:
        raise UnknownResource(f"There is no office {quote_text(slug)}. Look in /api/v1/offices.")
    return result


def _kind_id(code: str, reference_data: ReferenceData) -> int:
    """Returns the id of a kind. A discreet kind raises the same error as an unknown one."""
    result = next((k for k in reference_data.kinds if code in {k.code, k.public_code}), None)
    if result is None or result.is_discreet:
        raise _no_kind(code)
    return result.id


def _no_kind(code: str) -> UnknownResource:
    return UnknownResource(f"There is no kind {quote_text(code)} to list. Look in /api/v1/kinds.")


def _find_location(session: Session, typed: str) -> Location:
    if not typed:
        return geocoding.ANYWHERE
    where = geocoding.resolve_stored(session, typed)
    if where.scale in {LocationScale.UNKNOWN, LocationScale.EVERYWHERE}:
        raise UnknownResource(
            f"We do not know the place {quote_text(typed)}. Write a state, like IL."
        )
    return where


def _next(question: Question, what: str, after: str) -> str:
    pairs = [pair for pair in question.query.pairs() if pair[0] != "after"]
    return question.serializer.api(what, query=[*pairs, ("after", after)])


def _rule(rule: str) -> schemas.Text:
    return serializers.text(i18n.in_each(rule))
