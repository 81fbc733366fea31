"""Partners and speakers: organizations and people who give workshops with an office.

The public reads the names of those with `is_shown`; of a discreet workshop, none. Calendars and
open data have neither.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach.db.base import Base
from outreach.domain.network.offices import Office
from outreach.domain.workshops.models import Workshop
from outreach.errors import ErrorCode, NotFound, Refusal


class PartnerKind(StrEnum):
    """The sorts of partners; the codes are those of the data files."""

    LAW_FIRM = "despacho_pale"
    LAW_CLINIC = "clinica_universitaria"
    CIVIL_SOCIETY = "osc"
    LABOR_AGENCY = "agencia_laboral"
    UNION = "sindicato"
    HEALTH = "salud"
    SCHOOL = "escuela"
    CHURCH = "iglesia"
    SHELTER = "albergue"
    BANK = "banco"
    CONSULATE = "otro_consulado"
    AUTHORITY = "autoridad_local"


class Partner(Base):
    __tablename__ = "partner"
    __table_args__ = (sa.UniqueConstraint("office_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    office_id: Mapped[int] = mapped_column(sa.ForeignKey("office.id"))
    name: Mapped[str] = mapped_column(sa.String(120))
    kind: Mapped[PartnerKind]
    link: Mapped[str] = mapped_column(sa.String(200), default="")
    phone: Mapped[str] = mapped_column(sa.String(40), default="")
    is_shown: Mapped[bool]  # the name is public; never for the police
    retired_at: Mapped[datetime | None] = mapped_column(default=None)  # cannot be chosen any more


class Speaker(Base):
    __tablename__ = "speaker"
    __table_args__ = (sa.UniqueConstraint("office_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    office_id: Mapped[int] = mapped_column(sa.ForeignKey("office.id"))
    name: Mapped[str] = mapped_column(sa.String(120))
    partner_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("partner.id"), init=False, index=True, nullable=True
    )
    partner: Mapped[Partner | None] = relationship(lazy="joined")
    is_shown: Mapped[bool]  # they allow their name to be published
    retired_at: Mapped[datetime | None] = mapped_column(default=None)


class WorkshopPartner(Base):
    __tablename__ = "workshop_partner"

    workshop_id: Mapped[int] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="CASCADE"), primary_key=True
    )
    partner_id: Mapped[int] = mapped_column(
        sa.ForeignKey("partner.id"), primary_key=True, index=True
    )


class WorkshopSpeaker(Base):
    __tablename__ = "workshop_speaker"

    workshop_id: Mapped[int] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="CASCADE"), primary_key=True
    )
    speaker_id: Mapped[int] = mapped_column(
        sa.ForeignKey("speaker.id"), primary_key=True, index=True
    )


@dataclass(frozen=True)
class ChosenPartners:
    """The partners and speakers of a workshop, as ids in the order of names."""

    partners: tuple[int, ...] = ()
    speakers: tuple[int, ...] = ()


_PartnerOrSpeaker = TypeVar("_PartnerOrSpeaker", Partner, Speaker)


def list_partners(session: Session, office: Office) -> Sequence[Partner]:
    """The partners of an office, retired ones too, by name."""
    return session.scalars(_PARTNERS_OF_OFFICE, {"office": office.id}).all()


def list_by_office(
    session: Session, office_ids: Collection[int]
) -> tuple[dict[int, list[Partner]], dict[int, list[Speaker]]]:
    """The partners and the speakers of several offices, by id of office."""
    partners: dict[int, list[Partner]] = defaultdict(list)
    speakers: dict[int, list[Speaker]] = defaultdict(list)
    for partner in session.scalars(
        sa.select(Partner).where(Partner.office_id.in_(office_ids)).order_by(Partner.name)
    ):
        partners[partner.office_id].append(partner)
    for speaker in session.scalars(
        sa.select(Speaker).where(Speaker.office_id.in_(office_ids)).order_by(Speaker.name)
    ):
        speakers[speaker.office_id].append(speaker)
    return partners, speakers


def list_speakers(session: Session, office: Office) -> Sequence[Speaker]:
    return session.scalars(_SPEAKERS_OF_OFFICE, {"office": office.id}).all()


def find(session: Session, office: Office, partner_id: int) -> Partner:
    """Finds a partner of this office. Raises NotFound."""
    return _require_own(session.get(Partner, partner_id), office)


def find_speaker(session: Session, office: Office, speaker_id: int) -> Speaker:
    """Finds a speaker of this office. Raises NotFound."""
    return _require_own(session.get(Speaker, speaker_id), office)


def save(session: Session, record: _PartnerOrSpeaker) -> None:
    """Stores a new or changed partner or speaker.

    Raises Refusal where the office has another of that name.
    """
    session.add(record)
    table = type(record)
    with session.no_autoflush:
        others = session.scalars(
            sa.select(table).where(table.office_id == record.office_id, table.name == record.name)
        ).all()
    if any(each is not record for each in others):
        raise Refusal(ErrorCode.PARTNER_EXISTS)
    try:
        session.flush()
    except sa.exc.IntegrityError:  # a concurrent request was first
        raise Refusal(ErrorCode.PARTNER_EXISTS) from None


def get_chosen(session: Session, workshop: Workshop) -> ChosenPartners:
    rows = session.execute(_CHOSEN, {"workshop": workshop.id}).all()
    return ChosenPartners(
        tuple(each for each, is_speaker in rows if not is_speaker),
        tuple(each for each, is_speaker in rows if is_speaker),
    )


def set_chosen(
    session: Session,
    workshop: Workshop,
    wanted: ChosenPartners,
    *,
    former: ChosenPartners | None = None,
) -> frozenset[str]:
    """Sets the partners and speakers of a workshop and returns which of the two changed.

    `former` are those of before, if they are read. Raises NotFound for those of another office.
    """
    for partner_id in wanted.partners:
        find(session, workshop.office, partner_id)
    for speaker_id in wanted.speakers:
        find_speaker(session, workshop.office, speaker_id)
    before, new = former or get_chosen(session, workshop), set()
    if set(before.partners) != set(wanted.partners):
        new.add("partners")
        session.execute(
            sa.delete(WorkshopPartner).where(WorkshopPartner.workshop_id == workshop.id)
        )
        session.add_all(
            WorkshopPartner(workshop_id=workshop.id, partner_id=each)
            for each in dict.fromkeys(wanted.partners)
        )
    if set(before.speakers) != set(wanted.speakers):
        new.add("speakers")
        session.execute(
            sa.delete(WorkshopSpeaker).where(WorkshopSpeaker.workshop_id == workshop.id)
        )
        session.add_all(
            WorkshopSpeaker(workshop_id=workshop.id, speaker_id=each)
            for each in dict.fromkeys(wanted.speakers)
        )
    session.flush()
    return frozenset(new)


def copy(session: Session, source: Workshop, target: Workshop) -> frozenset[str]:
    """Copies partners and speakers to another workshop; returns which of the two changed."""
    return set_chosen(session, target, get_chosen(session, source))


def are_alike(session: Session, workshops: Sequence[Workshop]) -> bool:
    """Whether all these workshops have the same partners and speakers."""
    given: dict[int, set[tuple[str, int]]] = {each.id: set() for each in workshops}
    for table, record_id in (
        (WorkshopPartner, WorkshopPartner.partner_id),
        (WorkshopSpeaker, WorkshopSpeaker.speaker_id),
    ):
        rows = session.execute(
            sa.select(table.workshop_id, record_id).where(table.workshop_id.in_(given))
        )
        for workshop_id, record in rows:
            given[workshop_id].add((table.__tablename__, record))
    return len({frozenset(each) for each in given.values()}) <= 1


def list_public_names(session: Session, workshop: Workshop) -> list[str]:
    """Returns the public names of a workshop's partners, then of its speakers; none if it is
    discreet.
    """
    if workshop.is_discreet:
        return []
    rows = session.connection().execute(_PUBLIC_NAMES, {"workshop": workshop.id})
    return [row.name for row in rows]


_PUBLIC_NAMES: Final = sa.union_all(
    sa.select(Partner.name.label("name"), sa.literal(1).label("place"))
    .join(WorkshopPartner, WorkshopPartner.partner_id == Partner.id)
    .where(WorkshopPartner.workshop_id == sa.bindparam("workshop"), Partner.is_shown),
    sa.select(Speaker.name, sa.literal(2))
    .join(WorkshopSpeaker, WorkshopSpeaker.speaker_id == Speaker.id)
    .where(WorkshopSpeaker.workshop_id == sa.bindparam("workshop"), Speaker.is_shown),
).order_by("place", "name")


_BOTH: Final = sa.union_all(
    sa.select(Partner.id, sa.false().label("is_speaker"), Partner.name)
    .join(WorkshopPartner, WorkshopPartner.partner_id == Partner.id)
    .where(WorkshopPartner.workshop_id == sa.bindparam("workshop")),
    sa.select(Speaker.id, sa.true(), Speaker.name)
    .join(WorkshopSpeaker, WorkshopSpeaker.speaker_id == Speaker.id)
    .where(WorkshopSpeaker.workshop_id == sa.bindparam("workshop")),
).subquery()
_CHOSEN: Final = sa.select(_BOTH.c.id, _BOTH.c.is_speaker).order_by(_BOTH.c.name)
_PARTNERS_OF_OFFICE: Final = (
    sa.select(Partner).where(Partner.office_id == sa.bindparam("office")).order_by(Partner.name)
)
_SPEAKERS_OF_OFFICE: Final = (
    sa.select(Speaker).where(Speaker.office_id == sa.bindparam("office")).order_by(Speaker.name)
)


def list_names(session: Session, workshop: Workshop) -> list[str]:
    """The names of all partners and speakers of a workshop, for staff."""
    chosen = get_chosen(session, workshop)
    names = [session.get_one(Partner, each).name for each in chosen.partners]
    return names + [session.get_one(Speaker, each).name for each in chosen.speakers]


def parse_ids(values: Iterable[str]) -> tuple[int, ...]:
    """Returns the ids that are ticked in a form."""
    return tuple(int(each) for each in values)


def _require_own(record: _PartnerOrSpeaker | None, office: Office) -> _PartnerOrSpeaker:
    if record is None or record.office_id != office.id:
        raise NotFound("partner")
    return record
