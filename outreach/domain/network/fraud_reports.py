"""What people tell of fraud in the consulates' name: counts by day and sign, without any text.

Nothing in them leads to a person: who saw a fraud ticks signs from a list.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base

KEPT: Final = timedelta(days=365)


class FraudSign(StrEnum):
    """A sign of fraud: what was asked for, or by which way. The order is that of the form."""

    MONEY = "money"
    DEPOSIT = "deposit"  # by a transfer service or gift cards
    DOCUMENTS = "documents"
    STATUS = "status"
    THREAT = "threat"
    BY_CALL = "call"
    BY_TEXT = "text"
    BY_WEB = "web"
    BY_FLYER = "flyer"
    IN_PERSON = "person"


WHAT: Final = (
    FraudSign.MONEY,
    FraudSign.DEPOSIT,
    FraudSign.DOCUMENTS,
    FraudSign.STATUS,
    FraudSign.THREAT,
)
HOW: Final = tuple(each for each in FraudSign if each not in WHAT)


class FraudCount(Base):
    __tablename__ = "fraud_count"

    day: Mapped[date] = mapped_column(primary_key=True)  # at headquarters
    sign: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    reports: Mapped[int]


def count(session: Session, signs: Iterable[FraudSign], day: date) -> None:
    """Counts one report with these signs."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    insert = sqlite.insert if is_sqlite else postgresql.insert
    for sign in sorted(set(signs)):  # sorted: two reports wait for each other and do not deadlock
        session.execute(
            insert(FraudCount)
            .values(day=day, sign=sign, reports=1)
            .on_conflict_do_update(
                index_elements=["day", "sign"], set_={"reports": FraudCount.reports + 1}
            )
        )


def sum_since(session: Session, since: date) -> dict[FraudSign, int]:
    """Counts the reports with each sign since that day, in the order of the signs."""
    rows = session.execute(
        sa.select(FraudCount.sign, sa.func.sum(FraudCount.reports))
        .where(FraudCount.day >= since)
        .group_by(FraudCount.sign)
    )
    by_sign = {row[0]: int(row[1]) for row in rows}
    return {sign: by_sign[sign] for sign in FraudSign if sign in by_sign}


def purge(session: Session, today: date) -> None:
    session.execute(sa.delete(FraudCount).where(FraudCount.day < today - KEPT))
