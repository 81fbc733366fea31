"""The monthly bulletin: all that it tells, in three languages, from the numbers of one revision.

What was published is read from what was frozen with it, so that it never changes. What comes next
is told as it stood then, without what may no longer be shown.
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
from outreach.domain.search import public_listing, search
from outreach.domain.search.public_listing import ListedWorkshop
from outreach.domain.search.search import SearchFilters
from outreach.domain.text import fold
from outreach.domain.workshops import WorkshopStatus
from outreach.errors import NotFound
from outreach.i18n import say
from outreach.reports import bulletin_sentences, month_report
from outreach.reports.bulletin_sentences import BulletinSentence
from outreach.reports.month_report import MonthReport
from outreach.reports.workshop_counts import TOTAL

FORMAT: Final = 1  # of what is frozen: raise it when something in it changes its meaning
MOST_COMING: Final = 6


@dataclass(frozen=True, kw_only=True)
class UpcomingWorkshop:
    """A workshop of the next month. Its address is not told, only the city."""

    id: str
    day: date
    starts: time
    city: str
    title: Words


@dataclass(frozen=True, kw_only=True)
class BulletinDocument:
    """A bulletin. Its numbers are those of the revision; 0 is an open month's, provisional."""

    month: Month
    revision: int
    is_closed: bool
    cut: datetime
    digest: str  # SHA-256 of the revision
    is_reconstruction: bool
    total: int
    core: tuple[str, ...]  # the kinds that are told one by one
    by_kind: Mapping[str, int]
    by_office: Mapping[str, Mapping[str, int]]
    kind_names: Mapping[str, Words]
    office_names: Mapping[str, Words]
    cities: Mapping[str, str]  # of the offices
    figures: Mapping[str, int]
    people: int | None
    sentences: tuple[BulletinSentence, ...]
    coming: tuple[UpcomingWorkshop, ...]
    edition: int | None = None  # None: nobody has written one
    published_at: datetime | None = None
    # What people wrote, as Markdown; a title is plain.
    title: Words
    happened: Words
    ahead: Words
    correction: Words

    def of_topic(self, topic: str) -> list[BulletinSentence]:
        return [each for each in self.sentences if each.topic == topic]


def document(
    session: Session, month: Month, *, now: datetime, edition: BulletinEdition | None = None
) -> BulletinDocument:
    """The bulletin of a month: of the edition given, which may be a draft, else of the last one
    that was published, else as the numbers alone make it."""
    edition = edition or bulletins.latest(session, month)
    if edition is not None and edition.frozen:
        bulletin = from_json(json.loads(edition.frozen))
        return replace(bulletin, coming=tuple(_still_shown(session, bulletin.coming)))
    number = edition.revision or None if edition else None
    report = month_report.report(session, month, now=now, number=number)
    made = replace(
        _made(report, [kind.code for kind in kinds.list_kinds(session) if kind.is_core]),
        cities=_cities(session, report),
        coming=tuple(_coming(session, month.following, now)),
    )
    if edition is None:
        return made
    return replace(
        made,
        edition=edition.number,
        published_at=edition.published_at,
        title=edition.title,
        happened=edition.happened,
        ahead=edition.ahead,
        correction=edition.correction,
    )


def as_json(document: BulletinDocument) -> dict[str, Any]:
    """All of it, in three languages; what a published edition freezes. Only ever added to."""
    data = asdict(document)
    coming = [
        each | {"day": str(each["day"]), "starts": f"{each['starts']:%H:%M}"}
        for each in data.pop("coming")
    ]
    return {
        "format": FORMAT,
        **data,
        "month": str(document.month),
        "state": "closed" if document.is_closed else "open",
        "cut": _moment(document.cut),
        "published_at": _moment(document.published_at) if document.published_at else None,
        "core": list(document.core),
        "sentences": [
            each | {"values": list(each["values"])} for each in data["sentences"]
        ],
        "coming": coming,
    }  # fmt: skip


def from_json(kept: Mapping[str, Any]) -> BulletinDocument:
    """A document again, of what `as_json` gave."""
    published = kept["published_at"]
    values = {
        name: value for name, value in kept.items() if name in BulletinDocument.__annotations__
    }
    return BulletinDocument(
        **values
        | {
            "month": Month.parse(kept["month"]),
            "cut": datetime.fromisoformat(kept["cut"]),
            "published_at": datetime.fromisoformat(published) if published else None,
            "core": tuple(kept["core"]),
            "sentences": tuple(
                BulletinSentence(**each | {"values": tuple(each["values"])})
                for each in kept["sentences"]
            ),
            "coming": tuple(
                UpcomingWorkshop(
                    **each
                    | {
                        "day": date.fromisoformat(each["day"]),
                        "starts": time.fromisoformat(each["starts"]),
                    }
                )
                for each in kept["coming"]
            ),
        }
    )


def _made(report: MonthReport, core: Sequence[str]) -> BulletinDocument:
    count = report.count
    present = tuple(code for code in core if code in count.by_kind)
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
        sentences=bulletin_sentences.write_sentences(report, present),
        coming=(),
        title={},
        happened={},
        ahead={},
        correction={},
    )


def _cities(session: Session, report: MonthReport) -> dict[str, str]:
    """Where the offices of a report are; a table has no room for their names."""
    known = {office.slug: office.city for office in offices.list_offices(session)}
    return {
        slug: known.get(slug) or say(named.name, "es")
        for slug, named in report.count.offices.items()
    }


def _coming(session: Session, month: Month, now: datetime) -> list[UpcomingWorkshop]:
    """Some of what the public list has of a month, spread over it and over the offices."""
    first = max(month.first, now.date())
    days = (month.last - first).days + 1
    found: dict[str, ListedWorkshop] = {}
    if days < 1:
        return []
    for part in range(MOST_COMING):
        since, until = (days * each // MOST_COMING for each in (part, part + 1))
        if since == until:
            continue
        filters = SearchFilters(
            since=first + timedelta(days=since), until=first + timedelta(days=until - 1)
        )
        page, _key = public_listing.list_page(session, filters, now=now, limit=search.PAGE_SIZE)
        shown = [each for each in page if _is_shown(each, now)]
        fresh = [each for each in shown if each.office_slug not in found] or shown
        if fresh:
            one = fresh[0]
            found[one.office_slug if one.office_slug not in found else one.public_id] = one
    return [_upcoming(each) for each in found.values()]


def _upcoming(found: ListedWorkshop) -> UpcomingWorkshop:
    is_open = found.has_open_address and found.venue_city
    return UpcomingWorkshop(
        id=found.public_id,
        day=found.day,
        starts=found.starts,
        city=(found.venue_city if is_open else None) or found.office_city,
        title=json.loads(found.title_json),
    )


def _still_shown(session: Session, coming: Sequence[UpcomingWorkshop]) -> list[UpcomingWorkshop]:
    """Those that are on the public list yet, and not cancelled: a kind may have become discreet."""
    kept = []
    for each in coming:
        try:
            found = public_listing.get_listed(session, each.id)
        except NotFound:
            continue
        if found.status is not WorkshopStatus.CANCELLED:
            kept.append(each)
    return kept


def _is_shown(found: ListedWorkshop, now: datetime) -> bool:
    return found.status is WorkshopStatus.PUBLISHED and found.starts_at > now


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def office_rows(document: BulletinDocument) -> list[tuple[str, list[int], int, int]]:
    """Slug, the core kinds, all others together, and the total; the largest first."""
    rows = []
    for slug, numbers in document.by_office.items():
        shown = [numbers.get(code, 0) for code in document.core]
        rows.append((slug, shown, numbers[TOTAL] - sum(shown), numbers[TOTAL]))
    return sorted(rows, key=lambda row: (-row[3], fold(document.cities[row[0]])))
