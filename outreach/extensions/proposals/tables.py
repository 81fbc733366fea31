"""Proposals of workshops, and the letters that answer them: both in the key store's database."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, dataclass_transform

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from outreach.db.base import NAMES, TYPES
from outreach.db.outbox_row import OUTBOX_ORDER, OutboxRow
from outreach.db.types import Hour


@dataclass_transform(kw_only_default=True, field_specifiers=(mapped_column,))
class ProposalBase(MappedAsDataclass, DeclarativeBase, kw_only=True, eq=False, repr=False):
    metadata: ClassVar[sa.MetaData] = sa.MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar = TYPES


class ProposalAnswer(StrEnum):
    """What staff did with a proposal."""

    NONE = "none"
    DRAFTED = "drafted"
    DECLINED = "declined"


class Proposal(ProposalBase):
    """A workshop that somebody from outside proposed. All that was typed is encrypted with a master
    key; the main database has none of it."""

    __tablename__ = "proposals"

    id: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    sealed: Mapped[bytes]
    generation: Mapped[int]
    link: Mapped[bytes] = mapped_column(sa.LargeBinary(16), unique=True)  # HMAC of its token
    office: Mapped[str] = mapped_column(sa.String(40), index=True)  # its slug
    answer: Mapped[ProposalAnswer] = mapped_column(default=ProposalAnswer.NONE)
    expires_on: Mapped[date] = mapped_column(index=True)


class ProposalLetter(OutboxRow, ProposalBase):
    """The letter that answers a proposal: no address and no text, which are made when it is sent.
    It is deleted with its `Proposal`."""

    __tablename__ = "proposals_letter"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    proposal_id: Mapped[bytes] = mapped_column(
        sa.LargeBinary(16), sa.ForeignKey("proposals.id", ondelete="CASCADE"), unique=True
    )
    answer: Mapped[ProposalAnswer]
    made_at: Mapped[datetime] = mapped_column(Hour, sort_order=OUTBOX_ORDER)
    done_at: Mapped[datetime | None] = mapped_column(
        Hour, default=None, sort_order=OUTBOX_ORDER + 4
    )
