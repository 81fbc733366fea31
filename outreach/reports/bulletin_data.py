"""The data of a monthly bulletin, in all languages, from the numbers of one revision.

A published edition is read from its frozen JSON, so it never changes. The only exception is the
list of upcoming workshops: those that may no longer be shown are left out.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.db.base import Words
from outreach.domain.network import kinds, offices
from outreach.domain.newsletter import bulletins
from outreach.domain.newsletter.bulletins import BulletinEdition
from outreach.domain.recordings import voice_notes
from outreach.domain.reporting import figures, releases
from outreach.domain.search import public_listing, search
from outreach.domain.search.public_listing import ListedWorkshop
from outreach.domain.search.search import SearchFilters
from outreach.domain.text import fold
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.errors import NotFound
from outreach.i18n import say
from outreach.reports import (
    bulletin_sentences,
    month_report,
    series_wording,
    trends,
    workshop_counts,
)
from outreach.reports.bulletin_sentences import BulletinSentence
from outreach.reports.month_report import MonthReport
from outreach.reports.workshop_counts import TOTAL

FORMAT: Final = 1  # version of the frozen JSON: increment it when a field changes its meaning
MAX_UPCOMING: Final = 6
HISTORY_MONTHS: Final = 12


@dataclass(frozen=True, kw_only=True)
class UpcomingWorkshop:
    """A workshop of the following month, with its city but without its address."""

    id: str
    day: date
    starts: time
    city: str
    title: Words
    heard_in: tuple[str, ...] = ()  # languages of the recordings on its page


@dataclass(frozen=True, kw_only=True)
class BulletinMonth:
    """A month of the year that a bulletin shows: numbers by code of the kind and by series."""

    month: Month
    total: int | None  # None: not released
    by_kind: Mapping[str, int]
    figures: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class BulletinDocument:
    """A bulletin with the numbers of a revision; revision 0 is an open, provisional month."""

    month: Month
    revision: int
    is_closed: bool
    cut: datetime
    digest: str  # SHA-256 of the revision
    is_reconstruction: bool
    total: int
    core: tuple[str, ...]  # codes of the kinds that are listed one by one
    by_kind: Mapping[str, int]
    by_office: Mapping[str, Mapping[str, int]]
    kind_names: Mapping[str, Words]
    office_names: Mapping[str, Words]
    cities: Mapping[str, str]  # by slug of the office
    figures: Mapping[str, int]
    people: int | None
    sentences: tuple[BulletinSentence, ...]
    coming: tuple[UpcomingWorkshop, ...]
    edition: int | None = None  # None: no edition was written
    published_at: datetime | None = None
    # Texts of the editors: the title is plain text, the others are Markdown.
    title: Words
    happened: Words
    ahead: Words
    correction: Words
    # For the pictures.
    history: tuple[BulletinMonth, ...] = ()  # HISTORY_MONTHS, the last is the bulletin's
    by_region: Mapping[str, int]  # letters of the state or province
    figure_names: Mapping[str, Words]  # by series, in their order
    # Only the core kinds have these.
    kind_topics: Mapping[str, Words]
    kind_short_names: Mapping[str, Words]

    def of_topic(self, topic: str) -> list[BulletinSentence]:
        return [each for each in self.sentences if each.topic == topic]


def document(
    session: Session,
    month: Month,
    *,
    now: datetime,
    edition: BulletinEdition | None = None,
    is_before_release: bool = False,
) -> BulletinDocument:
    """Returns the bulletin of a month. Raises Embargoed where the numbers are not released, unless
    `is_before_release`, which is for staff.

    It is that of `edition`, which may be a draft; without `edition`, of the last published one; if
    there is none, it has the numbers only.
    """
    edition = edition or bulletins.latest(session, month)
    if edition is not None and edition.frozen:
        bulletin = from_json(json.loads(edition.frozen))
        return replace(bulletin, coming=tuple(_still_shown(session, bulletin.coming)))
    number = edition.revision or None if edition else None
    report = month_report.report(
        session, month, now=now, number=number, is_before_release=is_before_release
    )
    bulletin = replace(
        _from_report(session, report),
        cities=_cities(session, report),
        history=_load_history(session, report, now=now, is_before_release=is_before_release),
        coming=tuple(_list_upcoming(session, month.following, now)),
    )
    if edition is None:
        return bulletin
    return replace(
        bulletin,
        edition=edition.number,
        published_at=edition.published_at,
        title=edition.title,
        happened=edition.happened,
        ahead=edition.ahead,
        correction=edition.correction,
    )


def as_json(document: BulletinDocument) -> dict[str, Any]:
    """Returns the bulletin in all languages as JSON data. A published edition freezes it, so fields
    are only ever added."""
    data = asdict(document)
    coming = [
        each
        | {
            "day": str(each["day"]),
            "starts": f"{each['starts']:%H:%M}",
            "heard_in": list(each["heard_in"]),
        }
        for each in data.pop("coming")
    ]
    history = [vars(each) | {"month": str(each.month)} for each in document.history]
    return {
        "format": FORMAT,
        **data,
        "month": str(document.month),
        "state": "closed" if document.is_closed else "open",
        "cut": _format_instant(document.cut),
        "published_at": _format_instant(document.published_at) if document.published_at else None,
        "core": list(document.core),
        "sentences": [
            each | {"values": list(each["values"])} for each in data["sentences"]
        ],
        "coming": coming,
        "history": history,
    }  # fmt: skip


def from_json(data: Mapping[str, Any]) -> BulletinDocument:
    """Returns the bulletin that `as_json` wrote."""
    published = data["published_at"]
    values = {
        name: value for name, value in data.items() if name in BulletinDocument.__annotations__
    }
    return BulletinDocument(
        **values
        | {
            "month": Month.parse(data["month"]),
            "cut": datetime.fromisoformat(data["cut"]),
            "published_at": datetime.fromisoformat(published) if published else None,
            "core": tuple(data["core"]),
            "sentences": tuple(
                BulletinSentence(**each | {"values": tuple(each["values"])})
                for each in data["sentences"]
            ),
            "coming": tuple(
                UpcomingWorkshop(
                    **each
                    | {
                        "day": date.fromisoformat(each["day"]),
                        "starts": time.fromisoformat(each["starts"]),
                        "heard_in": tuple(each["heard_in"]),
                    }
                )
                for each in data["coming"]
            ),
            "history": tuple(
                BulletinMonth(**each | {"month": Month.parse(each["month"])})
                for each in data["history"]
            ),
        }
    )


def _from_report(session: Session, report: MonthReport) -> BulletinDocument:
    count = report.count
    core = {each.code: each for each in kinds.list_kinds(session) if each.is_core}
    present = tuple(code for code in core if code in count.by_kind)
    topics = {code: core[code].topic for code in present}
    wordings = {
        code: series_wording.from_json(data)
        for code, data in figures.list_wordings(session).items()
    }
    return BulletinDocument(
        month=count.month,
        revision=count.revision if report.is_closed else 0,
        is_closed=report.is_closed,
        cut=count.cut.replace(microsecond=0),
        digest=report.digest,
        is_reconstruction=count.is_synthetic,
        total=count.total,
        core=present,
        by_kind=dict(count.by_kind),
        by_office={slug: dict(row) for slug, row in count.by_office.items()},
        kind_names={code: each.name for code, each in count.kinds.items()},
        office_names={slug: each.name for slug, each in count.offices.items()},
        cities={},
        figures={each.series: each.value for each in report.figures},
        people=report.people.total if report.people else None,
        sentences=bulletin_sentences.write_sentences(
            report, present, wordings=wordings, topics=topics
        ),
        kind_topics=topics,
        kind_short_names={code: core[code].short_name for code in present},
        coming=(),
        title={},
        happened={},
        ahead={},
        correction={},
        by_region=workshop_counts.by_region(count),
        figure_names={each.series: each.label for each in report.figures},
    )


def _load_history(
    session: Session, report: MonthReport, *, now: datetime, is_before_release: bool
) -> tuple[BulletinMonth, ...]:
    """The year up to the month of the report, whose own numbers are those of the report."""
    first, last = report.month.plus(1 - HISTORY_MONTHS), report.month.plus(-1)
    embargo = None if is_before_release else releases.load_embargo(session, now)
    typed = month_report.list_figures(session, first, last, embargo=embargo)
    earlier = [
        BulletinMonth(
            month=each.month,
            total=None if each.is_hidden else each.total,
            by_kind=dict(each.numbers),
            figures=typed.get(each.month, {}),
        )
        for each in trends.by_kind(
            session, first, last, now=now, is_before_release=is_before_release
        )
    ]
    this = BulletinMonth(
        month=report.month,
        total=report.count.total,
        by_kind=dict(report.count.by_kind),
        figures={each.series: each.value for each in report.figures},
    )
    return (*earlier, this)


def _cities(session: Session, report: MonthReport) -> dict[str, str]:
    """Returns the city of each office of a report, by slug."""
    known = {office.slug: office.city for office in offices.list_offices(session)}
    return {
        slug: known.get(slug) or say(named.name, "es")
        for slug, named in report.count.offices.items()
    }


def _list_upcoming(session: Session, month: Month, now: datetime) -> list[UpcomingWorkshop]:
    """Returns some publicly listed workshops of a month, spread over its days and the offices."""
    first = max(month.first, now.date())
    days = (month.last - first).days + 1
    selected: dict[str, ListedWorkshop] = {}
    if days < 1:
        return []
    for part in range(MAX_UPCOMING):
        since, until = (days * index // MAX_UPCOMING for index in (part, part + 1))
        if since == until:
            continue
        filters = SearchFilters(
            since=first + timedelta(days=since), until=first + timedelta(days=until - 1)
        )
        page, _key = public_listing.list_page(session, filters, now=now, limit=search.PAGE_SIZE)
        shown = [each for each in page if _is_shown(each, now)]
        candidates = [each for each in shown if each.office_slug not in selected] or shown
        if candidates:
            first_listed = candidates[0]
            slug = first_listed.office_slug
            selected[first_listed.public_id if slug in selected else slug] = first_listed
    return [_upcoming(session, each) for each in selected.values()]


def _upcoming(session: Session, listed: ListedWorkshop) -> UpcomingWorkshop:
    is_open = listed.has_open_address and listed.venue_city
    return UpcomingWorkshop(
        id=listed.public_id,
        day=listed.day,
        starts=listed.starts,
        city=(listed.venue_city if is_open else None) or listed.office_city,
        title=json.loads(listed.title_json),
        heard_in=tuple(
            each.lang
            for each in voice_notes.list_played(session, session.get_one(Workshop, listed.id))
        ),
    )


def _still_shown(session: Session, coming: Sequence[UpcomingWorkshop]) -> list[UpcomingWorkshop]:
    """Drops the workshops that are cancelled or no longer publicly listed, for example because
    their kind became discreet."""
    shown = []
    for workshop in coming:
        try:
            listed = public_listing.get_listed(session, workshop.id)
        except NotFound:
            continue
        if listed.status is not WorkshopStatus.CANCELLED:
            shown.append(workshop)
    return shown


def _is_shown(listed: ListedWorkshop, now: datetime) -> bool:
    return listed.status is WorkshopStatus.PUBLISHED and listed.starts_at > now


def _format_instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def office_rows(document: BulletinDocument) -> list[tuple[str, list[int], int, int]]:
    """Returns (slug, numbers of the core kinds, sum of the other kinds, total) of each office, the
    largest total first."""
    rows = []
    for slug, numbers in document.by_office.items():
        shown = [numbers.get(code, 0) for code in document.core]
        rows.append((slug, shown, numbers[TOTAL] - sum(shown), numbers[TOTAL]))
    return sorted(rows, key=lambda row: (-row[3], fold(document.cities[row[0]])))
