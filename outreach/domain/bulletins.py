"""The monthly bulletin: its editions. The numbers of each come from a revision of its month; what
people wrote around them is here. What was published never changes: a correction is a new edition.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from outreach.db.base import Base, Words


class Edition(Base):
    __tablename__ = "bulletin_edition"
    __table_args__ = (sa.UniqueConstraint("month", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    month: Mapped[int]  # 202001
    number: Mapped[int]  # from 1 on
    revision: Mapped[int]  # of the month, whose numbers it tells
    title: Mapped[Words] = mapped_column(default_factory=dict)
    happened: Mapped[Words] = mapped_column(default_factory=dict)  # «Lo que pasó», Markdown
    ahead: Mapped[Words] = mapped_column(default_factory=dict)  # «Lo que viene», Markdown
    correction: Mapped[Words] = mapped_column(default_factory=dict)  # of a later one: why
    version: Mapped[int] = mapped_column(default=1)  # rises with each edit: two cannot edit at once
    edited_at: Mapped[datetime]
    edited_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organizer.id"), default=None)
    published_at: Mapped[datetime | None] = mapped_column(default=None)  # None: a draft
    published_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organizer.id"), default=None)
    frozen: Mapped[str] = mapped_column(sa.Text, default="")  # JSON of what was published
    digest: Mapped[str] = mapped_column(sa.String(64), default="")  # SHA-256 of it, in hex
