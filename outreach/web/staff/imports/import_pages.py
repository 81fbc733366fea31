"""Upload of a file, its preview line by line, and loading it whole or not at all."""

from collections.abc import Mapping
from typing import Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from outreach import clock
from outreach.domain.dashboard.agenda import Offices
from outreach.domain.network import kinds
from outreach.domain.network.staff import ALL_OFFICES, Permission
from outreach.domain.scheduling import calendar_links, import_batches, import_drafts
from outreach.domain.scheduling.calendar_links import CalendarReport
from outreach.domain.scheduling.import_batches import ImportBatch
from outreach.domain.text import clean
from outreach.i18n import gettext as _
from outreach.imports import workshops
from outreach.imports.guess.row_review import MAX_DRAFT_ROWS
from outreach.imports.import_errors import ImportRejected, UnreadableFile
from outreach.imports.sheets import file_types
from outreach.imports.sheets.sheet_policy import STRICT
from outreach.imports.workshops import IcalDefaults
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.middleware import error_pages
from outreach.web.staff.common.guards import current_staff, has_permission, offices_with, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.imports import blueprint, import_job, import_labels, import_preview
from outreach.web.staff.imports.import_preview import PreviewedFile
from outreach.web.staff.imports.preview_fingerprint import fingerprint

PAGE_SIZE: Final = 100
MAX_FAULTS: Final = 100  # shown at once
MAX_UPLOAD_BYTES: Final = file_types.MAX_BYTES + 64 * 1024  # the file and the other fields


@blueprint.get("/traer")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def upload_form() -> ResponseReturnValue:
    """Shows the form to upload a file; with `lote`, the preview of an uploaded one."""
    public_id = clean(request.args.get("lote", ""))
    if not public_id:
        return ask()
    with store().read() as session:
        batch = import_batches.find(
            session, public_id, current_staff().organizer_id, now=clock.now()
        )
        preview = import_preview.build(
            session, import_preview.restore(batch), own_offices(), now=clock.now()
        )
    return _show(batch, preview)


@blueprint.post("/traer")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT, max_body_bytes=MAX_UPLOAD_BYTES)
def upload() -> ResponseReturnValue:
    """Reads and stores the file; nothing is loaded yet."""
    sent = request.files.get("file")
    name = clean(sent.filename or "") if sent is not None else ""
    if sent is None or not name:
        return ask(422, fault=_("Elige un archivo."))
    data = sent.stream.read(file_types.MAX_BYTES + 1)
    given = IcalDefaults(
        clean(request.form.get("office", "")), clean(request.form.get("kind", "")), is_draft=True
    )
    try:
        with store().read() as session:
            known = workshops.network(session, own_offices())
            table = workshops.read_table(session, name, data, known, given)
            lines = import_preview.to_summaries(table)
            preview = import_preview.build(session, table, own_offices(), now=clock.now())
    except UnreadableFile as unfit:
        return ask(422, name=name, fault=error_messages.say(unfit))
    except ImportRejected as faulty:
        return ask(422, name=name, faults=faulty)
    with store().change() as session:
        batch = import_batches.save(
            session,
            current_staff().organizer_id,
            name,
            lines,
            preview.preview.marks,
            now=clock.now(),
        )
    return redirect(f"/org/traer?lote={batch.public_id}", 303)


@blueprint.post("/traer/cargar")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def load() -> ResponseReturnValue:
    """Loads the file as previewed; shows the preview again when something changed since."""
    public_id, seen = clean(request.form.get("batch", "")), request.form.get("seen", "")
    with store().read() as session:
        batch = import_batches.find(
            session, public_id, current_staff().organizer_id, now=clock.now()
        )
    job = import_job.build_job(public_id, seen, own_offices())
    if batch.lines > import_job.MIN_PROGRESS_LINES:
        return import_job.stream_progress(
            job, batch, page("imports/progress", batch=batch, words=import_labels)
        )
    outcome = job.run()
    if outcome.is_loaded:
        return redirect(outcome.address, 303)
    return _refused_page(public_id, outcome)


def _refused_page(public_id: str, outcome: import_job.ImportJobOutcome) -> Response:
    """Shows why nothing was loaded, and the preview as of now."""
    with store().read() as session:
        batch = import_batches.find(
            session, public_id, current_staff().organizer_id, now=clock.now()
        )
        preview = import_preview.build(
            session, import_preview.restore(batch), own_offices(), now=clock.now()
        )
        before = import_batches.read_marks(batch)
    if outcome.faults:
        preview = PreviewedFile(preview.lines, preview.preview, outcome.faults, preview.kinds)
    differing = differing_lines(preview, before)
    with store().change() as session:
        current = import_batches.find(
            session, public_id, current_staff().organizer_id, now=clock.now()
        )
        import_batches.update_marks(session, current, preview.preview.marks)
    return _show(batch, preview, status=409, differing=differing)


@blueprint.errorhandler(RequestEntityTooLarge)
def show_too_large(_error: RequestEntityTooLarge) -> ResponseReturnValue:
    """Refuses a file that is too large by its Content-Length, unread."""
    words = error_messages.say(file_types.too_heavy(""))
    if request.endpoint == "staff.imports.read_sheet":
        return ask(413, sheet_fault=words)
    if request.endpoint != "staff.imports.upload":
        return error_pages.page(413)
    return ask(413, fault=words)


def own_offices() -> Offices:
    """The offices whose workshops the staff member may import; None for all."""
    grants = current_staff().grants
    if ALL_OFFICES in grants and has_permission(Permission.EDIT, ALL_OFFICES):
        return None
    return frozenset(
        slug for slug in grants if slug != ALL_OFFICES and has_permission(Permission.EDIT, slug)
    )


def differing_lines(preview: PreviewedFile, before: Mapping[str, str]) -> list[int]:
    """The numbers of the lines whose preview has changed."""
    return [each.row.line for each in preview.preview.seen if before.get(each.row.id) != each.mark]


def ask(
    status: int = 200,
    *,
    name: str = "",
    fault: str = "",
    faults: ImportRejected | None = None,
    sheet_fault: str = "",
) -> Response:
    """Shows the page on which an import begins. `sheet_fault` is about a sheet for a draft, the
    others about a file that is loaded whole."""
    with store().read() as session:
        offices = offices_with(session, Permission.EDIT)
        all_kinds = kinds.list_kinds(session)
        slugs = [office.slug for office in offices]
        drafts = import_drafts.list_pending(session, slugs, now=clock.now())
        links = calendar_links.list_links(session, slugs)
    return page(
        "imports/upload",
        status,
        file=name,
        fault=fault,
        sheet_fault=sheet_fault,
        drafts=drafts,
        draft_rows=MAX_DRAFT_ROWS,
        links=[(each, CalendarReport.read(each.report)) for each in links],
        is_link_removed=bool(request.args.get("enlace")),
        chosen_office=clean(request.args.get("oficina", "")),
        is_same_again=bool(request.args.get("otra")),
        is_draft_deleted=bool(request.args.get("hoja")),
        faults=list(faults.faults[:MAX_FAULTS]) if faults else [],
        number=len(faults.faults) if faults else 0,
        done=import_labels.done_message(request.args.get("hecho", "")),
        month=clean(request.args.get("mes", ""))[:7],
        offices=offices,
        kinds=all_kinds,
        typed=request.form if request.method == "POST" and status != 413 else {},
        today=clock.now().date(),
        most=file_types.MAX_BYTES >> 20,
        rows=STRICT.max_rows,
    )


def _show(
    batch: ImportBatch,
    preview: PreviewedFile,
    *,
    status: int = 200,
    differing: list[int] | None = None,
) -> Response:
    typed = request.args.get("pag", "")
    last = max(0, (len(preview.lines) - 1) // PAGE_SIZE)
    number = min(int(typed), last) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 0
    changed = [each for each in preview.preview.seen if each.changes]
    return page(
        "imports/preview",
        status,
        batch=batch,
        looked=preview,
        by_line=preview.by_line,
        faults=preview.faults[:MAX_FAULTS],
        changed=changed[number * PAGE_SIZE : (number + 1) * PAGE_SIZE],
        changed_number=len(changed),
        lines=preview.lines[number * PAGE_SIZE : (number + 1) * PAGE_SIZE],
        pages=last + 1,
        number=number,
        seen=fingerprint(preview.preview.marks),
        differing=differing,
        notified=sum(each.notified for each in preview.preview.seen),
        words=import_labels,
    )
