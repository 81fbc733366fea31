"""The workshop: its table, its status and the queries that find workshops.

Day and hours on the wall clock of the venue are the truth. `starts_at` and `ends_at` (UTC) and
`month` are computed from them and stored for searching and counting.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach import clock
from outreach.db.base import Amounts, Base, Words
from outreach.db.types import Codes
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import HIGH_SENSITIVITIES, Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.text import MAX_SEARCH_TEXT, code, make_search_text
from outreach.domain.workshops import seat_states
from outreach.domain.workshops.series import WorkshopSeries
from outreach.errors import NotFound
from outreach.zone_rules import choose_calendar_zone


class WorkshopStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"
    HELD = "held"  # reported, with a head count
    NOT_HELD = "not_held"


PUBLIC_STATUSES: Final = tuple(each for each in WorkshopStatus if each is not WorkshopStatus.DRAFT)
COUNTED_STATUSES: Final = (WorkshopStatus.PUBLISHED, WorkshopStatus.HELD)
_COUNTS: Final = sa.text("status IN ('published', 'held')")
# The host of the UIDs of discreet workshops, reserved by RFC 2606: a calendar is seen by others,
# and the site's own host would name the network (S14).
NEUTRAL_UID_HOST: Final = "calendar.invalid"
UID_PREFIX: Final = "taller-"  # prefix of a uid in files and calendars
# So long before the start a change may reach somebody too late, who has set out.
SETS_OUT_WITHIN: Final = timedelta(hours=24)
CONTACT_HOUR: Final = time(11)  # local time of letters and texts
# Somebody who comes to a workshop reads its reminder on the morning of the day, or, where that is
# too early to get ready, and where nobody has to set out, on the evening before.
_REMINDER_MORNING: Final = time(8)
_REMINDER_EVENING: Final = time(18)
_STARTS_EARLY_BEFORE: Final = time(10)
_EARLY_REMINDER_DAYS: Final = 2  # before the workshop
_MAX_DAYS_OF_QUESTION: Final = 3  # that it may be before the workshop to take that reminder's place


class DeliveryMode(StrEnum):
    """How a workshop is delivered; the codes are those of the data files."""

    IN_PERSON = "presencial"
    LIVE_STREAM = "virtual_en_vivo"
    VIDEO_CALL = "virtual_sala"
    HYBRID = "hibrido"
    PHONE_BANK = "telefonico"

    @property
    def has_venue(self) -> bool:
        return self in {DeliveryMode.IN_PERSON, DeliveryMode.HYBRID}

    @property
    def is_from_anywhere(self) -> bool:
        """Whether a person may take part without coming, and so be in another time zone."""
        return self is not DeliveryMode.IN_PERSON

    @property
    def channels(self) -> "tuple[Channel, ...]":
        """The ways in which a person can take part; the first is taken where they do not choose."""
        if self is DeliveryMode.HYBRID:
            return Channel.VENUE, Channel.ONLINE
        if self is DeliveryMode.PHONE_BANK:
            return (Channel.PHONE,)
        return (Channel.VENUE if self.has_venue else Channel.ONLINE,)


class Channel(StrEnum):
    """The way in which one person takes part in a workshop."""

    VENUE = "venue"
    ONLINE = "online"
    PHONE = "phone"


class Workshop(Base):
    __tablename__ = "workshop"
    __table_args__ = (
        sa.CheckConstraint("seats_left >= 0", name="seats_left"),
        sa.CheckConstraint("capacity >= 0", name="capacity"),
        sa.CheckConstraint("overbooked >= 0", name="overbooked"),
        # Covers the count of a month (`outreach.reports`), which does not read the table.
        sa.Index(None, "month", "status", "kind_id", "office_id", "is_synthetic"),
        sa.Index(
            None, "month", "kind_id", "status", sqlite_where=_COUNTS, postgresql_where=_COUNTS
        ),
        sa.Index(
            "ix_workshop_rebuilt", "month", "status", "kind_id", "office_id",
            sqlite_where=sa.text("is_synthetic = 1"), postgresql_where=sa.text("is_synthetic"),
        ),
        sa.Index(
            None, "undo_until",
            sqlite_where=sa.text("undo_until IS NOT NULL"),
            postgresql_where=sa.text("undo_until IS NOT NULL"),
        ),
        sa.Index(None, "day", "starts", "id"),
        sa.Index(None, "office_id", "day"),
        sa.Index(None, "kind_id", "day"),
        # Covers the staff's search (`search.staff_search`), which reads it and not the table.
        sa.Index(
            "ix_workshop_search", "office_id", "day", "id", "kind_id", "venue_id", "search_text"
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    # In addresses: 16 characters. Older ones have 10, or 26 where the link is a permission.
    public_id: Mapped[str] = mapped_column(sa.String(26), unique=True)
    # In calendars: never changes and is no address.
    uid: Mapped[str] = mapped_column(
        sa.String(26), unique=True, init=False, default_factory=lambda: code(20)
    )
    # Whether its UIDs have the neutral host: of workshops made discreet; a UID never changes.
    has_neutral_uid: Mapped[bool] = mapped_column(init=False, server_default=sa.false())
    # The id of the imported row, so that importing it again changes the workshop.
    external_id: Mapped[str | None] = mapped_column(sa.String(120), unique=True, default=None)
    is_synthetic: Mapped[bool] = mapped_column(
        default=False
    )  # a reconstruction, said wherever shown

    office_id: Mapped[int] = mapped_column(sa.ForeignKey("office.id"), init=False)
    office: Mapped[Office] = relationship(
        lazy="joined",
        innerjoin="unnested",  # type: ignore[arg-type]  # its types lack it
    )
    kind_id: Mapped[int] = mapped_column(sa.ForeignKey("kind.id"), init=False)
    kind: Mapped[Kind] = relationship(
        lazy="joined",
        innerjoin="unnested",  # type: ignore[arg-type]  # its types lack it
    )
    venue_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("venue.id"), init=False, index=True, nullable=True
    )
    venue: Mapped[Venue | None] = relationship(lazy="joined")
    series_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("workshop_series.id"), init=False, index=True, nullable=True
    )
    series: Mapped[WorkshopSeries | None] = relationship(default=None, lazy="joined")
    # The stop of a tour (`scheduling.tours`) at which it is held.
    stop_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("tour_stop.id"), index=True, default=None
    )

    title: Mapped[Words]
    summary: Mapped[Words]
    bring: Mapped[Words]
    mode: Mapped[DeliveryMode]
    way: Mapped[Way]
    visibility: Mapped[Visibility]
    languages: Mapped[Codes]
    interpretation: Mapped[Codes]
    has_childcare: Mapped[bool]
    facilitator: Mapped[str] = mapped_column(sa.String(120), default="")
    phone: Mapped[str] = mapped_column(sa.String(40), default="")  # empty: the office's
    online_url: Mapped[str] = mapped_column(
        sa.String(400), default=""
    )  # only for registered people
    live_url: Mapped[str] = mapped_column(
        sa.String(400), default="", server_default=""
    )  # a stream that everybody may watch; see `public_link`

    # Copied from the kind when it was made: a kind may become less discreet, it does not (S32).
    is_discreet: Mapped[bool] = mapped_column(init=False)
    # Whether other sites have a copy, which nobody here can delete (`pushed.py`).
    was_pushed: Mapped[bool] = mapped_column(init=False, default=False, server_default=sa.false())

    zone: Mapped[ZoneInfo]
    day: Mapped[date]
    starts: Mapped[time]
    ends: Mapped[time]  # not after `starts`: the next day
    starts_at: Mapped[datetime] = mapped_column(init=False)
    ends_at: Mapped[datetime] = mapped_column(init=False, index=True)
    # The zone of its events in calendars; not the venue's where readers differ (`zone_rules`).
    calendar_zone: Mapped[ZoneInfo] = mapped_column(init=False, server_default="UTC")
    # Whether the second one is meant, of an hour that clocks show twice that day.
    is_second_hour: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    month: Mapped[int] = mapped_column(init=False)  # 202001

    status: Mapped[WorkshopStatus]
    capacity: Mapped[int]  # chairs; with time slots, the sum of their places
    overbooked: Mapped[int] = mapped_column(default=0)  # seats beyond the chairs
    seats_left: Mapped[int]  # out of capacity + overbooked
    # Seats of a larger capacity that nobody can take before `undo_until`, when they are offered to
    # the waitlist; without `undo_until`, before staff decide.
    held_seats: Mapped[int] = mapped_column(default=0, server_default="0")
    undo_until: Mapped[datetime | None] = mapped_column(default=None)
    # Where it `hides_seats`, the state that the public sees (`seat_states`), and the accommodations
    # that it sees as used up.
    shown_seats: Mapped[int] = mapped_column(init=False)
    shown_used_up: Mapped[Codes] = mapped_column(default_factory=Codes)
    slot_minutes: Mapped[int | None] = mapped_column(
        default=None
    )  # minutes from one slot to the next
    slot_places: Mapped[int] = mapped_column(default=1)  # in each slot
    support: Mapped[Amounts] = mapped_column(default_factory=dict)  # by need; absent: no limit
    opens_days: Mapped[int | None] = mapped_column(default=None)  # before the day; None: at once
    confirm_days: Mapped[int | None] = mapped_column(default=None)  # None: no reconfirmation
    frees_silence: Mapped[bool] = mapped_column(
        default=False
    )  # without an answer the seat is released
    party_limit: Mapped[int]
    has_waiting_list: Mapped[bool] = mapped_column(default=True)
    retention_days: Mapped[int]
    has_reminders: Mapped[bool]
    # Whether partner networks may show it (`domain.joint`).
    is_shared: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    walk_ins: Mapped[int] = mapped_column(default=0)
    head_count: Mapped[int | None] = mapped_column(default=None)

    sequence: Mapped[int] = mapped_column(default=0)  # SEQUENCE of iCalendar
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime] = mapped_column(index=True)
    # The last time that it moved while it was public, and the day and start before.
    moved_at: Mapped[datetime | None] = mapped_column(init=False, default=None)
    previous_day: Mapped[date | None] = mapped_column(init=False, default=None)
    previous_starts: Mapped[time | None] = mapped_column(init=False, default=None)
    # Its start before it moved within a day of it: somebody may still set out for that.
    expected_at: Mapped[datetime | None] = mapped_column(init=False, default=None)
    # The first time; of one that was unlisted or discreet then, since when the public list has it.
    published_at: Mapped[datetime | None] = mapped_column(default=None)
    cancelled_at: Mapped[datetime | None] = mapped_column(default=None)
    # When it was closed for danger at its venue, and who could read the address before; NULL unless
    # it is closed (`workshop_service.close_for_danger`).
    danger_at: Mapped[datetime | None] = mapped_column(init=False, default=None)
    visibility_before_danger: Mapped[Visibility | None] = mapped_column(init=False, default=None)
    # What people have to know since its last change (`facts.py`); NULL before the first one.
    facts: Mapped[bytes | None] = mapped_column(sa.LargeBinary(16), init=False, default=None)
    # The facts that staff decided to tell nobody.
    withheld_facts: Mapped[bytes | None] = mapped_column(
        sa.LargeBinary(16), init=False, default=None
    )
    # The words of its titles and its public id, set when a row is written. The default is for a
    # process of the version before, which writes no such column.
    search_text: Mapped[str] = mapped_column(
        sa.String(MAX_SEARCH_TEXT), init=False, default="", server_default="", deferred=True
    )

    def __post_init__(self) -> None:
        self.is_discreet = self.has_neutral_uid = self.kind.is_discreet
        self.shown_seats = seat_states.compute_shown(self.seats_left)
        self.retime()

    def retime(self) -> None:
        """Computes the instants, the zone of calendars and the month from the wall clock."""
        self.starts_at, self.ends_at = clock.span(
            self.day, self.starts, self.ends, self.zone, is_second=self.is_second_hour
        )
        self.calendar_zone = choose_calendar_zone(self.zone, self.starts_at, self.ends_at)
        self.month = clock.Month.from_day(self.day).number

    @property
    def is_hidden(self) -> bool:
        """Whether who has its link may see it: the id is long, and in no public list or search
        engine.
        """
        return self.way is Way.UNLISTED or self.is_discreet

    @property
    def is_sensitive(self) -> bool:
        """Whether each look at its people is logged (S23)."""
        return self.is_discreet or self.kind.sensitivity in HIGH_SENSITIVITIES

    @property
    def has_secret_address(self) -> bool:
        return self.visibility is not Visibility.PUBLIC

    @property
    def meeting_point(self) -> Words:
        """What the public reads instead of a hidden address; empty without one."""
        is_shown = self.visibility in {Visibility.REGISTERED, Visibility.APPROVED}
        return self.venue.meeting_point if self.venue is not None and is_shown else {}

    @property
    def public_link(self) -> str:
        """The link of a stream that everybody may watch; empty where the place is not public."""
        return "" if self.is_discreet or self.has_secret_address else self.live_url

    @property
    def calls_people(self) -> bool:
        """Whether staff call each party, so that each has to leave a phone."""
        return self.mode is DeliveryMode.PHONE_BANK and self.takes_places

    @property
    def has_new_time(self) -> bool:
        """Whether it has moved to another day or hour since it was published."""
        before = (self.previous_day, self.previous_starts)
        return self.moved_at is not None and before != (self.day, self.starts)

    @property
    def is_hour_doubled(self) -> bool:
        """Whether clocks show the hour of its start or end twice that day."""
        return clock.has_doubled_hour(self.day, self.starts, self.ends, self.zone)

    @property
    def is_cancelled(self) -> bool:
        return self.status is WorkshopStatus.CANCELLED

    @property
    def is_closed_for_danger(self) -> bool:
        return self.danger_at is not None

    def find_first_start(self, now: datetime) -> datetime:
        """Returns when people who were not told of the last change may set out.

        That is for the start, or for the earlier start that they know.
        """
        expected_at = self.expected_at
        if expected_at is None or expected_at <= now - SETS_OUT_WITHIN:
            return self.starts_at
        return min(self.starts_at, expected_at)

    def find_warned_since(self, now: datetime) -> datetime | None:
        """Returns since when people who may set out have to be warned; None where they need not.

        A warning is due if the workshop was cancelled, closed for danger or moved within a
        day of its start.
        """
        if self.cancelled_at is not None and self.starts_at <= now + SETS_OUT_WITHIN:
            return self.cancelled_at
        is_expected = self.expected_at is not None and self.expected_at > now - SETS_OUT_WITHIN
        return self.moved_at if is_expected else None

    @property
    def taken_seats(self) -> int:
        return self.capacity + self.overbooked - self.seats_left - self.held_seats

    @property
    def is_full(self) -> bool:
        return self.seats_left == 0

    @property
    def hides_seats(self) -> bool:
        """Whether the public sees late, and only roughly, how many seats are left (S28)."""
        return self.is_sensitive

    @property
    def public_seats_left(self) -> int:
        """The seats left as the public sees them."""
        return self.shown_seats if self.hides_seats else self.seats_left

    @property
    def appears_full(self) -> bool:
        return self.public_seats_left == 0

    @property
    def takes_places(self) -> bool:
        return self.way in {Way.PLACE, Way.SLOTS, Way.UNLISTED}

    @property
    def has_slots(self) -> bool:
        return self.way is Way.SLOTS

    @property
    def forget_on(self) -> date:
        """The day on which personal data are erased."""
        return self.day + timedelta(days=self.retention_days)

    @property
    def remind_at(self) -> datetime:
        """When the reminder is sent: at 8:00 of the day, by the clock of the venue, or at 18:00 of
        the day before, where the workshop starts before 10:00 or can be taken part in from home."""
        if self.mode.is_from_anywhere or self.starts < _STARTS_EARLY_BEFORE:
            return clock.instant(self.day - timedelta(days=1), _REMINDER_EVENING, self.zone)
        return clock.instant(self.day, _REMINDER_MORNING, self.zone)

    @property
    def remind_early_at(self) -> datetime | None:
        """When the first of two reminders is sent: two days before at 11:00 local time. None: the
        question whether people still come takes its place, two or three days before."""
        if self.confirm_days is not None and self.confirm_days <= _MAX_DAYS_OF_QUESTION:
            return None
        day = self.day - timedelta(days=_EARLY_REMINDER_DAYS)
        return clock.instant(day, CONTACT_HOUR, self.zone)

    @property
    def opens_at(self) -> datetime | None:
        """When registration opens. None: at once."""
        return compute_opening(self.day, self.opens_days, self.zone)

    @property
    def confirm_at(self) -> datetime | None:
        """When reconfirmation begins. None: never."""
        if self.confirm_days is None:
            return None
        return clock.instant(self.day - timedelta(days=self.confirm_days), CONTACT_HOUR, self.zone)

    def get_uid_host(self, host: str) -> str:
        """Returns the host in the UIDs of the workshop, at a site whose calendars have `host`."""
        return NEUTRAL_UID_HOST if self.has_neutral_uid else host

    def has_opened(self, now: datetime) -> bool:
        return self.opens_at is None or self.opens_at <= now

    def is_open(self, now: datetime) -> bool:
        """Whether registration is open."""
        is_ahead = self.status is WorkshopStatus.PUBLISHED and now < self.starts_at
        return is_ahead and self.takes_places and self.has_opened(now)

    def has_ended(self, now: datetime) -> bool:
        return self.ends_at <= now


@sa.event.listens_for(Workshop, "before_insert")
@sa.event.listens_for(Workshop, "before_update")
def _update_search_text(_mapper: Any, _connection: Any, workshop: Workshop) -> None:
    state = sa.inspect(workshop)
    if any(state.attrs[name].history.has_changes() for name in ("title", "public_id")):
        workshop.search_text = make_workshop_text(workshop.title, workshop.public_id)


def make_workshop_text(title: Words, public_id: str) -> str:
    """Returns the text that `Workshop.search_text` holds."""
    return make_search_text(public_id, *title.values())


def compute_opening(day: date, opens_days: int | None, zone: ZoneInfo) -> datetime | None:
    """Returns midnight, local time, `opens_days` days before; None: registration opens at once."""
    if opens_days is None:
        return None
    return clock.instant(day - timedelta(days=opens_days), time(0), zone)


def new_public_id() -> str:
    """Makes a random id of 80 bits for addresses.

    The link may be a permission, and an address must not tell whether it is one.
    """
    return code(16)


_BY_PUBLIC_ID: Final = sa.select(Workshop).where(Workshop.public_id == sa.bindparam("public_id"))


def find(session: Session, public_id: str) -> Workshop:
    """Finds a workshop of any status. Raises NotFound."""
    workshop = session.scalar(_BY_PUBLIC_ID, {"public_id": public_id})
    if workshop is None:
        raise NotFound(f"workshop {public_id}")
    return workshop


def find_all(session: Session, public_ids: Collection[str]) -> Sequence[Workshop]:
    """Returns the workshops, of any status, by day and hour. Raises NotFound where one is
    missing.
    """
    workshops = session.scalars(
        sa.select(Workshop)
        .where(Workshop.public_id.in_(public_ids))
        .order_by(Workshop.day, Workshop.starts, Workshop.id)
    ).all()
    if len(workshops) != len(set(public_ids)):
        raise NotFound("one of several workshops")
    return workshops


def get_office_slug(session: Session, public_id: str) -> str:
    """Returns the slug of a workshop's office. Raises NotFound."""
    slug = session.scalar(_SLUG, {"public_id": public_id})
    if slug is None:
        raise NotFound(f"workshop {public_id}")
    return slug


_SLUG: Final = (
    sa.select(Office.slug)
    .join(Workshop, Workshop.office_id == Office.id)
    .where(Workshop.public_id == sa.bindparam("public_id"))
)


def find_by_id(session: Session, workshop_id: int) -> Workshop | None:
    return session.get(Workshop, workshop_id)


def count_at_venues(session: Session, office: Office, *, now: datetime) -> dict[int, int]:
    """Counts the workshops of an office that have not ended, drafts too, by id of venue."""
    rows = session.execute(
        sa.select(Workshop.venue_id, sa.func.count())
        .where(
            Workshop.office_id == office.id,
            Workshop.venue_id.is_not(None),
            Workshop.ends_at > now,
            Workshop.status.in_((WorkshopStatus.DRAFT, WorkshopStatus.PUBLISHED)),
        )
        .group_by(Workshop.venue_id)
    )
    return {row[0]: row[1] for row in rows if row[0] is not None}


def count_published(session: Session) -> int:
    """Counts the published workshops of the network, past ones too."""
    found = sa.select(sa.func.count()).where(Workshop.status == WorkshopStatus.PUBLISHED)
    return session.scalar(found) or 0


def find_by_external_id(session: Session, external_id: str) -> Workshop | None:
    """Finds the workshop that was made from a row of a file, or by a form with a nonce."""
    return session.scalar(sa.select(Workshop).where(Workshop.external_id == external_id))


def has_any(session: Session) -> bool:
    """Whether there is a workshop, of any status."""
    return session.scalar(sa.select(Workshop.id).limit(1)) is not None


def find_public(session: Session, public_id: str) -> Workshop:
    """Finds a public workshop by its id in either case, since people type it from paper.

    Raises NotFound, also for a draft.
    """
    workshop = find(session, public_id.upper())
    if workshop.status not in PUBLIC_STATUSES:
        raise NotFound(f"workshop {public_id}")
    return workshop


def find_imported(session: Session, external_ids: Sequence[str]) -> dict[str, Workshop]:
    """Returns the workshops imported from rows of a file, by id of the row.

    The id `taller-UID` finds a workshop by its uid, as calendars have it.
    """
    found: dict[str, Workshop] = {}
    for start in range(0, len(external_ids), 500):
        batch = external_ids[start : start + 500]
        uids = [each.removeprefix(UID_PREFIX) for each in batch if each.startswith(UID_PREFIX)]
        is_named = Workshop.external_id.in_(batch)
        is_wanted = sa.or_(is_named, Workshop.uid.in_(uids)) if uids else is_named
        rows = session.scalars(sa.select(Workshop).where(is_wanted)).all()
        found |= {f"{UID_PREFIX}{each.uid}": each for each in rows}
        found |= {each.external_id: each for each in rows if each.external_id}
    return found


def list_workshops(
    session: Session, office: Office, *, since: date, until: date, limit: int | None = None
) -> Sequence[Workshop]:
    """Returns the workshops of an office from `since` to before `until`, drafts too."""
    return session.scalars(
        sa.select(Workshop)
        .where(Workshop.office_id == office.id, Workshop.day >= since, Workshop.day < until)
        .order_by(Workshop.day, Workshop.starts, Workshop.id)
        .limit(limit)
    ).all()


def list_group_dates(session: Session, workshop: Workshop, *, now: datetime) -> Sequence[Workshop]:
    """Returns the other dates of its series that a group registration can take, by start.

    There are none where the series does not allow it (`is_joint`), and for workshops with
    time slots.
    """
    if workshop.series is None or not workshop.series.is_joint or workshop.has_slots:
        return []
    others = session.scalars(
        sa.select(Workshop)
        .where(
            Workshop.series_id == workshop.series_id,
            Workshop.id != workshop.id,
            Workshop.way != Way.SLOTS,
            Workshop.starts_at > now,
        )
        .order_by(Workshop.starts_at, Workshop.id)
    ).all()
    return [
        each
        for each in others
        if each.is_open(now)
        and each.is_discreet == workshop.is_discreet  # a discreet workshop asks for consent
        and (each.has_waiting_list or not each.appears_full)
    ]


ONLINE_MODES: Final = tuple(each for each in DeliveryMode if each is not DeliveryMode.IN_PERSON)


def parse_modes(word: str) -> tuple[DeliveryMode, ...]:
    """Returns the modes of a filter `modalidad=`: the code of one, or `en-linea` for all online
    modes.

    Raises NotFound.
    """
    if word == "en-linea":
        return ONLINE_MODES
    if word not in tuple(DeliveryMode):
        raise NotFound(f"mode {word}")
    return (DeliveryMode(word),)
