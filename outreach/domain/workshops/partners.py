"""Partners and speakers: who gives an office's workshops with it.

The public reads the names of partners that may be said, and of speakers who let theirs be said; of
a discreet kind, nobody's. Calendars and open data carry neither.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach.db.base import Base
from outreach.domain.network.offices import Office
from outreach.domain.workshops.models import Workshop
from outreach.errors import ErrorCode, NotFound, Refused


class PartnerKind(StrEnum):
    """The codes are those of the data files."""

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
    kind: Mapped[PartnerKind] = mapped_column(
        sa.Enum(
            PartnerKind,
            native_enum=False,
            length=30,
            create_constraint=False,
            values_callable=lambda kinds: [kind.value for kind in kinds],
        )
    )
    link: Mapped[str] = mapped_column(sa.String(200), default="")
    phone: Mapped[str] = mapped_column(sa.String(40), default="")
    is_shown: Mapped[bool]  # the public may know; of the police, never
    retired_at: Mapped[datetime | None] = mapped_column(default=None)  # not offered any more


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
    is_shown: Mapped[bool]  # they said that their name may be published
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
    """Who gives a workshop, by id, in the order of their names."""

    partners: tuple[int, ...] = ()
    speakers: tuple[int, ...] = ()


_Ally = TypeVar("_Ally", Partner, Speaker)


def list_partners(session: Session, office: Office) -> Sequence[Partner]:
    """All of an office's, those that are retired too."""
    return session.scalars(
        sa.select(Partner).where(Partner.office_id == office.id).order_by(Partner.name)
    ).all()


def list_by_office(
    session: Session, office_ids: Collection[int]
) -> tuple[dict[int, list[Partner]], dict[int, list[Speaker]]]:
    """Those of several offices: partners and speakers by the office's id."""
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
    return session.scalars(
        sa.select(Speaker).where(Speaker.office_id == office.id).order_by(Speaker.name)
    ).all()


def find(session: Session, office: Office, partner_id: int) -> Partner:
    """One of this office's. Raises NotFound."""
    return _own(session.get(Partner, partner_id), office)


def find_speaker(session: Session, office: Office, speaker_id: int) -> Speaker:
    """One of this office's. Raises NotFound."""
    return _own(session.get(Speaker, speaker_id), office)


def save(session: Session, ally: _Ally) -> None:
    """Keeps a new one, or what was changed of one. Raises Refused when the office has another of
    that name."""
    session.add(ally)
    table = type(ally)
    with session.no_autoflush:
        others = session.scalars(
            sa.select(table).where(table.office_id == ally.office_id, table.name == ally.name)
        ).all()
    if any(each is not ally for each in others):
        raise Refused(ErrorCode.PARTNER_EXISTS)
    try:
        session.flush()
    except sa.exc.IntegrityError:  # a colleague was a moment faster
        raise Refused(ErrorCode.PARTNER_EXISTS) from None


def get_chosen(session: Session, workshop: Workshop) -> ChosenPartners:
    partners = session.scalars(
        sa.select(Partner.id)
        .join(WorkshopPartner, WorkshopPartner.partner_id == Partner.id)
        .where(WorkshopPartner.workshop_id == workshop.id)
        .order_by(Partner.name)
    )
    speakers = session.scalars(
        sa.select(Speaker.id)
        .join(WorkshopSpeaker, WorkshopSpeaker.speaker_id == Speaker.id)
        .where(WorkshopSpeaker.workshop_id == workshop.id)
        .order_by(Speaker.name)
    )
    return ChosenPartners(tuple(partners), tuple(speakers))


def set_chosen(session: Session, workshop: Workshop, wanted: ChosenPartners) -> frozenset[str]:
    """Makes these the ones who give it; what is new of it. Raises NotFound for another office's."""
    for partner_id in wanted.partners:
        find(session, workshop.office, partner_id)
    for speaker_id in wanted.speakers:
        find_speaker(session, workshop.office, speaker_id)
    before, new = get_chosen(session, workshop), set()
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
    """Who gives the one gives the other too: of a clone, or of the dates of a series. What is new
    of it."""
    return set_chosen(session, target, get_chosen(session, source))


def are_alike(session: Session, workshops: Sequence[Workshop]) -> bool:
    """Whether the same give all of them."""
    given: dict[int, set[tuple[str, int]]] = {each.id: set() for each in workshops}
    for table, ally_id in (
        (WorkshopPartner, WorkshopPartner.partner_id),
        (WorkshopSpeaker, WorkshopSpeaker.speaker_id),
    ):
        rows = session.execute(
            sa.select(table.workshop_id, ally_id).where(table.workshop_id.in_(given))
        )
        for workshop_id, ally in rows:
            given[workshop_id].add((table.__tablename__, ally))
    return len({frozenset(each) for each in given.values()}) <= 1


def list_public_names(session: Session, workshop: Workshop) -> list[str]:
    """The names that the public may read beside a workshop: partners, then speakers."""
    if workshop.is_discreet:
        return []
    partners = session.scalars(
        sa.select(Partner.name)
        .join(WorkshopPartner, WorkshopPartner.partner_id == Partner.id)
        .where(WorkshopPartner.workshop_id == workshop.id, Partner.is_shown)
        .order_by(Partner.name)
    )
    speakers = session.scalars(
        sa.select(Speaker.name)
        .join(WorkshopSpeaker, WorkshopSpeaker.speaker_id == Speaker.id)
        .where(WorkshopSpeaker.workshop_id == workshop.id, Speaker.is_shown)
        .order_by(Speaker.name)
    )
    return [*partners, *speakers]


def list_names(session: Session, workshop: Workshop) -> list[str]:
    """The names of all who give it, for the staff."""
    there = get_chosen(session, workshop)
    names = [session.get_one(Partner, each).name for each in there.partners]
    return names + [session.get_one(Speaker, each).name for each in there.speakers]


def parse_ids(values: Iterable[str]) -> tuple[int, ...]:
    """What a form has ticked."""
    return tuple(int(each) for each in values)


def _own(ally: _Ally | None, office: Office) -> _Ally:
    if ally is None or ally.office_id != office.id:
        raise NotFound("partner")
    return ally
