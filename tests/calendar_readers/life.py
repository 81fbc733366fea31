"""Applies a story's edits to an office in a database, and computes independently which events its
feed must have after each."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.domain.calendar import feed_query
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_data, workshop_service
from outreach.domain.text import clean
from outreach.domain.workshops import PUBLIC_STATUSES, DeliveryMode, Workshop, WorkshopStatus
from outreach.feeds import ics_feed, labels
from outreach.i18n import say, translate
from outreach.imports import offices as offices_file
from tests.calendar_readers import Seen
from tests.calendar_readers.stories import Story, When
from tests.conftest import LONG_AGO, office
from tests.support.feed_reader import SITE

NEUTRAL: Final = {"es": "Taller", "en": "Workshop", "fr": "Atelier"}
FIRST_EDIT: Final = LONG_AGO.date() + timedelta(days=1)
CANCELLED_PREFIX: Final = {"es": "CANCELADO: ", "en": "CANCELLED: ", "fr": "ANNULÉ\u00a0: "}


class Life:
    """One office, its workshops, and its feed after each edit."""

    def __init__(self, store: Store, story: Story, number: int) -> None:
        self.store, self.story = store, story
        # Later than the last change of the fixtures, whatever the day of the story.
        self.now = datetime.combine(max(story.today, FIRST_EDIT), time(12), UTC)
        self.ids: list[int] = []
        with store.change() as session:
            office_row = office(
                f"oficina-{number}", "St. John's", "NL", story.zone, changed_at=LONG_AGO
            )
            session.add(office_row)
            session.flush()
            self.office_id = office_row.id

    def feed(self, session: Session, *kinds: str) -> bytes:
        choice = feed_query.parse(session, self._office(session).slug, kind_codes=kinds)
        return ics_feed.write_bytes(session, choice, self.story.lang, SITE, today=self.story.today)

    def expected(self, session: Session, *, discreet: bool) -> list[Seen]:
        """The events in the feed of discreet or of other kinds."""
        return sorted(
            Seen(
                uid=f"taller-{each.uid}@{SITE.host}",
                starts=each.starts_at,
                ends=each.ends_at,
                summary=summary(each, self.story.lang),
                location=location(each, self.story.lang),
                status="CANCELLED" if each.status is WorkshopStatus.CANCELLED else "CONFIRMED",
                sequence=each.sequence,
            )
            for each in self.workshops(session)
            if each.kind.is_discreet == discreet and is_in_feed(each, self.story.today)
        )

    def advance(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    def sequences(self) -> dict[int, tuple[int, tuple[object, ...]]]:
        """SEQUENCE and `place_and_time` of each workshop, by id."""
        with self.store.read() as session:
            return {
                each.id: (each.sequence, place_and_time(each)) for each in self.workshops(session)
            }

    def workshops(self, session: Session) -> list[Workshop]:
        return [session.get_one(Workshop, each) for each in self.ids]

    def act(self, session: Session, index: int, name: str, value: Any) -> None:
        """Applies an edit. Raises Refusal if the service refuses it."""
        if name == "create":
            self._create(session, *value)
        elif name == "office phone" or name == "office closes":
            changes = (
                {"phone": clean(value)[:40]} if name == "office phone" else {"closed_on": value}
            )
            self._load_office(session, changes)
        elif self.ids:
            workshop = session.get_one(Workshop, self.ids[index % len(self.ids)])
            self._edit(session, workshop, name, value)

    def _edit(self, session: Session, workshop: Workshop, name: str, value: Any) -> None:
        if name == "cancel":
            workshop_service.cancel(session, workshop, now=self.now)
        elif name == "reinstate":
            workshop_service.reinstate(session, workshop, now=self.now)
        elif name == "report":
            workshop_service.report(workshop, head_count=value, now=self.now)
        elif name == "address":
            if workshop.venue:
                workshop.venue.address = value["address"]
                is_there = Workshop.venue_id == workshop.venue_id
                workshop.venue.changed_at = feed_query.second_after(session, is_there, now=self.now)
        elif name != "nothing":
            changes = self._changes(session, workshop, name, value)
            workshop_service.change(
                session,
                workshop,
                replace(workshop_service.get_data(workshop), **changes),
                now=self.now,
            )

    def _changes(
        self, session: Session, workshop: Workshop, name: str, value: Any
    ) -> dict[str, Any]:
        if name == "move":
            return self._when(value)
        if name == "another venue":
            return {"venue": self._venue(session, workshop.office, value)}
        plain: dict[str, tuple[str, Any]] = {
            "mode": ("mode", value),
            "rename": ("title", value),
            "reword": ("summary", value),
            "visibility": ("visibility", value),
            "unlist": ("way", Way.UNLISTED),
            "list again": ("way", Way.PLACE),
            "unseen": ("opens_days", value),
        }
        if name in plain:
            return dict([plain[name]])
        return {"kind": _kind(session, "mujeres" if name == "discreet" else "derechos")}

    def _create(
        self, session: Session, when: When, place: dict[str, Any], values: dict[str, Any]
    ) -> None:
        office_row = self._office(session)
        made = workshop_service.create(
            session,
            workshop_data.WorkshopData(
                office=office_row,
                kind=_kind(session, "derechos"),
                venue=self._venue(session, office_row, place),
                capacity=20,
                **self._when(when),
                **values,
            ),
            now=self.now,
            status=WorkshopStatus.PUBLISHED,
        )
        self.ids.append(made.id)

    def _when(self, when: When) -> dict[str, Any]:
        return {
            "zone": ZoneInfo(when.zone),
            "day": when.day,
            "starts": when.starts,
            "ends": when.ends,
        }

    def _venue(self, session: Session, office_row: Office, place: dict[str, Any]) -> Venue:
        count = session.scalar(sa.select(sa.func.count()).select_from(Venue))
        made = Venue(
            office=office_row,
            region="NL",
            zone=office_row.zone,
            near_latitude=0.0,
            near_longitude=0.0,
            changed_at=self.now,
            **place | {"name": f"{count} {place['name']}"[:120]},
        )
        session.add(made)
        session.flush()
        return made

    def _load_office(self, session: Session, changes: dict[str, Any]) -> None:
        office_row = self._office(session)
        row = offices_file.OfficeRow(
            **{each.name: getattr(office_row, each.name) for each in fields(offices_file.OfficeRow)}
        )
        offices_file.load(session, [replace(row, **changes)], now=self.now)

    def _office(self, session: Session) -> Office:
        return session.get_one(Office, self.office_id)


def is_in_feed(workshop: Workshop, today: date) -> bool:
    """Whether the feed of its office has the workshop on that day."""
    midnight = feed_query.midnight(today)
    begins, ends = midnight - timedelta(days=90), midnight + timedelta(days=366)
    is_there = workshop.status in PUBLIC_STATUSES and workshop.way is not Way.UNLISTED
    is_near = begins <= workshop.starts_at < ends
    is_kept = workshop.cancelled_at is None or (
        workshop.ends_at > midnight - timedelta(days=7)
        or workshop.cancelled_at > midnight - timedelta(days=14)
    )
    return is_there and is_near and is_kept


def summary(workshop: Workshop, lang: str) -> str:
    """The SUMMARY by CAL08: one line of at most 200 characters, with a prefix if cancelled."""
    title = "" if workshop.kind.is_discreet else clean(say(workshop.title, lang))
    whole = title or NEUTRAL[lang]
    if workshop.status is WorkshopStatus.CANCELLED:
        whole = CANCELLED_PREFIX[lang] + whole
    return whole if len(whole) <= 200 else whole[:199].rstrip() + "…"


def location(workshop: Workshop, lang: str) -> str:
    """The LOCATION: the address if it is public, else the city."""
    if workshop.mode is DeliveryMode.PHONE_BANK:
        return translate(labels.BY_PHONE, lang)
    if not workshop.mode.has_venue:
        return translate(labels.ONLINE, lang)
    assert workshop.venue is not None
    venue = workshop.venue
    is_public = workshop.visibility is Visibility.PUBLIC and not workshop.kind.is_discreet
    known = [venue.name, venue.address] if is_public else []
    return ", ".join(filter(None, map(clean, [*known, venue.city, venue.region])))


def place_and_time(workshop: Workshop) -> tuple[object, ...]:
    """The values whose changes increase SEQUENCE."""
    return (
        *(workshop.day, workshop.starts, workshop.ends, workshop.zone.key, workshop.venue_id),
        *(workshop.mode, workshop.status is WorkshopStatus.CANCELLED),
    )


def _kind(session: Session, code: str) -> Kind:
    return session.scalars(sa.select(Kind).where(Kind.code == code)).one()
