"""What each address of the open data answers. Each function is given the session and the moment."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

import msgspec
from msgspec import Struct
from sqlalchemy.orm import Session

from outreach import i18n
from outreach.clock import Month
from outreach.domain import workshops
from outreach.domain.calendar import change_counters
from outreach.domain.locations import geocoding
from outreach.domain.locations.geocoding import Location, LocationScale
from outreach.domain.network.offices import Office
from outreach.domain.newsletter import bulletins as editions
from outreach.domain.reporting import figures, months
from outreach.domain.reporting.months import MonthRevision
from outreach.domain.search import public_listing
from outreach.domain.search.public_listing import ListingKey
from outreach.domain.search.search import SearchFilters
from outreach.domain.text import fold
from outreach.errors import NotFound
from outreach.reports import month_report, month_tables, workshop_counts
from outreach.web.api import params, schemas, serializers
from outreach.web.api.params import Missing, QueryValues, quoted
from outreach.web.api.serializers import Teller
from outreach.web.context import config
from outreach.web.middleware.reference_cache import ReferenceData, reference

TERMS: Final = i18n.N_("Úsalos como quieras. Solo di de dónde vienen.")
SOON: Final = 60  # seconds that a cache may keep what changes all day
LATER: Final = 600
FAR: Final = Month(1900, 1), Month(2199, 12)
_LAST_MINUTE: Final = 24 * 60 - 1
_LAST_ID: Final = 2**31 - 1  # of PostgreSQL


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An object, and what HTTP has to know of it."""

    body: Struct
    seconds: int
    changed_at: datetime | None = None  # it has been the same since then; None: nobody knows
    next: str | None = None
    same: Struct | None = None  # what it has to be equal in, if not in all of it


@dataclass(frozen=True, kw_only=True)
class Question:
    session: Session
    asked: QueryValues
    now: datetime

    @property
    def teller(self) -> Teller:
        return Teller(config().public_url, config().phone)


def index(question: Question) -> Answer:
    api, pages = question.teller.api, question.teller.pages
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
            openapi=api("openapi.json"),
            documentation=pages("datos"),
        ),
    )
    return Answer(body=body, seconds=LATER)


def offices(question: Question) -> Answer:
    found = reference().offices
    return Answer(
        body=schemas.Offices(offices=[question.teller.office(each) for each in found]),
        seconds=LATER,
        changed_at=max((each.changed_at for each in found), default=None),
    )


def office(question: Question, slug: str) -> Answer:
    found = _office(slug, reference())
    return Answer(body=question.teller.office(found), seconds=LATER, changed_at=found.changed_at)


def kinds(question: Question) -> Answer:
    found = reference().kinds
    return Answer(
        body=schemas.Kinds(kinds=[question.teller.kind(each) for each in found]),
        seconds=LATER,
        changed_at=max((each.changed_at for each in found), default=None),
    )


def kind(question: Question, code: str) -> Answer:
    found = next((each for each in reference().kinds if each.code == code), None)
    if found is None:
        raise _no_kind(code)
    return Answer(body=question.teller.kind(found), seconds=LATER, changed_at=found.changed_at)


def listed(question: Question) -> Answer:
    session, asked, now, known = question.session, question.asked, question.now, reference()
    changed_at = change_counters.read(session, change_counters.NETWORK)[1]  # before what it counts
    filters = SearchFilters(
        where=_where(session, asked.one("donde")),
        kinds=tuple(_kind_id(code, known) for code in asked.many("tipo")),
        since=asked.day("desde"),
        until=asked.day("hasta"),
        languages=asked.many("idioma"),
        modes=tuple(
            {m: None for word in asked.many("modalidad") for m in workshops.parse_modes(word)}
        ),
    )
    slug = asked.one("oficina")
    found, key = public_listing.list_page(
        session,
        filters,
        office=_office(slug, known).id if slug else None,
        now=now,
        after=read_key(asked.one("after")) if asked.one("after") else None,
        limit=asked.number(params.LIMIT),
    )
    following = None if key is None else _next(question, "workshops", write_key(key))
    return Answer(
        body=schemas.Workshops(
            workshops=[question.teller.workshop(each, now=now) for each in found], next=following
        ),
        seconds=SOON,
        changed_at=_by_the_minute(changed_at, now),
        next=following,
    )


def one_listed(question: Question, id: str) -> Answer:
    changed_at = change_counters.read(question.session, change_counters.NETWORK)[1]
    try:
        found = public_listing.get_listed(question.session, id)
    except NotFound:
        raise Missing(
            f"There is no workshop {quoted(id)} on the public list. Look in /api/v1/workshops."
        ) from None
    return Answer(
        body=question.teller.workshop(found, now=question.now),
        seconds=SOON,
        changed_at=_by_the_minute(changed_at, question.now),
    )


def counted_months(question: Question) -> Answer:
    body = schemas.CountedMonths(
        months=[
            schemas.CountedMonth(
                month=str(month), links=question.teller.month_links("counts", month)
            )
            for month in workshop_counts.months(question.session)
        ],
        rules=[_rule(rule) for rule in workshop_counts.RULES],
    )
    return Answer(body=body, seconds=SOON)


def count(question: Question, month: str) -> Answer:
    wanted, asked = read_month(month), question.asked.one("revision")
    try:
        found = month_report.report(
            question.session, wanted, now=question.now, number=int(asked) if asked else None
        )
    except NotFound:
        raise Missing(f"{month} has no revision {asked}. Look in /api/v1/counts/{month}.") from None
    revisions = [each.number for each in months.list_revisions(question.session, wanted)]
    body = msgspec.convert(month_tables.as_json(found, revisions=revisions), schemas.Count)
    # An hour later the same numbers say that they are as of an hour later: no news.
    return Answer(
        body=body,
        seconds=3600 if found.count.is_over else SOON,
        same=msgspec.structs.replace(body, cut=""),
    )


def figure_months(question: Question) -> Answer:
    body = schemas.FigureMonths(
        months=[
            schemas.FigureMonth(
                month=str(month), links=question.teller.month_links("figures", month)
            )
            for month in month_report.figure_months(question.session, *FAR)
        ]
    )
    return Answer(body=body, seconds=LATER)


def figures_of(question: Question, month: str) -> Answer:
    found = month_report.report(question.session, read_month(month), now=question.now).figures
    if not found:
        raise Missing(f"There are no figures of {month}. The months there are: /api/v1/figures.")
    body = schemas.Figures(month=month, figures=[serializers.figure(each) for each in found])
    return Answer(body=body, seconds=LATER)


def bulletins(question: Question) -> Answer:
    asked, session = question.asked, question.session
    limit, after = asked.number(params.LIMIT_MONTHS), asked.one("after")
    closed = months.list_closed_months(session, *FAR)
    found = [
        month
        for month in list_past_months(session, closed, now=question.now)
        if not after or str(month) < after
    ]
    following = None
    if len(found) > limit:
        following = _next(question, "bulletins", str(found[limit - 1]))
    published = {
        line.month: line.number for line in editions.lines(session) if line.published_at is not None
    }
    body = schemas.Bulletins(
        bulletins=[
            _bulletin(question, month, closed.get(month), published.get(month))
            for month in found[:limit]
        ],
        next=following,
    )
    return Answer(body=body, seconds=SOON, next=following)


def bulletin(question: Question, month: str) -> Answer:
    wanted, session = read_month(month), question.session
    closed = months.list_closed_months(session, wanted, wanted)
    if wanted not in list_past_months(session, closed, now=question.now):
        raise Missing(
            f"{month} is not over, or has nothing to tell. The months there are: /api/v1/bulletins."
        )
    last = editions.latest(session, wanted)
    body = _bulletin(question, wanted, closed.get(wanted), last.number if last else None)
    return Answer(body=body, seconds=SOON)


def read_month(text: str) -> Month:
    try:
        found = Month.parse(text)
    except ValueError:
        found = None
    if found is None or not FAR[0] <= found <= FAR[1]:
        raise Missing(f"{quoted(text)} is not a month. Write it like 2020-01.")
    return found


def write_key(key: ListingKey) -> str:
    minute = key.starts.hour * 60 + key.starts.minute
    return f"{key.day.toordinal():08x}{minute:04x}{key.id:012x}"


def read_key(text: str) -> ListingKey:
    """Whatever 24 letters of it: a place in the list, if not one that we gave."""
    ordinal, minute, number = int(text[:8], 16), int(text[8:12], 16), int(text[12:], 16)
    day = date.fromordinal(min(max(ordinal, 1), date.max.toordinal()))
    minute = min(minute, _LAST_MINUTE)
    return ListingKey(day, time(minute // 60, minute % 60), min(number, _LAST_ID))


def list_past_months(session: Session, closed: Iterable[Month], *, now: datetime) -> list[Month]:
    """The months that are over, as the bulletin's page has it, and have something to tell: those
    that are `closed`, and those that have any workshop or figure. The newest first."""
    found = {*closed, *workshop_counts.months(session), *figures.list_months(session)}
    return sorted((month for month in found if workshop_counts.is_over(month, now)), reverse=True)


def _bulletin(
    question: Question, month: Month, closed: MonthRevision | None, edition: int | None
) -> schemas.Bulletin:
    if closed is not None:
        return question.teller.bulletin(month_report.read_revision(closed), edition)
    report = month_report.report(question.session, month, now=question.now)
    return question.teller.bulletin(report, edition)


def _by_the_minute(changed_at: datetime | None, now: datetime) -> datetime:
    """Since when this has been so. What the clock changes, who saves a place, and what is said of
    how it went leave no instant: they are told by the minute, and caches keep it for as long."""
    minute = now.replace(second=0, microsecond=0)
    return minute if changed_at is None else max(changed_at, minute)


def _office(slug: str, known: ReferenceData) -> Office:
    found = next((each for each in known.offices if each.slug == slug), None)
    if found is None:
        raise Missing(f"There is no office {quoted(slug)}. Look in /api/v1/offices.")
    return found


def _kind_id(code: str, known: ReferenceData) -> int:
    """A discreet kind is answered as one there is not."""
    found = next((k for k in known.kinds if code in {k.code, k.public_code}), None)
    if found is None or found.is_discreet:
        raise _no_kind(code)
    return found.id


def _no_kind(code: str) -> Missing:
    return Missing(f"There is no kind {quoted(code)} to list. Look in /api/v1/kinds.")


def _where(session: Session, typed: str) -> Location:
    if not typed:
        return geocoding.ANYWHERE
    where = geocoding.resolve(session, typed) if fold(typed) else None
    if where is None or where.scale is LocationScale.UNKNOWN:
        raise Missing(f"We do not know the place {quoted(typed)}. Write a state, like IL.")
    return where


def _next(question: Question, what: str, after: str) -> str:
    pairs = [pair for pair in question.asked.pairs() if pair[0] != "after"]
    return question.teller.api(what, query=[*pairs, ("after", after)])


def _rule(rule: str) -> schemas.Text:
    return serializers.text(i18n.in_each(rule))
