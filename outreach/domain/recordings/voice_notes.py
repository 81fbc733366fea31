"""Voice notes: what a kind or a workshop is about, as somebody of the staff says it.

Each has its words in writing beside it, for who reads with a screen reader or not at all aloud. A
note is of a kind, of a workshop, or a prompt of the phone line; one a language. It is played only
where everybody may hear it: never of anything discreet, and of a workshop only while its address is
public and when and where it is are what they were, since nobody can correct what a recording says.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach.db.base import Base
from outreach.domain.network.kinds import Kind
from outreach.domain.text import code
from outreach.domain.workshops import PUBLIC_STATUSES, Workshop, facts
from outreach.errors import ErrorCode, NotFound, Refusal

MAX_TEXT: Final = 4000  # characters: more than three minutes of speech
NAME_LENGTH: Final = 20
# After the day of its workshop: the voice is of a person, and nobody plays it any more.
KEPT_DAYS: Final = 30


class LinePrompt(StrEnum):
    """A sentence of the phone line that is always the same, and so can be recorded."""

    WELCOME = "welcome"
    ZIP_CODE = "zip_code"
    NO_KEY = "no_key"
    SAVED = "saved"


class VoiceNote(Base):
    __tablename__ = "voice_note"
    __table_args__ = (
        sa.UniqueConstraint("kind_id", "lang"),
        sa.UniqueConstraint("workshop_id", "lang"),
        sa.UniqueConstraint("prompt", "lang"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    # In its address. A new recording has a new one: browsers keep the old one for an hour.
    name: Mapped[str] = mapped_column(
        sa.String(NAME_LENGTH), unique=True, init=False, default_factory=lambda: code(NAME_LENGTH)
    )
    # Exactly one of these three.
    kind_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("kind.id", ondelete="CASCADE"), default=None
    )
    kind: Mapped[Kind | None] = relationship(init=False)
    workshop_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="CASCADE"), default=None
    )
    workshop: Mapped[Workshop | None] = relationship(init=False)
    prompt: Mapped[LinePrompt | None] = mapped_column(default=None)
    lang: Mapped[str] = mapped_column(sa.String(3))
    spoken_text: Mapped[str] = mapped_column(sa.Text)
    seconds: Mapped[int]
    body: Mapped[bytes] = mapped_column(deferred=True)  # MP3
    made_at: Mapped[datetime]
    # When and where its workshop was; NULL of anything else.
    facts: Mapped[bytes | None] = mapped_column(sa.LargeBinary(facts.SIZE), default=None)

    @property
    def is_playable(self) -> bool:
        if self.workshop is not None:
            is_public = self.workshop.status in PUBLIC_STATUSES
            return is_public and can_have_notes(self.workshop) and not self.is_outdated
        return self.kind is None or not self.kind.is_discreet

    @property
    def is_outdated(self) -> bool:
        """Whether its workshop has moved since or is cancelled, so that it may say a wrong day
        or place.
        """
        return self.workshop is not None and self.facts != facts.compute_facts(self.workshop)


def can_have_notes(workshop: Workshop) -> bool:
    """Tells whether staff may record something about this workshop, which everybody could hear."""
    return not (workshop.is_discreet or workshop.kind.is_discreet or workshop.has_secret_address)


def save(
    session: Session,
    subject: Kind | Workshop | LinePrompt,
    lang: str,
    spoken_text: str,
    body: bytes,
    *,
    seconds: int,
    now: datetime,
) -> VoiceNote:
    """Stores a recording in place of the one of the same subject and language. Raises Refusal where
    the subject is discreet, or its address is not public."""
    made = VoiceNote(
        kind_id=subject.id if isinstance(subject, Kind) else None,
        workshop_id=subject.id if isinstance(subject, Workshop) else None,
        prompt=subject if isinstance(subject, LinePrompt) else None,
        lang=lang,
        spoken_text=spoken_text,
        seconds=seconds,
        body=body,
        made_at=now,
        facts=facts.compute_facts(subject) if isinstance(subject, Workshop) else None,
    )
    if isinstance(subject, Kind):
        is_heard = not subject.is_discreet
    else:
        is_heard = isinstance(subject, LinePrompt) or can_have_notes(subject)
    if not is_heard:
        raise Refusal(ErrorCode.VOICE_NOTE_OF_DISCREET)
    _lock(session, subject)
    session.execute(sa.delete(VoiceNote).where(_is_of(subject), VoiceNote.lang == lang))
    session.add(made)
    session.flush()
    return made


def list_notes(session: Session, subject: Kind | Workshop | LinePrompt) -> Sequence[VoiceNote]:
    """Returns the recordings of a subject, also those that are not played; the one in Spanish
    first.
    """
    return session.scalars(sa.select(VoiceNote).where(_is_of(subject)).order_by(*_ORDER)).all()


def list_played(session: Session, workshop: Workshop) -> Sequence[VoiceNote]:
    """Returns the recordings that the page of a workshop plays.

    They are its own, then those of its kind in languages in which it has none.
    """
    if workshop.is_discreet or workshop.kind.is_discreet:
        return []
    ids = {"workshop": workshop.id, "kind": workshop.kind_id}
    found = session.scalars(_OF_WORKSHOP_OR_KIND, ids).all()
    own = [each for each in found if each.workshop_id is not None and each.is_playable]
    known = {each.lang for each in own}
    return [
        *own,
        *(each for each in found if each.kind_id is not None and each.lang not in known),
    ]


def list_of_kind(session: Session, workshop: Workshop) -> Sequence[VoiceNote]:
    """Returns the recordings of the kind of a workshop, which name no place and no day.

    A ticket plays these alone.
    """
    if workshop.is_discreet or workshop.kind.is_discreet:
        return []
    return session.scalars(_OF_KIND, {"kind": workshop.kind_id}).all()


def find_prompt(session: Session, prompt: LinePrompt, lang: str) -> VoiceNote | None:
    return session.scalar(
        sa.select(VoiceNote).where(VoiceNote.prompt == prompt, VoiceNote.lang == lang)
    )


def find_played(session: Session, name: str) -> VoiceNote:
    """Finds a recording that everybody may hear, by the name in its address. Raises NotFound."""
    note = session.scalar(sa.select(VoiceNote).where(VoiceNote.name == name.upper()))
    if note is None or not note.is_playable:
        raise NotFound("voice note")
    return note


def find(session: Session, note_id: int) -> VoiceNote:
    """Finds a recording by its id, also one that is not played. Raises NotFound."""
    note = session.get(VoiceNote, note_id)
    if note is None:
        raise NotFound("voice note")
    return note


def is_of(note: VoiceNote, subject: Kind | Workshop | LinePrompt) -> bool:
    """Tells whether the recording is one of this subject."""
    if isinstance(subject, Kind):
        return note.kind_id == subject.id
    if isinstance(subject, Workshop):
        return note.workshop_id == subject.id
    return note.prompt is subject


def purge(session: Session, today: date) -> int:
    """Deletes the recordings of workshops that were KEPT_DAYS ago, and of what has become
    discreet; returns how many."""
    is_past = Workshop.day < today - timedelta(days=KEPT_DAYS)
    # Looked up for each recording, of which there are few.
    is_gone = sa.exists().where(
        Workshop.id == VoiceNote.workshop_id, sa.or_(is_past, Workshop.is_discreet.is_(True))
    )
    is_discreet = sa.exists().where(Kind.id == VoiceNote.kind_id, Kind.is_discreet.is_(True))
    gone = session.execute(
        sa.delete(VoiceNote).where(sa.or_(is_gone, is_discreet)).returning(VoiceNote.id)
    )
    return len(gone.all())


def count_all(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(VoiceNote)) or 0


def _lock(session: Session, subject: Kind | Workshop | LinePrompt) -> None:
    """Locks the subject until the transaction ends.

    Of two recordings that are made of it at the same time, the second takes the place of the first.
    """
    if isinstance(subject, LinePrompt):
        return
    table = Kind if isinstance(subject, Kind) else Workshop
    session.execute(
        sa.select(table.id).where(table.id == subject.id).with_for_update(key_share=True)
    )


def _is_of(subject: Kind | Workshop | LinePrompt) -> sa.ColumnElement[bool]:
    if isinstance(subject, Kind):
        return VoiceNote.kind_id == subject.id
    if isinstance(subject, Workshop):
        return VoiceNote.workshop_id == subject.id
    return VoiceNote.prompt == subject


_ORDER: Final = (VoiceNote.lang != "es", VoiceNote.id)
_OF_KIND: Final = (
    sa.select(VoiceNote).where(VoiceNote.kind_id == sa.bindparam("kind")).order_by(*_ORDER)
)
_OF_WORKSHOP_OR_KIND: Final = (
    sa.select(VoiceNote)
    .where(
        sa.or_(
            VoiceNote.workshop_id == sa.bindparam("workshop"),
            VoiceNote.kind_id == sa.bindparam("kind"),
        )
    )
    .order_by(*_ORDER)
)
