"""Autosave of the workshop form: stores what is typed, and offers it when the form is opened
again."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from outreach import clock
from outreach.domain import workshops
from outreach.domain.network import offices
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import form_drafts
from outreach.domain.scheduling.form_drafts import FormDraft
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound, Refusal
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.presentation.formatting import hour
from outreach.web.staff.common.guards import (
    current_staff,
    find_workshop,
    has_permission,
    require_permission,
)
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.common.workshop_labels import short_day
from outreach.web.staff.workshop_form import blueprint

NONCE: Final = re.compile(r"[A-Za-z0-9_-]{22}")
MAX_OFFERS: Final = 3
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
# Fields of buttons and of the session, which are not stored.
_NOT_STORED: Final = frozenset(
    {"token", "action", "sure", "office", "nonce", "workshop", "preview_language"}
)


@dataclass(frozen=True)
class DraftOffer:
    """An unsaved form that the staff member can resume."""

    id: int
    at: str  # «6:42 p. m.», with the day if it is not today
    title: str
    address: str


@blueprint.post("/talleres/borrador")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def save_draft() -> ResponseReturnValue:
    """Stores the form as it stands. Returns the hour as JSON, to be shown beside the button."""
    try:
        return {"at": keep(request.form)[0]}
    except Refusal as refusal:
        return {"fault": error_messages.say(refusal)}, 422


@blueprint.post("/talleres/borrador/descartar")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def discard_draft() -> ResponseReturnValue:
    with store().change() as session:
        draft = form_drafts.find(
            session, current_staff().organizer_id, _id(request.form.get("draft", ""))
        )
        back = "/org/talleres/nuevo"
        if request.form.get("page") == "today":
            back = "/org/?hecho=borrado"
        elif not draft.is_new:
            workshop = workshops.find_by_id(session, draft.workshop_id)
            back = f"/org/talleres/{workshop.public_id}/editar" if workshop else "/org/talleres"
        form_drafts.discard(session, current_staff().organizer_id, draft.form)
    return redirect(back, 303)


def keep(typed: MultiDict[str, str]) -> tuple[str, bool]:
    """Keeps a form as it stands, with any gaps. Returns the hour at its office, and whether it was
    kept: not where its workshop was created meanwhile. Raises Refusal where it is too long,
    NotFound where it names no form."""
    now = clock.now()
    try:
        office, is_kept = _store(typed, now)
    except sa.exc.IntegrityError:  # the first save of the same form arrived twice at once
        office, is_kept = _store(typed, now)
    return hour(now.astimezone(office.zone).time()), is_kept


def offers_of_new(session: Session) -> list[DraftOffer]:
    """The unsaved forms of new workshops, at offices where the staff member may create some."""
    drafts = form_drafts.list_unsaved(session, current_staff().organizer_id)
    own = [each for each in drafts if has_permission(Permission.EDIT, each.office)]
    return [_offer(session, each, "/org/talleres/nuevo") for each in own[:MAX_OFFERS]]


def offers_of(session: Session, workshop: Workshop) -> list[DraftOffer]:
    draft = _of_workshop(session, workshop)
    address = f"/org/talleres/{workshop.public_id}/editar"
    return [] if draft is None else [_offer(session, draft, address)]


def recover_new(session: Session, draft_id: str) -> tuple[Office, str, MultiDict[str, str]]:
    """The office, nonce and fields of the draft of a new workshop. Raises NotFound."""
    draft = form_drafts.find(session, current_staff().organizer_id, _id(draft_id))
    if not draft.is_new:
        raise NotFound("draft")
    require_permission(Permission.EDIT, draft.office)
    return offices.find(session, draft.office), draft.nonce, MultiDict(draft.sent_fields)


def recover(session: Session, workshop: Workshop) -> MultiDict[str, str] | None:
    draft = _of_workshop(session, workshop)
    return None if draft is None else MultiDict(draft.sent_fields)


def discard(session: Session, *, nonce: str = "", workshop: Workshop | None = None) -> None:
    """Deletes the draft, since the workshop has been saved."""
    form = (
        form_drafts.new_form_key(nonce)
        if workshop is None
        else form_drafts.workshop_form_key(workshop.id)
    )
    form_drafts.discard(session, current_staff().organizer_id, form)


def _store(typed: MultiDict[str, str], now: datetime) -> tuple[Office, bool]:
    """Stores the fields; returns the office that they are for, and whether they were stored."""
    fields = [each for each in typed.items(multi=True) if each[0] not in _NOT_STORED]
    with store().change() as session:
        form, office = _form_and_office(session, typed)
        if form:
            form_drafts.save(
                session, current_staff().organizer_id, form, fields, office=office.slug, now=now
            )
    return office, bool(form)


def _form_and_office(session: Session, typed: MultiDict[str, str]) -> tuple[str, Office]:
    """The name of the draft (empty when its workshop was created meanwhile), and its office."""
    public_id = clean(typed.get("workshop", ""))
    if public_id:
        workshop = find_workshop(session, public_id)
        return form_drafts.workshop_form_key(workshop.id), workshop.office
    slug, nonce = clean(typed.get("office", "")), typed.get("nonce", "")
    require_permission(Permission.EDIT, slug)
    if not NONCE.fullmatch(nonce):
        raise NotFound("form")
    is_created = workshops.find_by_external_id(session, f"desk {nonce}") is not None
    return "" if is_created else form_drafts.new_form_key(nonce), offices.find(session, slug)


def _of_workshop(session: Session, workshop: Workshop) -> FormDraft | None:
    form = form_drafts.workshop_form_key(workshop.id)
    return form_drafts.find_by_form(session, current_staff().organizer_id, form)


def _offer(session: Session, draft: FormDraft, address: str) -> DraftOffer:
    zone = offices.find(session, draft.office).zone
    there, today = draft.saved_at.astimezone(zone), clock.now().astimezone(zone).date()
    at = hour(there.time())
    if there.date() != today:
        at = f"{at}, {short_day(there.date())}"
    return DraftOffer(draft.id, at, draft.first("title_es"), f"{address}?borrador={draft.id}")


def _id(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise NotFound("draft")
    return int(text)
