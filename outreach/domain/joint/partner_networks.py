"""Partner networks whose workshops this site shows, and the last good copy of each (S44).

A copy is replaced whole. It is shown while the document that it came from is less than `SHOWN_FOR`
old: an outdated time sends people to a closed door.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base, Words
from outreach.db.types import Codes
from outreach.domain.workshops import UID_PREFIX, Workshop
from outreach.errors import NotFound

ASKED_EVERY: Final = timedelta(minutes=15)
SHOWN_FOR: Final = timedelta(hours=24)
MAX_PARTNER_NETWORKS: Final = 20
MAX_JOINT_WORKSHOPS: Final = 200  # for each network


class JointState(StrEnum):
    """Whether one can still come; the values are those of the document."""

    SOON = "soon"  # registration has not opened yet
    OPEN = "open"
    WAITLIST = "waitlist"  # full, with a waitlist
    CLOSED = "closed"
    CANCELLED = "cancelled"


class JointAttendance(StrEnum):
    """How one takes part; the values are those of the document."""

    IN_PERSON = "in_person"
    ONLINE = "online"
    BOTH = "both"
    PHONE = "phone"

    @property
    def has_place(self) -> bool:
        return self in {JointAttendance.IN_PERSON, JointAttendance.BOTH}


class PartnerNetwork(Base):
    __tablename__ = "partner_network"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    url: Mapped[str] = mapped_column(sa.String(500))  # its document's address
    host: Mapped[str] = mapped_column(sa.String(260), unique=True)  # with its port if it has one
    name: Mapped[str] = mapped_column(sa.String(80))
    public_key: Mapped[str] = mapped_column(sa.String(43))  # Ed25519, pinned; base64url
    etag: Mapped[str] = mapped_column(sa.String(100), default="")
    generated_at: Mapped[datetime]  # when its last good document was made
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime]  # when it last answered as it should
    fault: Mapped[str] = mapped_column(sa.String(300), default="")  # a sentence; empty: none

    def is_shown(self, now: datetime) -> bool:
        return now - self.generated_at < SHOWN_FOR


class JointWorkshop(Base):
    """A workshop that another network holds, as our list shows it."""

    __tablename__ = "joint_workshop"
    __table_args__ = (sa.UniqueConstraint("network_id", "uid"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    network_id: Mapped[int] = mapped_column(
        sa.ForeignKey("partner_network.id", ondelete="CASCADE"), init=False
    )
    uid: Mapped[str] = mapped_column(sa.String(200))
    state: Mapped[JointState]
    title: Mapped[Words]
    kind_code: Mapped[str] = mapped_column(sa.String(40))  # often ours too
    kind_name: Mapped[Words]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
    zone: Mapped[ZoneInfo]
    day: Mapped[date]  # on the wall clock of its zone
    city: Mapped[str] = mapped_column(sa.String(80))
    region: Mapped[str] = mapped_column(sa.String(6))
    country: Mapped[str] = mapped_column(sa.String(2))
    latitude: Mapped[float | None]  # the city's, where the gazetteer has it
    longitude: Mapped[float | None]
    attendance: Mapped[JointAttendance]
    place: Mapped[str] = mapped_column(sa.String(120))  # the venue, where that is public
    languages: Mapped[Codes]
    urls: Mapped[Words]  # the host's page, by language


def list_networks(session: Session) -> Sequence[PartnerNetwork]:
    """All partner networks, in the order in which they were added."""
    return session.scalars(sa.select(PartnerNetwork).order_by(PartnerNetwork.id)).all()


def find(session: Session, host: str) -> PartnerNetwork:
    """Finds the partner network at this host. Raises NotFound."""
    found = session.scalar(sa.select(PartnerNetwork).where(PartnerNetwork.host == host))
    if found is None:
        raise NotFound(f"partner network {host}. See: outreach joint list")
    return found


def list_due(session: Session, *, now: datetime) -> Sequence[PartnerNetwork]:
    """Returns the networks that have to be asked again."""
    return session.scalars(
        sa.select(PartnerNetwork)
        .where(PartnerNetwork.asked_at <= now - ASKED_EVERY)
        .order_by(PartnerNetwork.id)
    ).all()


def count_workshops(session: Session, network: PartnerNetwork) -> int:
    """Counts the workshops in the network's last good document, past ones too."""
    count = sa.select(sa.func.count()).select_from(JointWorkshop)
    return session.scalar(count.where(JointWorkshop.network_id == network.id)) or 0


def replace_workshops(
    session: Session, network: PartnerNetwork, workshops: Sequence[JointWorkshop]
) -> None:
    """Stores what the network's newest document says, without workshops of our own."""
    session.execute(sa.delete(JointWorkshop).where(JointWorkshop.network_id == network.id))
    own = _find_own(session, [each.uid for each in workshops])
    for each in workshops:
        if _get_code(each.uid) not in own:
            each.network_id = network.id
            session.add(each)


def remove(session: Session, network: PartnerNetwork) -> None:
    """Removes a network and its workshops."""
    session.execute(sa.delete(JointWorkshop).where(JointWorkshop.network_id == network.id))
    session.delete(network)


def _find_own(session: Session, uids: Sequence[str]) -> set[str]:
    codes = [_get_code(each) for each in uids]
    return set(session.scalars(sa.select(Workshop.uid).where(Workshop.uid.in_(codes))))


def _get_code(uid: str) -> str:
    """Returns our `Workshop.uid` from a UID as calendars have it."""
    return uid.partition("@")[0].removeprefix(UID_PREFIX)
