"""Templates of workshops: the fields of the form that an office keeps under a name.

Only the form of a new workshop reads them. They hold no data of people who register.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.domain.network.offices import Office
from outreach.errors import ErrorCode, NotFound, Refusal

MAX_NAME: Final = 60
MAX_BYTES: Final = 30_000  # as of an unsaved form
MAX_TEMPLATES: Final = 30  # for each office


class WorkshopTemplate(Base):
    __tablename__ = "workshop_template"
    __table_args__ = (sa.UniqueConstraint("office_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    office_id: Mapped[int] = mapped_column(sa.ForeignKey("office.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(sa.String(MAX_NAME))
    fields: Mapped[str] = mapped_column(sa.Text)  # JSON of names and values, as the form sent them
    saved_at: Mapped[datetime]

    @property
    def sent_fields(self) -> list[tuple[str, str]]:
        return [(name, value) for name, value in json.loads(self.fields)]


def save(
    session: Session,
    office: Office,
    name: str,
    fields: Iterable[tuple[str, str]],
    *,
    now: datetime,
) -> WorkshopTemplate:
    """Stores a template in place of the one of that name. Raises Refusal where the fields are
    longer than MAX_BYTES, or the office has MAX_TEMPLATES others."""
    text = json.dumps(list(fields), ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > MAX_BYTES:
        raise Refusal(ErrorCode.FORM_DRAFT_TOO_LONG)
    # Locks the office: of two that save at the same time, the second sees what the first saved.
    session.execute(
        sa.select(Office.id).where(Office.id == office.id).with_for_update(key_share=True)
    )
    known = list_templates(session, office)
    template = next((each for each in known if each.name == name), None)
    if template is None:
        if len(known) >= MAX_TEMPLATES:
            raise Refusal(ErrorCode.WORKSHOP_TEMPLATES_TOO_MANY, most=MAX_TEMPLATES)
        template = WorkshopTemplate(office_id=office.id, name=name, fields=text, saved_at=now)
        session.add(template)
    template.fields, template.saved_at = text, now
    session.flush()
    return template


def list_templates(session: Session, office: Office) -> Sequence[WorkshopTemplate]:
    """The templates of an office, by name."""
    return session.scalars(
        sa.select(WorkshopTemplate)
        .where(WorkshopTemplate.office_id == office.id)
        .order_by(WorkshopTemplate.name, WorkshopTemplate.id)
    ).all()


def find(session: Session, office: Office, template_id: int) -> WorkshopTemplate:
    """Finds a template of this office. Raises NotFound."""
    template = session.get(WorkshopTemplate, template_id)
    if template is None or template.office_id != office.id:
        raise NotFound("workshop template")
    return template
