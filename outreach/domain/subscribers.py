"""Who gets the bulletin by e-mail: an address sealed under a key of its own, as a person's is."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from outreach.db.base import Base


class Subscriber(Base):
    __tablename__ = "subscriber"

    id: Mapped[str] = mapped_column(sa.String(26), primary_key=True)
    key_id: Mapped[str] = mapped_column(sa.String(26), unique=True)  # in the ring
    sealed: Mapped[bytes]
    address_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    lang: Mapped[str] = mapped_column(sa.String(2))
    asked_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
