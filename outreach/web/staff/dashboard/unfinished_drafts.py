"""The unfinished workshop forms of the staff member, on the first page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from outreach.domain import workshops
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import form_drafts
from outreach.domain.scheduling.form_drafts import FormDraft
from outreach.i18n import gettext as _
from outreach.web.presentation import formatting
from outreach.web.staff.common.guards import current_staff, has_permission
from outreach.web.staff.common.workshop_labels import short_day

MAX_ROWS: Final = 5  # the others are behind them: a draft is deleted after 30 days


@dataclass(frozen=True)
class UnfinishedDraftRow:
    id: int
    title: str  # a neutral one of a discreet kind: the page is read with others looking on
    detail: str  # the office, and when it was saved
    address: str  # leads to the form


def list_rows(session: Session, *, now: datetime) -> list[UnfinishedDraftRow]:
    """The drafts of offices where the staff member may still create workshops."""
    own = [
        draft
        for draft in form_drafts.list_all(session, current_staff().organizer_id)
        if has_permission(Permission.EDIT, draft.office)
    ]
    if not own:
        return []
    by_slug = {office.slug: office for office in offices.list_offices(session)}
    by_code = {kind.code: kind for kind in kinds.list_kinds(session)}
    rows = (_row(session, draft, by_slug, by_code, now) for draft in own)
    return [row for row in rows if row is not None][:MAX_ROWS]


def _row(
    session: Session,
    draft: FormDraft,
    by_slug: Mapping[str, Office],
    by_code: Mapping[str, Kind],
    now: datetime,
) -> UnfinishedDraftRow | None:
    """Returns the row of a draft; None where the workshop that it changes is gone."""
    address = "/org/talleres/nuevo"
    if not draft.is_new:
        workshop = workshops.find_by_id(session, draft.workshop_id)
        if workshop is None:
            return None
        address = f"/org/talleres/{workshop.public_id}/editar"
    kind, office = by_code.get(draft.first("kind")), by_slug[draft.office]
    title = draft.first("title_es") or (formatting.localize(kind.name) if kind else "")
    if kind is not None and kind.is_discreet:
        title = _("Taller privado")
    saved = draft.saved_at.astimezone(office.zone)
    at = formatting.hour(saved.time())
    if saved.date() != now.astimezone(office.zone).date():
        at = f"{short_day(saved.date())}, {at}"
    return UnfinishedDraftRow(
        id=draft.id,
        title=title or _("Sin título"),
        detail=_("%(city)s · Guardado: %(at)s", city=office.city, at=at),
        address=f"{address}?borrador={draft.id}",
    )
