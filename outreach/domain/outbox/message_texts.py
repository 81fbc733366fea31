"""Texts that an office keeps for its messages to the people of a workshop, each under a name.

They pass the checks of a typed text when they are saved and again when a message is sent, and hold
no data of people.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base, Words
from outreach.domain.network.offices import Office
from outreach.domain.outbox import messaging
from outreach.errors import ErrorCode, NotFound, Refusal

MAX_NAME: Final = 60
MAX_TEXTS: Final = 30  # for each office


class MessageText(Base):
    __tablename__ = "message_text"
    __table_args__ = (sa.UniqueConstraint("office_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    office_id: Mapped[int] = mapped_column(sa.ForeignKey("office.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(sa.String(MAX_NAME))
    paragraph: Mapped[Words]  # in the languages it was written in, always in Spanish
    saved_at: Mapped[datetime]


def save(
    session: Session, office: Office, name: str, paragraph: Mapping[str, str], *, now: datetime
) -> MessageText:
    """Stores a text in place of the one of that name. Raises Refusal for a text that no message may
    have, for an empty text or name, and where the office has MAX_TEXTS others."""
    if not paragraph:
        raise Refusal(ErrorCode.MESSAGE_TEXT_EMPTY)
    messaging.check_paragraph(paragraph)
    _check_name(name)
    known = _lock(session, office)
    text = next((each for each in known if each.name == name), None)
    if text is None:
        if len(known) >= MAX_TEXTS:
            raise Refusal(ErrorCode.MESSAGE_TEXTS_TOO_MANY, most=MAX_TEXTS)
        text = MessageText(office_id=office.id, name=name, paragraph={}, saved_at=now)
        session.add(text)
    text.paragraph, text.saved_at = dict(paragraph), now
    session.flush()
    return text


def rename(session: Session, office: Office, text_id: int, name: str) -> MessageText:
    """Renames a text. Raises NotFound, and Refusal for a name that is empty, too long, or of
    another text.
    """
    _check_name(name)
    known = _lock(session, office)
    text = find(session, office, text_id)
    if any(each.name == name for each in known if each is not text):
        raise Refusal(ErrorCode.MESSAGE_TEXT_NAME_IN_USE)
    text.name = name
    session.flush()
    return text


def list_texts(session: Session, office: Office) -> Sequence[MessageText]:
    """The texts of an office, by name."""
    return session.scalars(
        sa.select(MessageText)
        .where(MessageText.office_id == office.id)
        .order_by(MessageText.name, MessageText.id)
    ).all()


def find(session: Session, office: Office, text_id: int) -> MessageText:
    """Finds a text of this office. Raises NotFound."""
    text = session.get(MessageText, text_id)
    if text is None or text.office_id != office.id:
        raise NotFound("message text")
    return text


def _check_name(name: str) -> None:
    if not name or len(name) > MAX_NAME:
        raise Refusal(ErrorCode.MESSAGE_TEXT_NEEDS_NAME, most=MAX_NAME)


def _lock(session: Session, office: Office) -> Sequence[MessageText]:
    """Locks the office: of two that save at the same time, the second sees what the first saved.
    Returns the texts of the office."""
    session.execute(
        sa.select(Office.id).where(Office.id == office.id).with_for_update(key_share=True)
    )
    return list_texts(session, office)
