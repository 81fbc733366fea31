"""Downloads: the import template, errors of a file, rows of a draft that wait, and workshops."""

import io
from collections.abc import Iterable
from datetime import date
from typing import Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.clock import Month
from outreach.domain.dashboard import agenda
from outreach.domain.dashboard.agenda import MAX_WORKSHOPS
from outreach.domain.disclosure.who_sees import SeenField
from outreach.domain.network.staff import Permission, get_office_slugs
from outreach.domain.scheduling import import_batches
from outreach.domain.text import clean
from outreach.i18n import get_default_language
from outreach.i18n import gettext as _
from outreach.imports import workshops
from outreach.imports.guess import left_rows
from outreach.imports.guess.remarks import Severity
from outreach.imports.guess.row_review import ReviewedRow
from outreach.imports.import_errors import ImportFault
from outreach.imports.workshops import write
from outreach.reports import spreadsheets
from outreach.reports.spreadsheets import Cell, Column, Table
from outreach.web.context import store
from outreach.web.error_messages import PageRefused
from outreach.web.staff.common import disclosure
from outreach.web.staff.common.guards import current_staff, offices_with, page, require_permission
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.imports import blueprint, import_labels, import_preview, remark_words
from outreach.web.staff.imports.draft_review import open_draft
from outreach.web.staff.imports.import_pages import own_offices

_TYPES: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@blueprint.get("/traer/plantilla.<any(csv,xlsx):form>")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def template(form: str) -> ResponseReturnValue:
    """Answers with a file with two example rows of the staff member's office, and notes on a second
    sheet."""
    with store().read() as session:
        slugs = [office.slug for office in offices_with(session, Permission.EDIT)]
        known = workshops.network(session, own_offices())
    if not slugs:
        raise PageRefused(_("Todavía no hay oficinas. Agrega una primero."))
    facts = known.offices[slugs[0]]
    own = {kind.code: kind for kind in known.kinds.values()}
    codes = [code for code, kind in own.items() if kind.is_given_in(facts.country)]
    today = clock.now().astimezone(facts.zone).date()
    day = Month.from_day(today).following.first
    rows = [
        dict.fromkeys(write.COLUMNS, "")
        | {
            "id": f"{day:%Y-%m}-{place:02d}",
            "office": slugs[0],
            "kind": code,
            f"title_{get_default_language()}": own[code].names[0],
            "timezone": facts.zone.key,
            "starts_at": f"{day}T18:00",
            "venue": "Biblioteca pública",
            "city": facts.city,
            "region": facts.region,
            "languages": get_default_language(),
            "childcare": "false",
            "status": "draft",
            "way": "place",
            "mode": "presencial",
        }
        for place, code in enumerate(codes[:2], 1)
    ]
    notes = [
        *map(str, import_labels.NOTES),
        f"office: {', '.join(slugs)}",
        "kind:",
        *(f"{code}: {kind.names[0]}" for code, kind in own.items()),
    ]
    return _file(form, "plantilla", rows, notes)


@blueprint.get("/talleres.<any(csv,xlsx):form>")
@requires(Scope.SIGNED_IN)
def export(form: str) -> ResponseReturnValue:
    """Answers with the workshops of a month or a year, without personal data, in the import
    format."""
    first, last, name = _span()
    offices = get_office_slugs(current_staff().grants)
    slug = clean(request.args.get("oficina", ""))
    if slug:
        require_permission(Permission.SEE, slug)
        offices = frozenset([slug])
    with store().read() as session:
        matches = agenda.list_workshops(session, offices, first, last, limit=MAX_WORKSHOPS + 1)
        rows = [
            write.cells(each, has_address=disclosure.sees(SeenField.ADDRESS, each))
            for each in matches[:MAX_WORKSHOPS]
        ]
    if len(matches) > MAX_WORKSHOPS:
        return page("imports/too_many_rows", 422, most=MAX_WORKSHOPS)
    return _file(form, f"talleres-{name}", rows, [str(note) for note in import_labels.NOTES])


@blueprint.get("/traer/fallas.csv")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def errors() -> ResponseReturnValue:
    """Answers with a file of all errors of a previewed file."""
    public_id = clean(request.args.get("lote", ""))
    if not public_id:
        return redirect("/org/traer", 303)
    with store().read() as session:
        batch = import_batches.find(
            session, public_id, current_staff().organizer_id, now=clock.now()
        )
        preview = import_preview.build(
            session, import_preview.restore(batch), own_offices(), now=clock.now()
        )
    table = Table[ImportFault](
        (
            Column("renglon", lambda fault: fault.line),
            Column("columna", lambda fault: fault.field),
            Column("dice", lambda fault: write.escape(fault.value_excerpt)),
            Column("que_hacer", lambda fault: import_labels.what_to_do(fault, preview.kinds)),
        )
    )
    return _csv_attachment(table.make_rows(preview.faults), "fallas")


@blueprint.get("/traer/<slug>/<draft_id>/renglones.csv")
@requires(Scope.OFFICE, Permission.EDIT)
def left_rows_file(slug: str, draft_id: str) -> ResponseReturnValue:
    """Answers with the rows of a draft that wait for an answer, with the columns of the sheet that
    are read."""
    with store().read() as session:
        opened = open_draft(session, slug, draft_id)
    lines = left_rows.list_cells(
        opened.stored,
        opened.answers,
        opened.open_rows,
        labels={field: str(words) for field, words in remark_words.LABELS.items()},
        sheet_label=_("Hoja"),
        reason_label=_("Qué falta"),
        find_reason=_find_reason,
    )
    rows = ([write.escape(text) for text in line] for line in lines)
    return _csv_attachment(rows, "renglones")


def _csv_attachment(rows: Iterable[Iterable[Cell]], name: str) -> Response:
    """Answers with rows whose cells are escaped already, as in files that are imported again."""
    body = spreadsheets.as_csv_for_excel(rows, escape_cell=lambda cell: cell)
    return _attachment(body, "csv", name)


def _find_reason(row: ReviewedRow) -> str:
    """Returns what keeps a row from being loaded, as the page says it."""
    serious = [each for each in row.parsed.remarks if each.severity is not Severity.NOTE]
    serious.sort(key=lambda each: -each.severity)
    return " ".join(dict.fromkeys(remark_words.remark_words(each) for each in serious))


def _span() -> tuple[date, date, str]:
    """Returns the first day, the day after the last, and a name for the file. Without parameters it
    is the current month."""
    year = request.args.get("anio", "")
    if year.isascii() and year.isdigit() and len(year) == 4 and 2000 <= int(year) < 2100:
        return date(int(year), 1, 1), date(int(year) + 1, 1, 1), year
    try:
        month = Month.parse(request.args.get("mes", ""))
    except ValueError:
        month = Month.from_day(clock.network_day(clock.now()))
    if not 2000 <= month.year < 2100:
        month = Month.from_day(clock.network_day(clock.now()))
    return month.first, month.following.first, str(month)


def _file(form: str, name: str, rows: list[dict[str, str]], notes: list[str]) -> Response:
    if form == "csv":
        return _attachment(write.to_csv(rows), form, name)
    out = io.BytesIO()
    write.to_xlsx(out, rows, notes, made_at=clock.now())
    return _attachment(out.getvalue(), form, name)


def _attachment(body: bytes, form: str, name: str) -> Response:
    answer = Response(body, mimetype=_TYPES[form])
    answer.headers["Content-Disposition"] = f"attachment; filename={name}.{form}"
    return answer
