"""Loads the good rows of a draft in one act, says what came of it, and undoes it."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.clock import Month
from outreach.domain.network.kinds import Kind
from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import bulk, import_drafts, import_memory, import_undo
from outreach.domain.scheduling.import_drafts import ImportDraft
from outreach.domain.scheduling.import_undo import UndoneLoad
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.domain.workshops.publish_checks import find_missing_fields
from outreach.errors import NotFound
from outreach.i18n import gettext as _
from outreach.i18n import ngettext
from outreach.imports.guess import loading
from outreach.web import error_messages
from outreach.web.context import config, key_store, store
from outreach.web.staff.common import notify_sheet, workshop_labels
from outreach.web.staff.common.guards import current_staff, log_office_action, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.imports import blueprint, draft_rows
from outreach.web.staff.imports.draft_review import (
    DraftReview,
    address_of,
    count_left,
    lock_draft,
    open_draft,
)
from outreach.web.staff.imports.draft_rows import MAX_FORM_BYTES

log = logging.getLogger(__name__)


class _ReviewChanged(Exception):
    """Something is not as the page showed it: nothing is loaded."""


@dataclass(frozen=True)
class LoadRecord:
    """One load of a draft, as it is stored."""

    batch: str  # names the changes of workshops
    seal: str  # identifies the page from which it was loaded
    loaded_at: datetime
    new: Sequence[str]  # public ids
    changed: Sequence[str]
    is_undone: bool

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "LoadRecord":
        return cls(
            batch=stored["batch"],
            seal=stored["seal"],
            loaded_at=datetime.fromisoformat(stored["loaded_at"]),
            new=stored["new"],
            changed=stored["changed"],
            is_undone=stored["is_undone"],
        )


@dataclass(frozen=True)
class NextStep:
    """Something that is left to do after a load."""

    name: str
    detail: str
    address: str
    action: str
    file: str = ""  # the address of a download beside it


@blueprint.post("/traer/<slug>/<draft_id>/cargar")
@requires(Scope.OFFICE, Permission.EDIT, max_body_bytes=MAX_FORM_BYTES)
def load_draft(slug: str, draft_id: str) -> ResponseReturnValue:
    """Loads what the page showed as ready. What was typed since is kept first, and shown."""
    seen = request.form.get("seen", "")
    judged, sent = draft_rows.keep_form(slug, draft_id)
    if sent.conflicts:
        return draft_rows.show_conflicts(slug, draft_id, sent)
    address = judged.address
    try:
        with store().change() as session:
            draft = import_drafts.find(session, slug, draft_id, now=clock.now(), is_locked=True)
            if any(each["seal"] == seen for each in draft.loads):  # sent twice
                return redirect(f"{address}/listo", 303)
            if sent.mended:
                return redirect(f"{address}?hecho=si", 303)
            opened = lock_draft(session, judged)
            if opened is None or not opened.loadable or opened.seal != seen:
                raise _ReviewChanged
            moved = _load(session, opened)
    except (_ReviewChanged, sa.exc.IntegrityError):  # or a colleague loads the same sheet just now
        with store().read() as session:
            opened = open_draft(session, slug, draft_id)
            return draft_rows.show(session, opened, status=409, is_outdated=True)
    _move_keys(moved)
    return redirect(f"{address}/listo", 303)


def _load(session: Session, opened: DraftReview) -> Mapping[int, Any]:
    """Writes the rows and records the load. Returns the new days of erasure of moved workshops, by
    id."""
    ready, seal = opened.loadable, opened.seal
    decision = notify_sheet.read_decision()
    done = loading.write(
        session,
        opened.office.slug,
        [row.proposal for row in ready],
        now=opened.now,
        staff_id=current_staff().organizer_id,
        decision=decision,
        file=opened.draft.public_id,
    )
    if done.changed:
        notify_sheet.require_decision(session, done.changed, decision)
    opened.draft.pending = len(opened.open_rows) + len(done.left_out)
    record = {
        "batch": decision.batch,
        "seal": seal,
        "loaded_at": opened.now.isoformat(),
        "new": [each.public_id for each in done.new],
        "changed": [each.public_id for each in done.changed],
        "is_undone": False,
    }
    answers = opened.answers.to_json()
    import_drafts.change(session, opened.draft, answers=answers, now=opened.now, load=record)
    return done.moved


def _move_keys(moved: Mapping[int, Any]) -> None:
    """Moves the day on which keys of moved workshops are destroyed. The rows are committed by
    then: if the key store is unavailable, the next purge corrects it."""
    for workshop_id, day in moved.items():
        try:
            key_store().move(workshop_id, day)
        except Exception as error:
            log.error("keys of workshop %s not moved: %s", workshop_id, type(error).__name__)


@blueprint.get("/traer/<slug>/<draft_id>/listo")
@requires(Scope.OFFICE, Permission.EDIT)
def loaded_page(slug: str, draft_id: str) -> ResponseReturnValue:
    """Shows what was loaded, what is next, and how to undo it."""
    with store().read() as session:
        draft = import_drafts.find(session, slug, draft_id, now=clock.now())
        return _show(session, draft, undone=None)


def _show(session: Session, draft: ImportDraft, *, undone: UndoneLoad | None) -> Response:
    loads = [LoadRecord.read(each) for each in draft.loads]
    if not loads:
        raise NotFound("load")
    last = loads[-1]
    made = import_undo.list_made(session, [*last.new, *last.changed])
    by_kind: Counter[Kind] = Counter(each.kind for each in made)
    seats: Counter[Kind] = Counter()
    for each in made:
        seats[each.kind] += each.capacity
    drafts = [each for each in made if each.status is WorkshopStatus.DRAFT]
    missing = [each for each in drafts if find_missing_fields(each, phone=config().phone)]
    cancelled = import_memory.find_cancelled(session, draft.office, [each.id for each in drafts])
    # Not what the file gives as cancelled: somebody has to look at each.
    ready = [each for each in drafts if each not in missing and each.id not in cancelled]
    address = address_of(draft)
    return page(
        "imports/draft_loaded",
        draft=draft,
        address=address,
        load=last,
        undone=undone,
        made=made,
        by_kind=[(kind, count, seats[kind]) for kind, count in by_kind.most_common()],
        drafts=drafts,
        steps=_list_next_steps(draft, missing, ready, address),
        published=[each for each in made if each.status is WorkshopStatus.PUBLISHED],
        months=sorted({Month.from_day(each.day) for each in made}),
        words=workshop_labels,
    )


def _list_next_steps(
    draft: ImportDraft, missing: Sequence[Workshop], ready: Sequence[Workshop], address: str
) -> list[NextStep]:
    """Returns what is left to do with the drafts of a load and with the rows that were not
    loaded."""
    steps = []
    if ready:
        first = ready[: bulk.MAX_WORKSHOPS]  # the next ones once these are public
        query = urlencode([("hacer", "publicar"), *(("t", each.public_id) for each in first)])
        steps.append(
            NextStep(
                ngettext(
                    "Publica el que ya está completo",
                    "Publica los %(num)s que ya están completos",
                    len(ready),
                ),
                _("Antes ves cada uno, con lo que haya que revisar."),
                f"/org/talleres/varios?{query}",
                ngettext("Publicar este…", "Publicar estos %(num)s…", len(first)),
            )
        )
    if missing:
        fields = dict.fromkeys(
            field for each in missing for field in find_missing_fields(each, phone=config().phone)
        )
        steps.append(
            NextStep(
                ngettext("Completa %(num)s borrador", "Completa %(num)s borradores", len(missing)),
                _("Falta para publicar: %(fields)s.", fields=error_messages.say_fields(fields)),
                f"/org/talleres/{missing[0].public_id}/editar",
                _("Empezar por el primero") if len(missing) > 1 else _("Completarlo"),
            )
        )
    if draft.pending:
        last_day = draft.expires_at.astimezone(draft.office.zone).date()
        steps.append(
            NextStep(
                ngettext(
                    "Arregla el renglón que no entró",
                    "Arregla los %(num)s renglones que no entraron",
                    draft.pending,
                ),
                _(
                    "Esperan hasta el %(day)s. También puedes bajarlos en una hoja, con el motivo "
                    "al lado.",
                    day=workshop_labels.short_day(last_day),
                ),
                address,
                _("Seguir"),
                f"{address}/renglones.csv",
            )
        )
    return steps


@blueprint.post("/traer/<slug>/<draft_id>/deshacer")
@requires(Scope.OFFICE, Permission.EDIT)
def undo_draft_load(slug: str, draft_id: str) -> ResponseReturnValue:
    """Undoes the last load as far as possible; what cannot be undone is named with its cause."""
    now = clock.now()
    with store().change() as session:
        draft = import_drafts.find(session, slug, draft_id, now=now, is_locked=True)
        if not draft.loads:
            raise NotFound("load")
        last = LoadRecord.read(draft.loads[-1])
        if last.is_undone or last.batch != request.form.get("batch", ""):  # sent twice
            return redirect(f"{address_of(draft)}/listo", 303)
        undone = import_undo.undo_load(
            session,
            draft.office,
            new=last.new,
            batch=last.batch,
            loaded_at=last.loaded_at,
            now=now,
        )
        # What was refused stays loaded, and may be tried again.
        draft.loads = [*draft.loads[:-1], {**draft.loads[-1], "is_undone": not undone.refused}]
        number = undone.deleted + len(undone.changed_back)
        details = {"file": draft.public_id, "workshops": number}
        log_office_action(session, slug, "workshop import undone", details)
        moved = {each.id: each.forget_on for each in undone.changed_back}
        import_drafts.change(session, draft, answers=draft.answers, now=now)
    _move_keys(moved)
    count_left(slug, draft_id)
    with store().read() as session:
        draft = import_drafts.find(session, slug, draft_id, now=now)
        return _show(session, draft, undone=undone)


@blueprint.post("/traer/<slug>/<draft_id>/borrar")
@requires(Scope.OFFICE, Permission.EDIT)
def delete_draft(slug: str, draft_id: str) -> ResponseReturnValue:
    """Deletes a draft; what was loaded of it stays. A form that is sent twice does no harm."""
    with store().change() as session:
        try:
            draft = import_drafts.find(session, slug, draft_id, now=clock.now(), is_locked=True)
        except NotFound:
            return redirect("/org/traer", 303)
        log_office_action(session, slug, "import draft deleted", {"file": draft.public_id})
        session.delete(draft)
    return redirect("/org/traer?hoja=borrada", 303)
