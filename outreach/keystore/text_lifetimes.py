"""How long the key store keeps what `text_exchange` stores."""

from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.keystore.models import ReceivedText, TextChallenge, TextReply, TextStop

CHALLENGE_LIFETIME: Final = timedelta(minutes=30)
REPLY_LIFETIME: Final = timedelta(hours=1)  # later it surprises more than it informs
RECEIVED_LIFETIME: Final = timedelta(days=90)  # longer than any question is open
STOP_LIFETIME: Final = timedelta(days=5 * 365)  # then the number may be another person's


def delete_old(session: Session, today: date, now: datetime) -> None:
    """Deletes what no text needs any more."""
    session.execute(sa.delete(TextChallenge).where(TextChallenge.ends_at <= now))
    session.execute(sa.delete(TextReply).where(TextReply.made_at <= now - REPLY_LIFETIME))
    is_old = ReceivedText.received_on < today - RECEIVED_LIFETIME
    session.execute(sa.delete(ReceivedText).where(is_old))
    session.execute(sa.delete(TextStop).where(TextStop.stopped_on < today - STOP_LIFETIME))
