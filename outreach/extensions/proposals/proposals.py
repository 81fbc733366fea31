"""The life of a proposal: made, answered by staff, gone after 30 days or when its author asks."""

import base64
import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from outreach.db.store import change_rows, changes_one_row
from outreach.errors import DataErased, NotFound
from outreach.extensions.proposals.tables import Proposal, ProposalAnswer, ProposalLetter
from outreach.keystore import KeyStore

KEPT_DAYS: Final = 30
MAX_OPEN: Final = 20  # of one office, without an answer


class TooManyProposals(Exception):
    """The office has as many open proposals as it can look at."""


class PartOfDay(StrEnum):
    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"

    @property
    def starts(self) -> time:
        """When a draft for this part of the day begins."""
        return _STARTS[self]


_STARTS: Final = {
    PartOfDay.MORNING: time(10),
    PartOfDay.AFTERNOON: time(15),
    PartOfDay.EVENING: time(18),
}


@dataclass(frozen=True)
class ProposedDay:
    day: date
    part: PartOfDay


@dataclass(frozen=True, kw_only=True, repr=False)
class ProposalDetails:
    """What was typed."""

    lang: str
    kind: str  # its code
    organization: str
    place: str
    address: str
    city: str
    region: str
    people: int
    days: tuple[ProposedDay, ...]  # one to three
    name: str  # who answers
    phone: str  # E.164
    email: str = ""


@dataclass(frozen=True, kw_only=True, repr=False)
class OpenProposal:
    """A proposal, decrypted."""

    id: bytes
    office: str
    answer: ProposalAnswer
    expires_on: date
    details: ProposalDetails

    @property
    def is_open(self) -> bool:
        """Whether nobody has answered it."""
        return self.answer is ProposalAnswer.NONE


def make(key_store: KeyStore, office: str, details: ProposalDetails) -> str:
    """Stores a proposal and returns the token of its page. Raises TooManyProposals."""
    key_store.envelope.newest()  # reads the key store, which the transaction below must not
    proposal_id = secrets.token_bytes(16)
    token = make_token(key_store, proposal_id)
    sealed, generation = key_store.envelope.seal(_pack(details), proposal_id)
    is_open = sa.and_(
        Proposal.office == office,
        Proposal.answer == ProposalAnswer.NONE,
        Proposal.expires_on > key_store.today(),
    )
    with key_store.store.change() as session:
        # Who proposes at the same moment waits here, and counts again.
        session.execute(sa.select(Proposal.id).where(is_open).with_for_update())
        count = session.scalar(sa.select(sa.func.count()).select_from(Proposal).where(is_open))
        if (count or 0) >= MAX_OPEN:
            raise TooManyProposals
        session.add(
            Proposal(
                id=proposal_id,
                sealed=sealed,
                generation=generation,
                link=_digest_token(key_store, token),
                office=office,
                expires_on=key_store.today() + timedelta(days=KEPT_DAYS),
            )
        )
    return token


def find(key_store: KeyStore, token: str) -> OpenProposal:
    """Finds the proposal whose page has this token. Raises NotFound, also for one that has
    expired."""
    return _find(key_store, Proposal.link == _digest_token(key_store, token))


def find_by_id(key_store: KeyStore, proposal_id: bytes) -> OpenProposal:
    """Finds a proposal for staff. Raises NotFound."""
    return _find(key_store, Proposal.id == proposal_id)


def _find(key_store: KeyStore, condition: sa.ColumnElement[bool]) -> OpenProposal:
    with key_store.store.read() as session:
        row = session.scalar(
            sa.select(Proposal).where(condition, Proposal.expires_on > key_store.today())
        )
    if row is None:
        raise NotFound("proposal")
    return _open(key_store, row)


def list_of(key_store: KeyStore, offices: Collection[str]) -> Sequence[OpenProposal]:
    """Returns the proposals to these offices: those without an answer first, then by the day on
    which they expire. One that no master key decrypts is left out."""
    with key_store.store.read() as session:
        rows = session.scalars(
            sa.select(Proposal).where(
                Proposal.office.in_(offices), Proposal.expires_on > key_store.today()
            )
        ).all()
    found = list[OpenProposal]()
    for row in rows:
        try:
            found.append(_open(key_store, row))
        except DataErased:
            continue
    return sorted(found, key=lambda each: (not each.is_open, each.expires_on, each.id))


def count_open(key_store: KeyStore, offices: Collection[str]) -> int:
    """Counts the proposals to these offices that have no answer."""
    with key_store.store.read() as session:
        return (
            session.scalar(
                sa.select(sa.func.count())
                .select_from(Proposal)
                .where(
                    Proposal.office.in_(offices),
                    Proposal.answer == ProposalAnswer.NONE,
                    Proposal.expires_on > key_store.today(),
                )
            )
            or 0
        )


def answer(key_store: KeyStore, proposal: OpenProposal, given: ProposalAnswer) -> bool:
    """Notes what staff answer. Returns False where somebody has answered before. Call
    `enqueue_letter` when it is done."""
    with key_store.store.change() as session:
        return changes_one_row(
            session,
            sa.update(Proposal)
            .where(Proposal.id == proposal.id, Proposal.answer == ProposalAnswer.NONE)
            .values(answer=given),
        )


def enqueue_letter(
    key_store: KeyStore, proposal: OpenProposal, given: ProposalAnswer, *, now: datetime
) -> None:
    """Queues the letter about the answer, if an e-mail was left and the proposal is still there."""
    if not proposal.details.email:
        return
    with key_store.store.change() as session:
        if session.get(Proposal, proposal.id) is not None:
            session.add(
                ProposalLetter(proposal_id=proposal.id, answer=given, made_at=now, due_at=now)
            )


def take_back(key_store: KeyStore, proposal: OpenProposal) -> None:
    """Undoes an answer whose draft could not be made."""
    with key_store.store.change() as session:
        change_rows(
            session,
            sa.update(Proposal)
            .where(Proposal.id == proposal.id)
            .values(answer=ProposalAnswer.NONE),
        )


def erase(key_store: KeyStore, proposal_id: bytes) -> None:
    """Deletes a proposal with its letter, from the pages and the log of SQLite too."""
    with key_store.store.change() as session:
        change_rows(session, sa.delete(Proposal).where(Proposal.id == proposal_id))
    key_store.store.truncate_log()


def purge(key_store: KeyStore) -> int:
    """Deletes the proposals that have expired, and those that no master key decrypts; returns how
    many."""
    here = key_store.envelope.master_keys.numbers()
    with key_store.store.change() as session:
        count = change_rows(
            session,
            sa.delete(Proposal).where(
                sa.or_(Proposal.expires_on <= key_store.today(), Proposal.generation.not_in(here))
            ),
        )
    if count:
        key_store.store.truncate_log()
    return count


def count_expired(key_store: KeyStore) -> int:
    """Counts the proposals that `purge` would delete because of their day."""
    with key_store.store.read() as session:
        due = Proposal.expires_on <= key_store.today()
        return session.scalar(sa.select(sa.func.count()).select_from(Proposal).where(due)) or 0


def count_stored(key_store: KeyStore) -> int:
    """Counts the stored proposals, for the operator's inventory."""
    with key_store.store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Proposal)) or 0


def make_token(key_store: KeyStore, proposal_id: bytes) -> str:
    """Returns what the address of a proposal's page ends in, of 128 bits."""
    digest = key_store.digest_for("link of a proposal", proposal_id.hex())[:16]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _digest_token(key_store: KeyStore, token: str) -> bytes:
    return key_store.digest_for("token of a proposal", token)[:16]


def _open(key_store: KeyStore, row: Proposal) -> OpenProposal:
    packed = key_store.envelope.unseal(row.sealed, row.id, row.generation)
    return OpenProposal(
        id=row.id,
        office=row.office,
        answer=row.answer,
        expires_on=row.expires_on,
        details=_unpack(packed),
    )


def _pack(details: ProposalDetails) -> bytes:
    values: dict[str, Any] = asdict(details)
    values["days"] = [[each.day.isoformat(), each.part] for each in details.days]
    return json.dumps(values, ensure_ascii=False).encode()


def _unpack(packed: bytes) -> ProposalDetails:
    values: dict[str, Any] = json.loads(packed)
    days = values.pop("days")
    return ProposalDetails(
        days=tuple(ProposedDay(date.fromisoformat(day), PartOfDay(part)) for day, part in days),
        **values,
    )
