"""The workshops of partner networks that a search finds, in the order of the list page.

Those with the code of a kind that is discreet here are never found, nor those whose network was not
heard of for a day. One that two networks show is found once: as its host's, where that is known.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.base import Words
from outreach.db.types import Codes, has_code
from outreach.domain.joint.partner_networks import (
    SHOWN_FOR,
    JointAttendance,
    JointState,
    JointWorkshop,
    PartnerNetwork,
)
from outreach.domain.locations.gazetteer import miles_between
from outreach.domain.locations.geocoding import LocationScale
from outreach.domain.network.kinds import Kind
from outreach.domain.search import search, workshop_list
from outreach.domain.search.search import NEAR_MILES, SearchFilters
from outreach.domain.search.workshop_list import POINTS, ListPosition
from outreach.domain.workshops import DeliveryMode

MAX_SHOWN: Final = 60  # on one page
_MODES: Final = {
    JointAttendance.IN_PERSON: DeliveryMode.IN_PERSON,
    JointAttendance.BOTH: DeliveryMode.HYBRID,
    JointAttendance.ONLINE: DeliveryMode.VIDEO_CALL,
    JointAttendance.PHONE: DeliveryMode.PHONE_BANK,
}


class JointResult(NamedTuple):
    """One workshop of a partner network. Equal results look the same on a page."""

    uid: str
    title_json: str
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    day: date
    state: JointState
    attendance: JointAttendance
    kind_name_json: str
    city: str
    region: str
    country: str
    latitude: float | None
    longitude: float | None
    place: str
    languages: Codes
    urls_json: str
    network_name: str
    network_host: str
    kind_id: int | None  # our kind with the same code
    own_kind_name_json: str | None
    sign: str | None
    pictogram: str | None

    @property
    def title(self) -> Words:
        return _read_words(self.title_json)

    @property
    def kind_name(self) -> Words:
        return _read_words(self.own_kind_name_json or self.kind_name_json)

    @property
    def urls(self) -> Words:
        return _read_words(self.urls_json)

    @property
    def mode(self) -> DeliveryMode:
        return _MODES[self.attendance]

    @property
    def starts(self) -> time:
        return self.starts_at.astimezone(self.zone).time()

    @property
    def ends(self) -> time:
        return self.ends_at.astimezone(self.zone).time()


class ListedJoint(NamedTuple):
    """One entry of the list; `rank` is the first value of its position there."""

    workshop: JointResult
    rank: float = 0.0
    miles: float | None = None

    @property
    def position(self) -> ListPosition:
        return self.rank, self.workshop.day, self.workshop.starts


@dataclass(frozen=True)
class JointPage:
    """The workshops of partner networks on one page of the list.

    The numbers count all pages; `kind_counts` whatever the kinds of the search, with None
    for kinds that we do not have.
    """

    near: tuple[ListedJoint, ...] = ()
    far: tuple[ListedJoint, ...] = ()
    online: tuple[ListedJoint, ...] = ()
    total: int = 0
    kind_counts: tuple[tuple[int | None, int], ...] = ()

    @property
    def results(self) -> list[JointResult]:
        return [each.workshop for each in (*self.near, *self.far, *self.online)]


@dataclass(frozen=True)
class PageRange:
    """The positions between which a page of our own workshops lies; None: no limit."""

    after: ListPosition | None = None
    until: ListPosition | None = None

    @classmethod
    def of_keys(cls, after: str, following: str) -> "PageRange":
        """Returns the range of a page by its own key and that of the page after it."""
        return cls(workshop_list.read_position(after), workshop_list.read_position(following))

    def select(self, found: Iterable[ListedJoint]) -> list[ListedJoint]:
        return [
            each
            for each in found
            if (self.after is None or each.position > self.after)
            and (self.until is None or each.position <= self.until)
        ][:MAX_SHOWN]


_SHOWN: Final = (
    sa.select(
        JointWorkshop.uid,
        sa.cast(JointWorkshop.title, sa.Text),
        JointWorkshop.starts_at,
        JointWorkshop.ends_at,
        JointWorkshop.zone,
        JointWorkshop.day,
        JointWorkshop.state,
        JointWorkshop.attendance,
        sa.cast(JointWorkshop.kind_name, sa.Text),
        JointWorkshop.city,
        JointWorkshop.region,
        JointWorkshop.country,
        JointWorkshop.latitude,
        JointWorkshop.longitude,
        JointWorkshop.place,
        JointWorkshop.languages,
        sa.cast(JointWorkshop.urls, sa.Text),
        PartnerNetwork.name,
        PartnerNetwork.host,
        Kind.id,
        sa.cast(Kind.short_name, sa.Text).label("own_name"),
        Kind.sign,
        Kind.pictogram,
    )
    .select_from(JointWorkshop)
    .join(PartnerNetwork, PartnerNetwork.id == JointWorkshop.network_id)
    .outerjoin(Kind, Kind.code == JointWorkshop.kind_code)
    .where(
        PartnerNetwork.generated_at > sa.bindparam("heard", type_=PartnerNetwork.generated_at.type),
        JointWorkshop.ends_at > sa.bindparam("now", type_=JointWorkshop.ends_at.type),
        JointWorkshop.day >= sa.bindparam("since", type_=sa.Date),
        JointWorkshop.day <= sa.bindparam("until", type_=sa.Date),
        sa.or_(Kind.id.is_(None), Kind.is_discreet.is_(False)),
    )
    .order_by(JointWorkshop.day, JointWorkshop.starts_at, PartnerNetwork.id, JointWorkshop.uid)
)
_HAS_ANY: Final = sa.select(sa.exists(sa.select(JointWorkshop.id)))


def search_page(
    session: Session,
    filters: SearchFilters,
    *,
    has_in_person: bool,
    is_online: bool,
    in_person: PageRange,
    online: PageRange,
    now: datetime,
) -> JointPage:
    """Returns the partner networks' workshops that lie within these ranges of a page.

    `has_in_person`: the search asks for what is held at a place; `is_online`: it asks for
    what is online.
    """
    if filters.where.scale in search.NOT_ONE_PLACE or filters.has_childcare:
        return JointPage()
    if not session.connection().scalar(_HAS_ANY):  # most networks have no partner
        return JointPage()
    everywhere = _list_from_anywhere(session, filters, now)
    here = _list_in_person(session, filters, now) if has_in_person else []
    counted = [*here, *(everywhere if is_online else ())]
    wanted = _choose_kinds(here, filters)
    shown = in_person.select(wanted)
    kind_counts = Counter(each.workshop.kind_id for each in counted)
    return JointPage(
        near=tuple(each for each in shown if not each.rank),
        far=tuple(each for each in shown if each.rank),
        online=tuple(online.select(_choose_kinds(everywhere, filters))),
        total=len(wanted),
        kind_counts=tuple(kind_counts.items()),
    )


def _list_in_person(session: Session, filters: SearchFilters, now: datetime) -> list[ListedJoint]:
    modes = filters.modes or workshop_list.IN_PERSON
    found = [
        each
        for each in _read(session, replace(filters, modes=modes), now)
        if not filters.country or each.country == filters.country
    ]
    where = filters.where
    if where.scale is LocationScale.REGION:
        return [ListedJoint(each) for each in found if each.region == where.region]
    if where.scale not in POINTS or where.position is None:
        return [ListedJoint(each) for each in found]
    nearby, listed = workshop_list.get_nearby_miles(filters.country), []
    for each in found:
        if each.latitude is None or each.longitude is None:
            continue
        miles = miles_between(where.position, (each.latitude, each.longitude))
        if miles <= NEAR_MILES:
            rank = round(miles, 1) if miles > nearby else 0.0
            listed.append(ListedJoint(each, rank, round(miles, 1)))
    return sorted(listed, key=lambda each: each.position)


def _list_from_anywhere(
    session: Session, filters: SearchFilters, now: datetime
) -> list[ListedJoint]:
    """Returns the workshops that one can attend from anywhere, those of the country of the
    search first.

    That is the order of our own.
    """
    wanted = replace(filters, modes=workshop_list.FROM_ANYWHERE)
    listed = [
        ListedJoint(each, float(bool(filters.country) and each.country != filters.country))
        for each in _read(session, wanted, now)
    ]
    return sorted(listed, key=lambda each: each.position)


def _read(session: Session, filters: SearchFilters, now: datetime) -> list[JointResult]:
    """Returns the results of these modes, days and languages, by start; each workshop once."""
    attendances = [each for each, mode in _MODES.items() if mode in filters.modes]
    statement = _SHOWN.where(JointWorkshop.attendance.in_(attendances))
    if filters.understood:
        statement = statement.where(
            sa.or_(*(has_code(JointWorkshop.languages, each) for each in filters.understood))
        )
    if filters.has_free_places:
        statement = statement.where(JointWorkshop.state == JointState.OPEN)
    values: dict[str, Any] = search.compute_window(filters, now)
    values["heard"] = now - SHOWN_FOR
    found: dict[str, JointResult] = {}
    for row in session.connection().execute(statement, values):
        result = JointResult._make(row)
        known = found.get(result.uid)
        if known is None or (_is_host(result) and not _is_host(known)):
            found[result.uid] = result
    return list(found.values())


def _is_host(result: JointResult) -> bool:
    """Tells whether the UID names the network that shows the workshop."""
    return result.uid.endswith(f"@{result.network_host}")


def _choose_kinds(found: Sequence[ListedJoint], filters: SearchFilters) -> list[ListedJoint]:
    return [
        each
        for each in found
        if (not filters.kinds or each.workshop.kind_id in filters.kinds)
        and each.workshop.kind_id not in filters.excluded_kinds
    ]


def _read_words(text: str) -> Words:
    words: Words = json.loads(text)
    return words
