"""The columns of an outbox, which every table of messages has (`domain/outbox/outbox_table.py`)."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Mapped, MappedAsDataclass, mapped_column

OUTBOX_ORDER: Final = 100  # the first of these columns has it: they stand behind those of the table


class OutboxRow(MappedAsDataclass, kw_only=True, eq=False, repr=False):
    """The columns of a message that waits, was sent, or was given up.

    A table whose rows must not say when somebody did something declares `made_at` and
    `done_at` again, as hours (S33).
    """

    made_at: Mapped[datetime] = mapped_column(sort_order=OUTBOX_ORDER)
    due_at: Mapped[datetime] = mapped_column(sort_order=OUTBOX_ORDER + 1)
    tries: Mapped[int] = mapped_column(default=0, sort_order=OUTBOX_ORDER + 2)
    # Until when one worker may deliver it.
    leased_until: Mapped[datetime | None] = mapped_column(default=None, sort_order=OUTBOX_ORDER + 3)
    done_at: Mapped[datetime | None] = mapped_column(default=None, sort_order=OUTBOX_ORDER + 4)
    is_dead: Mapped[bool] = mapped_column(default=False, sort_order=OUTBOX_ORDER + 5)  # given up
