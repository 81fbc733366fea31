"""Form drafts: what a staff member typed into a workshop's form and has not saved yet.

Only the form reads it, and only for the same staff member. It holds no data of people who register.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.db.store import change_rows
from outreach.errors import ErrorCode, NotFound, Refusal

RETENTION: Final = timedelta(days=30)
MAX_BYTES: Final = 30_000  # the longest texts of a form take half of it
MAX_DRAFTS: Final = 20  # for each staff member; the oldest is deleted

Fields = list[tuple[str, str]]  # names and values, in the order of the form


class FormDraft(Base):
    __tablename__ = "form_draft"
    __table_args__ = (sa.UniqueConstraint("organizer_id", "form"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    organizer_id: Mapped[int] = mapped_column(sa.ForeignKey("staff_member.id", ondelete="CASCADE"))
    form: Mapped[str] = mapped_column(sa.String(60))  # «new NONCE», or «edit ID» of a workshop
    office: Mapped[str] = mapped_column(sa.String(40))  # slug
    fields: Mapped[str] = mapped_column(sa.Text)  # JSON of `Fields`
    saved_at: Mapped[datetime] = mapped_column(index=True)

    @property
    def sent_fields(self) -> Fields:
        return [(name, value) for name, value in json.loads(self.fields)]

    @property
    def is_new(self) -> bool:
        return self.form.startswith("new ")

    @property
    def nonce(self) -> str:
        return self.form.removeprefix("new ")

    @property
    def workshop_id(self) -> int:
        return int(self.form.removeprefix("edit "))

    def first(self, name: str) -> str:
        return next((value for each, value in self.sent_fields if each == name), "")


def new_form_key(nonce: str) -> str:
    return f"new {nonce}"


def workshop_form_key(workshop_id: int) -> str:
    return f"edit {workshop_id}"


def save(
    session: Session,
    organizer_id: int,
    form: str,
    fields: Iterable[tuple[str, str]],
    *,
    office: str,
    now: datetime,
) -> FormDraft:
    """Stores the fields of a form in place of its earlier draft. Raises Refusal where they are
    longer than MAX_BYTES."""
    text = json.dumps(list(fields), ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > MAX_BYTES:
        raise Refusal(ErrorCode.FORM_DRAFT_TOO_LONG)
    draft = find_by_form(session, organizer_id, form)
    if draft is None:
        _delete_oldest(session, organizer_id)
        draft = FormDraft(
            organizer_id=organizer_id, form=form, office=office, fields=text, saved_at=now
        )
        session.add(draft)
    draft.fields, draft.office, draft.saved_at = text, office, now
    session.flush()
    return draft


def find_by_form(session: Session, organizer_id: int, form: str) -> FormDraft | None:
    return session.scalar(_BY_FORM, {"organizer": organizer_id, "form": form})


_BY_FORM: Final = sa.select(FormDraft).where(
    FormDraft.organizer_id == sa.bindparam("organizer"), FormDraft.form == sa.bindparam("form")
)


def find(session: Session, organizer_id: int, draft_id: int) -> FormDraft:
    """Finds a draft of this staff member. Raises NotFound."""
    draft = session.get(FormDraft, draft_id)
    if draft is None or draft.organizer_id != organizer_id:
        raise NotFound("draft")
    return draft


def list_unsaved(session: Session, organizer_id: int) -> Sequence[FormDraft]:
    """Returns the drafts by a staff member of workshops that do not exist yet, the latest first."""
    return session.scalars(
        sa.select(FormDraft)
        .where(FormDraft.organizer_id == organizer_id, FormDraft.form.startswith("new "))
        .order_by(FormDraft.saved_at.desc(), FormDraft.id.desc())
    ).all()


def list_all(session: Session, organizer_id: int) -> Sequence[FormDraft]:
    """The drafts of a staff member, of new workshops and of changes, the latest first."""
    return session.scalars(
        sa.select(FormDraft)
        .where(FormDraft.organizer_id == organizer_id)
        .order_by(FormDraft.saved_at.desc(), FormDraft.id.desc())
    ).all()


def discard(session: Session, organizer_id: int, form: str) -> None:
    """Deletes the draft of a form that was saved or given up."""
    session.execute(_DISCARD, {"organizer": organizer_id, "form": form})


# SQLAlchemy cannot compare loaded drafts with parameters; none is used after this statement.
_DISCARD: Final = (
    sa.delete(FormDraft)
    .where(
        FormDraft.organizer_id == sa.bindparam("organizer"), FormDraft.form == sa.bindparam("form")
    )
    .execution_options(synchronize_session=False)
)


def forget(session: Session, workshop_id: int) -> None:
    """Deletes everybody's drafts for a workshop."""
    session.execute(sa.delete(FormDraft).where(FormDraft.form == workshop_form_key(workshop_id)))


def purge(session: Session, *, now: datetime) -> int:
    return change_rows(session, sa.delete(FormDraft).where(FormDraft.saved_at < now - RETENTION))


def _delete_oldest(session: Session, organizer_id: int) -> None:
    oldest = session.scalars(
        sa.select(FormDraft.id)
        .where(FormDraft.organizer_id == organizer_id)
        .order_by(FormDraft.saved_at.desc(), FormDraft.id.desc())
        .offset(MAX_DRAFTS - 1)
    ).all()
    session.execute(sa.delete(FormDraft).where(FormDraft.id.in_(oldest)))
