"""The outboxes of messages to people who follow: letters, texts and push. Their rows are in the key
store's database; delivery is that of every outbox (decision 0025)."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.outbox import ClaimedMessage, OutboxTable
from outreach.extensions.follow.tables import Follow, FollowChannel, FollowMessage

# In these hours of UTC it is day in all zones of the network, from Honolulu to St. John's.
DAY_FROM: Final = time(18)
DAY_UNTIL: Final = time(23)
OUTBOXES: Final[Mapping[FollowChannel, OutboxTable]] = {
    each: OutboxTable(FollowMessage, "message_type", conditions=(FollowMessage.channel == each,))
    for each in FollowChannel
}


_READ: Final = (  # built once: each of many thousand letters executes it
    sa.select(FollowMessage, Follow)
    .join(Follow, Follow.id == FollowMessage.follow_id)
    .where(FollowMessage.id == sa.bindparam("message_id"))
)


def read(session: Session, claimed: ClaimedMessage) -> tuple[FollowMessage, Follow] | None:
    """Reads a claimed message and its follow; None where the follow has ended."""
    row = session.execute(_READ, {"message_id": claimed.id}).first()
    return None if row is None else (row[0], row[1])


def find_daytime(channel: FollowChannel, at: datetime) -> datetime:
    """Returns the first instant from `at` on at which a message on this channel wakes nobody.

    We do not know the zone of the reader. A letter may come at any hour.
    """
    if channel is FollowChannel.LETTER:
        return at
    there = at.astimezone(UTC)
    if DAY_FROM <= there.time() < DAY_UNTIL:
        return at
    day = there.date() + timedelta(days=there.time() >= DAY_UNTIL)
    return datetime.combine(day, DAY_FROM, UTC)
