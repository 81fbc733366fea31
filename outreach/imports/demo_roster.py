"""Adds the demo's roster: members of each office with what they answered, and one clash."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.network import offices
from outreach.domain.network.offices import Office
from outreach.domain.roster import assignments, members
from outreach.domain.roster.members import MemberData, MemberDetails, SealedDetails
from outreach.domain.roster.models import (
    RosterAbsence,
    RosterAssignment,
    RosterLetter,
    RosterRole,
)
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.imports.demo_registrations import OFFICE
from outreach.keystore import KeyStore

_SPEAKERS: Final = ("Lic. Nayeli Rosas", "Mtra. Silvia Paz", "Lic. Ramón Ibarra", "Dra. Elisa Luna")
_INTERPRETERS: Final = ("Itzel Cocom", "Xóchitl Tecuapa", "Dalia Xicoténcatl")
_VOLUNTEER: Final = "Julián Ortega"
NAMES: Final = (*_SPEAKERS, *_INTERPRETERS, _VOLUNTEER)
_ASKED_BEFORE: Final = timedelta(days=4)
_AHEAD: Final = timedelta(days=1)  # what starts sooner is for trying the check-in


@dataclass(frozen=True, kw_only=True)
class _Sample:
    """A member, and what they answer to the office's next workshops: yes, no or nothing (None)."""

    name: str
    role: RosterRole
    answers: Sequence[bool | None]
    email: str = ""
    more: dict[str, Any] = field(default_factory=dict)


def add(store: Store, key_store: KeyStore, *, now: datetime) -> None:
    """Adds members to the offices that are open, who were asked some days ago. The offices and
    their workshops must exist."""
    with store.read() as session:
        listed = offices.list_open_offices(session, now.date())
    made = [
        (office, sample, members.seal(key_store, _details(office, sample)))
        for number, office in enumerate(listed)
        for sample in _list_samples(office, number)
    ]
    with store.change() as session:
        for office, sample, sealed in made:
            _add(session, office, sample, sealed, now)
        _send_letters(session, now)
        _make_clash(session, now)


def _list_samples(office: Office, number: int) -> list[_Sample]:
    """The members of an office, which is the `number`th: two, and at the one of Ana also a
    volunteer."""
    samples = [
        _Sample(
            name=_SPEAKERS[number % len(_SPEAKERS)],
            role=RosterRole.SPEAKER,
            email="ponente",
            answers=(True, None),
        ),
        _Sample(
            name=_INTERPRETERS[number % len(_INTERPRETERS)],
            role=RosterRole.INTERPRETER,
            email="interprete",
            answers=(None,),
            more={"languages": Codes(["nah"]), "is_by_phone": True},
        ),
    ]
    if office.slug == OFFICE:
        samples.append(
            _Sample(
                name=_VOLUNTEER,
                role=RosterRole.VOLUNTEER,
                answers=(False, True),
                more={"hours": [(weekday, time(8), time(21)) for weekday in range(7)]},
            )
        )
    return samples


def _details(office: Office, sample: _Sample) -> MemberDetails:
    email = f"{sample.email}.{office.slug}@example.org" if sample.email else ""
    return MemberDetails(name=sample.name, email=email)


def _add(
    session: Session, office: Office, sample: _Sample, sealed: SealedDetails, now: datetime
) -> None:
    data = MemberData(office_id=office.id, role=sample.role, **sample.more)
    member = members.add(session, sealed, data)
    asked_at = now - _ASKED_BEFORE
    # Fewer where an office has fewer workshops ahead.
    for workshop, answer in zip(
        _list_ahead(session, office, now, len(sample.answers)), sample.answers, strict=False
    ):
        assignment = assignments.ask(session, workshop, member, now=asked_at)
        if answer is not None:
            assignments.answer(session, assignment, can_come=answer, now=asked_at)


def _list_ahead(session: Session, office: Office, now: datetime, number: int) -> Sequence[Workshop]:
    return session.scalars(
        sa.select(Workshop)
        .where(
            Workshop.office_id == office.id,
            Workshop.status == WorkshopStatus.PUBLISHED,
            Workshop.starts_at > now + _AHEAD,
        )
        .order_by(Workshop.starts_at, Workshop.id)
        .limit(number)
    ).all()


def _send_letters(session: Session, now: datetime) -> None:
    """Marks every letter as sent, so that who has not answered has had the question."""
    for letter in session.scalars(sa.select(RosterLetter)).all():
        letter.done_at = now - _ASKED_BEFORE
        assignment = session.get_one(RosterAssignment, letter.assignment_id)
        assignment.known_facts = letter.facts


def _make_clash(session: Session, now: datetime) -> None:
    """Adds an absence of the speaker of Ana's office on the day for which they had said yes."""
    office = offices.find(session, OFFICE)
    speaker = members.list_members(session, [office.id], role=RosterRole.SPEAKER)[0]
    for workshop in _list_ahead(session, office, now, 1):
        speaker.absences.append(RosterAbsence(first_day=workshop.day, last_day=workshop.day))
