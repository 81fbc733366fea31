"""Reads a file or pasted rows, and keeps them as a draft of the office; nothing is loaded yet."""

from typing import Final

from flask import redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.domain.network import offices
from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import import_drafts
from outreach.domain.text import clean
from outreach.errors import Refusal
from outreach.i18n import gettext as _
from outreach.imports import file_types
from outreach.imports.guess import conversation, recurring_events, row_review, stored_source
from outreach.imports.guess.conversation import ImportSource
from outreach.imports.guess.row_review import MAX_DRAFT_ROWS, ReviewAnswers
from outreach.imports.import_errors import ImportErrorCode, UnreadableFile
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.staff.common.guards import require_permission
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.imports import blueprint, import_pages
from outreach.web.staff.imports.draft_review import address_of
from outreach.web.staff.imports.import_pages import MAX_UPLOAD_BYTES

PASTED_NAME: Final = "lo que pegaste"


@blueprint.post("/traer/hoja")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT, max_body_bytes=MAX_UPLOAD_BYTES)
def read_sheet() -> ResponseReturnValue:
    """Reads any sheet, guesses its columns, and keeps those that are read."""
    slug = clean(request.form.get("office", ""))
    require_permission(Permission.EDIT, slug)
    name, data = _read_sent()
    if not data:
        return import_pages.ask(422, sheet_fault=_("Elige un archivo o pega tus renglones."))
    try:
        source = conversation.read(name, data)
        _require_few_rows(source)
        address = _keep(slug, name, source)
    except (UnreadableFile, Refusal) as unfit:
        return import_pages.ask(422, name=name, sheet_fault=error_messages.say(unfit))
    return redirect(f"{address}/columnas", 303)


def _read_sent() -> tuple[str, bytes]:
    """The name and the content of the file, or of what was pasted; empty without any."""
    sent = request.files.get("sheet")
    name = clean(sent.filename or "") if sent is not None else ""
    if sent is not None and name:
        return name, sent.stream.read(file_types.MAX_BYTES + 1)
    return PASTED_NAME, request.form.get("rows", "").strip().encode()


def _require_few_rows(source: ImportSource) -> None:
    """Raises UnreadableFile for a file that is too long for a page."""
    events = source.calendar.calendar.events if source.calendar is not None else ()
    rows = sum(len(table.rows) for table in source.tables) + len(events)
    if rows > MAX_DRAFT_ROWS:
        raise UnreadableFile(
            ImportErrorCode.TOO_MANY_LINES, name=source.name, most=f"{MAX_DRAFT_ROWS:,}"
        )


def _keep(slug: str, name: str, source: ImportSource) -> str:
    """Guesses and judges without a lock, and stores the draft; returns the address of its rows."""
    now, answers = clock.now(), ReviewAnswers()
    with store().read() as session:
        office = offices.find(session, slug)
        today = now.astimezone(office.zone).date()
        answers.until = recurring_events.compute_default_until(today)
        found = conversation.guess_columns(session, office, source)
        stored = stored_source.drop_unread(source, found)
        rows = row_review.review(session, office, stored, answers, now=now)
    packed = stored_source.to_json(stored)
    with store().change() as session:
        office = offices.find(session, slug)
        draft = import_drafts.save(session, office, name, packed, answers.to_json(), now=now)
        draft.pending = row_review.count_pending(rows)
        return address_of(draft)
