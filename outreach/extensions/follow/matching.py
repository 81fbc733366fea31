"""Which workshops are news to whom, and queueing the messages.

A workshop is announced an hour after its publication at the earliest, which can be undone until
then, and to one person once a week at most. Who follows is read from the key store in batches.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock, network_profile
from outreach.db.base import Words
from outreach.db.store import Store
from outreach.domain.locations.gazetteer import (
    GazetteerPlace,
    PlaceKind,
    miles_between,
)
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import HIGH_SENSITIVITIES, Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import text_hours
from outreach.domain.search.search import LATITUDE, LONGITUDE
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.errors import DataErased
from outreach.extensions.follow import choices, follows, message_queue
from outreach.extensions.follow.choices import DISTANCES, FollowChoice
from outreach.extensions.follow.tables import (
    Follow,
    FollowChannel,
    FollowMessage,
    FollowMessageType,
    FollowSubject,
)
from outreach.keystore import KeyStore

ANNOUNCED_AFTER: Final = timedelta(hours=1)  # a publication
MIN_INTERVAL: Final = timedelta(days=7)  # between two messages of news to one person
OLDEST_NEWS: Final = timedelta(days=90)
ENDING_DAYS: Final = 7  # before the end: the message that offers to renew it
MORNING: Final = time(9)  # at the venue; registration opens at midnight


class NewWorkshop(NamedTuple):
    """A workshop of the public list that is ahead."""

    id: int
    public_id: str
    title: Words
    published_at: datetime
    kind_code: str
    sensitivity: str
    mode: DeliveryMode
    day: date
    starts: time
    starts_at: datetime
    zone: ZoneInfo
    venue_city: str | None
    venue_region: str | None
    latitude: float | None
    longitude: float | None
    office_city: str
    office_region: str

    @property
    def is_sensitive(self) -> bool:
        return self.sensitivity in HIGH_SENSITIVITIES

    @property
    def city(self) -> str:
        return self.venue_city or self.office_city

    @property
    def region(self) -> str:
        return self.venue_region or self.office_region


_NEW: Final = (
    sa.select(
        Workshop.id,
        Workshop.public_id,
        Workshop.title,
        Workshop.published_at,
        Kind.code,
        Kind.sensitivity,
        Workshop.mode,
        Workshop.day,
        Workshop.starts,
        Workshop.starts_at,
        Workshop.zone,
        Venue.city,
        Venue.region,
        LATITUDE,
        LONGITUDE,
        Office.city,
        Office.region,
    )
    .select_from(Workshop)
    .join(Kind, Kind.id == Workshop.kind_id)
    .join(Office, Office.id == Workshop.office_id)
    .outerjoin(Venue, Venue.id == Workshop.venue_id)
    .where(
        Workshop.status == WorkshopStatus.PUBLISHED,
        Workshop.way != Way.UNLISTED,
        Workshop.is_discreet.is_(False),
        Kind.is_discreet.is_(False),
        Workshop.day >= sa.bindparam("first_day", type_=Workshop.day.type),  # by index
        Workshop.starts_at > sa.bindparam("now", type_=Workshop.starts_at.type),
        Workshop.published_at > sa.bindparam("since", type_=Workshop.published_at.type),
        Workshop.published_at <= sa.bindparam("until", type_=Workshop.published_at.type),
    )
    .order_by(Workshop.published_at, Workshop.id)
)


def list_new(
    session: Session, *, since: datetime, until: datetime, now: datetime
) -> list[NewWorkshop]:
    """Returns the workshops published after `since`, up to `until`, in that order.

    They are only those that are on the public list and have not begun, so never a discreet one.
    """
    # In a zone west of Greenwich it may still be the day before.
    first_day = now.date() - timedelta(days=1)
    values_of_query = {"since": since, "until": until, "now": now, "first_day": first_day}
    rows = session.execute(_NEW, values_of_query)
    values: Iterable[Sequence[Any]] = (tuple(row) for row in rows)
    return [NewWorkshop(*each) for each in values]


class NewsMatcher:
    """Finds the workshops of choices among those of one list. Distances are computed once for each
    area: choices differ, and areas are few."""

    def __init__(self, listed: Sequence[NewWorkshop]) -> None:
        self._listed = listed  # by publication
        self._candidates: dict[GazetteerPlace, list[tuple[NewWorkshop, float]]] = {}

    def find(self, choice: FollowChoice, since: datetime) -> Sequence[NewWorkshop]:
        """Returns the workshops of the choice published after `since`, in the order of
        publication.
        """
        if choice.area is None:
            return ()
        candidates = self._candidates.get(choice.area)
        if candidates is None:
            candidates = self._candidates[choice.area] = self._list_candidates(choice.area)
        return [
            each
            for each, miles in candidates
            if each.published_at > since and is_wanted(choice, each, miles)
        ]

    def _list_candidates(self, area: GazetteerPlace) -> list[tuple[NewWorkshop, float]]:
        """Returns the workshops that some choice of the area may want, and how many miles away
        each is.
        """
        widest = FollowChoice(area, max(DISTANCES))
        measured = ((each, _measure(area, each)) for each in self._listed)
        return [(each, miles) for each, miles in measured if is_wanted(widest, each, miles)]


def is_wanted(choice: FollowChoice, workshop: NewWorkshop, miles: float) -> bool:
    """Tells whether a workshop is of the kinds and the place of a choice.

    It is `miles` away from the area of the choice.
    """
    area = choice.area
    if area is None or (choice.kinds and workshop.kind_code not in choice.kinds):
        return False
    is_online = not workshop.mode.has_venue or workshop.mode is DeliveryMode.HYBRID
    country = network_profile.country_of(workshop.office_region)
    is_in_country = country == network_profile.country_of(area.region)
    if is_online and choice.has_online and is_in_country:
        return True
    return workshop.mode.has_venue and miles <= choice.miles


def _measure(area: GazetteerPlace, workshop: NewWorkshop) -> float:
    """Returns the distance in miles from the middle of an area.

    From a state it is 0 to what is in it, and infinite to all else.
    """
    if area.kind is PlaceKind.REGION:
        return 0.0 if workshop.region == area.region else math.inf
    if workshop.latitude is None or workshop.longitude is None:
        return math.inf
    return miles_between(area.position, (workshop.latitude, workshop.longitude))


# What a stranger typed is no subscription until its service has accepted a message: until then no
# other is sent there, so that invented ones delay nobody's.
_IS_PROVEN: Final = sa.or_(
    Follow.channel != FollowChannel.PUSH,
    sa.not_(
        sa.exists()
        .where(
            FollowMessage.follow_id == Follow.id,
            FollowMessage.message_type == FollowMessageType.CONFIRM,
            FollowMessage.done_at.is_(None),
        )
        .correlate(Follow)
    ),
)


def enqueue_news(store: Store, key_store: KeyStore, *, now: datetime) -> int:
    """Queues a message for everybody to whom a workshop is new; returns how many."""
    until = clock.hour_of(now - ANNOUNCED_AFTER)  # as it is stored
    with store.read() as session:
        listed = list_new(session, since=now - OLDEST_NEWS, until=until, now=now)
    if not listed:
        return 0
    matcher, count = NewsMatcher(listed), 0
    for rows in _list_listeners(key_store, newest=listed[-1].published_at, now=now):
        due = [row for row in rows if _has_news(key_store, matcher, row)]
        if due:
            with key_store.store.change() as session:
                count += _enqueue_news(session, due, until=until, now=now)
    return count


def _has_news(key_store: KeyStore, matcher: NewsMatcher, row: Follow) -> bool:
    try:
        follow = follows.unseal(key_store, row)
    except DataErased:
        return False
    return bool(matcher.find(follow.details.choice, row.news_since))


def _list_listeners(
    key_store: KeyStore, *, newest: datetime, now: datetime
) -> Iterator[Sequence[Follow]]:
    """Yields the follows that may be written to about news, in batches; each is read by itself."""
    last = b""
    while True:
        with key_store.store.read() as session:
            rows = session.scalars(
                sa.select(Follow)
                .where(
                    Follow.subject == FollowSubject.AREA,
                    Follow.is_confirmed.is_(True),
                    Follow.expires_on > key_store.today(),
                    Follow.news_since < newest,
                    _is_due(now),
                    _IS_PROVEN,
                    Follow.id > last,
                )
                .order_by(Follow.id)
                .limit(follows.BATCH)
            ).all()
        if not rows:
            return
        yield rows
        last = rows[-1].id


def _is_due(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(Follow.quiet_until.is_(None), Follow.quiet_until <= now)


def _enqueue_news(
    session: Session, due: Sequence[Follow], *, until: datetime, now: datetime
) -> int:
    """Queues one message each, and records what it announces in the same transaction.

    A follow that has ended meanwhile gets none, nor one for which another worker, whose
    lease had run out, has queued one.
    """
    there = set(
        session.scalars(
            sa.select(Follow.id)
            .where(Follow.id.in_([row.id for row in due]), _is_due(now))
            .with_for_update(key_share=True)
        )
    )
    due = [row for row in due if row.id in there]
    if not due:
        return 0
    session.execute(
        sa.update(Follow),
        [{"id": row.id, "news_since": until, "quiet_until": now + MIN_INTERVAL} for row in due],
    )
    session.execute(
        sa.insert(FollowMessage),
        [
            _row(row, FollowMessageType.NEWS, message_queue.find_daytime(row.channel, now), now)
            | {"news_since": row.news_since, "news_until": until}
            for row in due
        ],
    )
    return len(due)


def enqueue_single(store: Store, key_store: KeyStore, *, now: datetime) -> int:
    """Queues the one message of those who wait for one workshop; returns how many messages.

    It says that registration has opened, or that a full workshop has a seat. Follows about a
    workshop that is over, cancelled, or may not be followed any more are ended.
    """
    with key_store.store.read() as session:
        waiting = session.execute(
            sa.select(Follow.workshop, Follow.subject, Follow.channel)
            .where(Follow.workshop.is_not(None))
            .distinct()
        ).all()
    if not waiting:
        return 0
    with store.read() as session:
        wanted = {row.workshop for row in waiting}
        found = {
            each.id: each
            for each in session.scalars(sa.select(Workshop).where(Workshop.id.in_(wanted)))
            if is_ahead(each, now)
        }
    count = 0
    for row in waiting:
        workshop = found.get(row.workshop or 0)
        if workshop is None or not may_follow(workshop, row.channel):
            follows.delete_of_workshop(key_store, row.workshop or 0, row.channel)
        elif has_come(workshop, row.subject, now):
            count += _enqueue_single(key_store, workshop, row.subject, row.channel, now=now)
    return count


def can_be_followed(workshop: Workshop) -> bool:
    """Tells whether somebody may wait for this workshop.

    They may not where its link is a permission, or the kind is discreet.
    """
    return not (workshop.is_hidden or workshop.kind.is_discreet) and workshop.takes_places


def may_follow(workshop: Workshop, channel: FollowChannel) -> bool:
    """Tells whether somebody may still wait for this workshop on this channel.

    Its kind may have become discreet or of high sensitivity since they asked.
    """
    return can_be_followed(workshop) and choices.may_be_followed(workshop.kind, channel)


def is_ahead(workshop: Workshop, now: datetime) -> bool:
    is_public = workshop.status is WorkshopStatus.PUBLISHED and can_be_followed(workshop)
    return is_public and now < workshop.starts_at


def find_subject(workshop: Workshop, now: datetime) -> FollowSubject | None:
    """Returns what somebody may wait for at a workshop; None where there is nothing to wait for."""
    if not is_ahead(workshop, now):
        return None
    if not workshop.has_opened(now):
        return FollowSubject.OPENING
    return FollowSubject.SEAT if workshop.appears_full else None


def has_come(workshop: Workshop, subject: FollowSubject, now: datetime) -> bool:
    """Tells whether what somebody waits for is there."""
    if not workshop.is_open(now):
        return False
    return subject is FollowSubject.OPENING or not workshop.appears_full


def _enqueue_single(
    key_store: KeyStore,
    workshop: Workshop,
    subject: FollowSubject,
    channel: FollowChannel,
    *,
    now: datetime,
) -> int:
    """Queues a message to each who waits for it and has none yet."""
    message_type = FollowMessageType(subject.value)
    has_message = (
        sa.exists()
        .where(FollowMessage.follow_id == Follow.id, FollowMessage.message_type == message_type)
        .correlate(Follow)
    )
    with key_store.store.change() as session:
        rows = session.scalars(
            sa.select(Follow)
            .where(
                Follow.workshop == workshop.id,
                Follow.subject == subject,
                Follow.channel == channel,
                Follow.is_confirmed.is_(True),
                Follow.expires_on > key_store.today(),
                _IS_PROVEN,
                sa.not_(has_message),
            )
            .with_for_update()
        ).all()
        if rows:
            session.execute(
                sa.insert(FollowMessage),
                [_row(row, message_type, _hour_for(row, workshop, now), now) for row in rows],
            )
    return len(rows)


def _hour_for(row: Follow, workshop: Workshop, now: datetime) -> datetime:
    """Returns when somebody is notified of an opening or a seat.

    If registration opened in the night, it is at nine in the morning of the venue.
    """
    if row.channel is FollowChannel.LETTER:
        return now
    if row.subject is FollowSubject.OPENING and workshop.opens_at is not None:
        morning = clock.instant(
            workshop.opens_at.astimezone(workshop.zone).date(), MORNING, workshop.zone
        )
        now = max(now, morning)
    return text_hours.find_next(workshop, now)


def ends_soon(key_store: KeyStore, expires_on: date) -> bool:
    """Tells whether it is time to offer 90 days more."""
    return expires_on <= key_store.today() + timedelta(days=ENDING_DAYS)


def enqueue_endings(key_store: KeyStore, *, now: datetime) -> int:
    """Queues, a week before the end, the message with which a follow is renewed; returns how
    many."""
    message_type = FollowMessageType.ENDING
    has_message = (
        sa.exists()
        .where(FollowMessage.follow_id == Follow.id, FollowMessage.message_type == message_type)
        .correlate(Follow)
    )
    with key_store.store.change() as session:
        rows = session.scalars(
            sa.select(Follow)
            .where(
                Follow.subject == FollowSubject.AREA,
                Follow.is_confirmed.is_(True),
                Follow.expires_on > key_store.today(),
                Follow.expires_on <= key_store.today() + timedelta(days=ENDING_DAYS),
                sa.not_(has_message),
            )
            .limit(follows.BATCH)
        ).all()
        if rows:
            session.execute(
                sa.insert(FollowMessage),
                [
                    _row(row, message_type, message_queue.find_daytime(row.channel, now), now)
                    for row in rows
                ],
            )
    return len(rows)


def _row(
    row: Follow, message_type: FollowMessageType, due_at: datetime, now: datetime
) -> dict[str, object]:
    return {
        "follow_id": row.id,
        "channel": row.channel,
        "message_type": message_type,
        "made_at": now,
        "due_at": due_at,
    }


def sort_by_day(found: Iterable[NewWorkshop]) -> list[NewWorkshop]:
    return sorted(found, key=lambda each: (each.day, each.starts, each.id))
