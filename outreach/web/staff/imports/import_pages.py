"""A file is brought, looked at line by line, and loaded whole or not at all."""

from collections.abc import Mapping
from typing import Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from outreach import clock
from outreach.domain.dashboard.agenda import Offices
from outreach.domain.network import kinds
from outreach.domain.network.staff import ALL_OFFICES, Permission
from outreach.domain.scheduling import import_batches
from outreach.domain.scheduling.import_batches import ImportBatch
from outreach.domain.text import clean
from outreach.i18n import gettext as _
from outreach.imports import file_types, workshops
from outreach.imports.import_errors import ImportRejected, UnreadableFile
from outreach.imports.workshops import IcalDefaults
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.middleware import error_pages
from outreach.web.staff.common.guards import current_staff, has_permission, offices_with, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.imports import blueprint, import_job, import_labels, import_preview
from outreach.web.staff.imports.import_preview import PreviewedFile
from outreach.web.staff.imports.preview_fingerprint import print_of

PAGE: Final = 100
FAULTS_SHOWN: Final = 100
MAX_UPLOAD_BYTES: Final = file_types.LARGEST + 64 * 1024  # the file and the other fields


@blueprint.get("/traer")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def upload_form() -> ResponseReturnValue:
    """First the file; with `lote`, what is in it."""
    public_id = clean(request.args.get("lote", ""))
    if not public_id:
        return _ask()
    with store().read() as session:
        batch = import_batches.find(
            session, public_id, current_staff().organizer_id, now=clock.now()
        )
        looked = import_preview.at(session, import_preview.again(batch), mine(), now=clock.now())
    return _show(batch, looked)


@blueprint.post("/traer")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT, max_body_bytes=MAX_UPLOAD_BYTES)
def upload() -> ResponseReturnValue:
    """Reads the file and puts it aside; nothing is loaded yet."""
    sent = request.files.get("file")
    name = clean(sent.filename or "") if sent is not None else ""
    if sent is None or not name:
        return _ask(422, fault=_("Elige un archivo."))
    data = sent.stream.read(file_types.LARGEST + 1)
    given = IcalDefaults(clean(request.form.get("office", "")), clean(request.form.get("kind", "")))
    try:
        with store().read() as session:
            known = workshops.network(session, mine())
            table = workshops.opened(session, name, data, known, given)
            aside = import_preview.kept(table)
            looked = import_preview.at(session, table, mine(), now=clock.now())
    except UnreadableFile as unfit:
        return _ask(422, name=name, fault=error_messages.say(unfit))
    except ImportRejected as faulty:
        return _ask(422, name=name, faults=faulty)
    with store().change() as session:
        batch = import_batches.save(
            session,
            current_staff().organizer_id,
            name,
            aside,
            looked.preview.marks,
            now=clock.now(),
        )
    return redirect(f"/org/traer?lote={batch.public_id}", 303)


@blueprint.post("/traer/cargar")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def load() -> ResponseReturnValue:
    """Loads what was seen. What has become of it since is said instead, and nothing is loaded."""
    public_id, seen = clean(request.form.get("lote", "")), request.form.get("seen", "")
    with store().read() as session:
        batch = import_batches.find(
            session, public_id, current_staff().organizer_id, now=clock.now()
        )
    job = import_job.job(public_id, seen, mine())
    if batch.lines > import_job.MANY:
        return import_job.told(
            job, batch, page("imports/progress", batch=batch, words=import_labels)
        )
    outcome = job.run()
    if outcome.is_loaded:
        return redirect(outcome.address, 303)
    return after_refusal(public_id, outcome)


def after_refusal(public_id: str, outcome: import_job.ImportJobOutcome) -> Response:
    """What stood against it, and the file as it is seen now."""
    with store().read() as session:
        batch = import_batches.find(
            session, public_id, current_staff().organizer_id, now=clock.now()
        )
        looked = import_preview.at(session, import_preview.again(batch), mine(), now=clock.now())
        before = import_batches.read_marks(batch)
    if outcome.faults:
        looked = PreviewedFile(looked.lines, looked.preview, outcome.faults, looked.kinds)
    differing = differing_lines(looked, before)
    with store().change() as session:
        there = import_batches.find(
            session, public_id, current_staff().organizer_id, now=clock.now()
        )
        import_batches.update_marks(session, there, looked.preview.marks)
    return _show(batch, looked, status=409, differing=differing)


@blueprint.errorhandler(RequestEntityTooLarge)
def too_heavy(_error: RequestEntityTooLarge) -> ResponseReturnValue:
    """A file of 100 MB is refused by what the browser says of it, unread."""
    if request.endpoint != "staff.imports.upload":
        return error_pages.page(413)
    return _ask(413, fault=error_messages.say(file_types.too_heavy("")))


def mine() -> Offices:
    """The offices whose workshops one may bring. None: all of them."""
    grants = current_staff().grants
    if ALL_OFFICES in grants and has_permission(Permission.EDIT, ALL_OFFICES):
        return None
    return frozenset(
        slug for slug in grants if slug != ALL_OFFICES and has_permission(Permission.EDIT, slug)
    )


def differing_lines(looked: PreviewedFile, before: Mapping[str, str]) -> list[int]:
    """The lines of which something else was seen."""
    return [each.row.line for each in looked.preview.seen if before.get(each.row.id) != each.mark]


def _ask(
    status: int = 200, *, name: str = "", fault: str = "", faults: ImportRejected | None = None
) -> Response:
    with store().read() as session:
        offices = offices_with(session, Permission.EDIT)
        all_kinds = kinds.list_kinds(session)
    return page(
        "imports/upload",
        status,
        file=name,
        fault=fault,
        faults=list(faults.faults[:FAULTS_SHOWN]) if faults else [],
        number=len(faults.faults) if faults else 0,
        done=import_labels.done(request.args.get("hecho", "")),
        month=clean(request.args.get("mes", ""))[:7],
        offices=offices,
        kinds=all_kinds,
        typed=request.form if request.method == "POST" and status != 413 else {},
        today=clock.now().date(),
        most=file_types.LARGEST >> 20,
        rows=workshops.MOST_ROWS,
    )


def _show(
    batch: ImportBatch,
    looked: PreviewedFile,
    *,
    status: int = 200,
    differing: list[int] | None = None,
) -> Response:
    asked = request.args.get("pag", "")
    last = max(0, (len(looked.lines) - 1) // PAGE)
    number = min(int(asked), last) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0
    changed = [each for each in looked.preview.seen if each.changes]
    return page(
        "imports/preview",
        status,
        batch=batch,
        looked=looked,
        by_line=looked.by_line,
        faults=looked.faults[:FAULTS_SHOWN],
        changed=changed[number * PAGE : (number + 1) * PAGE],
        changed_number=len(changed),
        lines=looked.lines[number * PAGE : (number + 1) * PAGE],
        pages=last + 1,
        number=number,
        seen=print_of(looked.preview.marks),
        differing=differing,
        told=sum(each.told for each in looked.preview.seen),
        words=import_labels,
    )
