"""Files to take away: the template, the faults of a file, and the workshops themselves."""

import csv
import io
from datetime import date
from typing import Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.clock import Month
from outreach.domain.dashboard import agenda
from outreach.domain.network.staff import Permission, get_office_slugs
from outreach.domain.scheduling import import_batches
from outreach.domain.text import clean
from outreach.i18n import gettext as _
from outreach.imports import workshops
from outreach.imports.workshops import write
from outreach.web.context import store
from outreach.web.error_messages import PageRefused
from outreach.web.staff.common.guards import current_staff, offices_with, page, require_permission
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.imports import blueprint, import_labels, import_preview
from outreach.web.staff.imports.import_pages import mine
from outreach.web.staff.workshops.workshop_list import MAX_WORKSHOPS

_TYPES: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@blueprint.get("/traer/plantilla.<any(csv,xlsx):form>")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def template(form: str) -> ResponseReturnValue:
    """Two rows to write over, of one's own office, and on a second sheet what each column is."""
    with store().read() as session:
        slugs = [office.slug for office in offices_with(session, Permission.EDIT)]
        known = workshops.network(session, mine())
    if not slugs:
        raise PageRefused(_("Todavía no hay oficinas. Agrega una primero."))
    facts = known.offices[slugs[0]]
    own = {kind.code: kind for kind in known.kinds.values()}
    codes = [code for code, kind in own.items() if facts.country in kind.countries]
    day = clock.Month.of(clock.now().date()).following.first
    rows = [
        dict.fromkeys(write.COLUMNS, "")
        | {
            "id": f"{day:%Y-%m}-{place:02d}",
            "office": slugs[0],
            "kind": code,
            "title_es": own[code].names[0],
            "timezone": facts.zone.key,
            "starts_at": f"{day}T18:00",
            "venue": "Biblioteca pública",
            "city": facts.city,
            "region": facts.region,
            "languages": "es",
            "childcare": "false",
            "status": "draft",
            "way": "place",
            "mode": "presencial",
        }
        for place, code in enumerate(codes[:2], 1)
    ]
    notes = [
        *import_labels.NOTES,
        f"office: {', '.join(slugs)}",
        "kind:",
        *(f"{code}: {kind.names[0]}" for code, kind in own.items()),
    ]
    return _sent(form, "plantilla", rows, notes)


@blueprint.get("/talleres.<any(csv,xlsx):form>")
@requires(Scope.SIGNED_IN)
def export(form: str) -> ResponseReturnValue:
    """The workshops of a month or a year, without their people, to be mended and brought again."""
    first, last, name = _span()
    offices = get_office_slugs(current_staff().grants)
    slug = clean(request.args.get("oficina", ""))
    if slug:
        require_permission(Permission.SEE, slug)
        offices = frozenset([slug])
    with store().read() as session:
        found = agenda.list_workshops(session, offices, first, last, limit=MAX_WORKSHOPS + 1)
        rows = [write.cells(each) for each in found[:MAX_WORKSHOPS]]
    if len(found) > MAX_WORKSHOPS:
        return page("imports/too_many_rows", 422, most=MAX_WORKSHOPS)
    return _sent(form, f"talleres-{name}", rows, list(import_labels.NOTES))


@blueprint.get("/traer/fallas.csv")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def errors() -> ResponseReturnValue:
    """Every fault of a file that is being looked at."""
    public_id = clean(request.args.get("lote", ""))
    if not public_id:
        return redirect("/org/traer", 303)
    with store().read() as session:
        batch = import_batches.find(
            session, public_id, current_staff().organizer_id, now=clock.now()
        )
        looked = import_preview.at(session, import_preview.again(batch), mine(), now=clock.now())
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["renglon", "columna", "dice", "que_hacer"])
    for fault in looked.faults:
        said = import_labels.what_to_do(fault, looked.kinds)
        writer.writerow([fault.line, fault.field, write.escaped(fault.shown), said])
    return _attached(out.getvalue().encode("utf-8-sig"), "csv", "fallas")


def _span() -> tuple[date, date, str]:
    """The days that are asked for; this month, where the address cannot be read."""
    year = request.args.get("anio", "")
    if year.isascii() and year.isdigit() and len(year) == 4 and 2000 <= int(year) < 2100:
        return date(int(year), 1, 1), date(int(year) + 1, 1, 1), year
    try:
        month = Month.parse(request.args.get("mes", ""))
    except ValueError:
        month = Month.of(clock.now().date())
    if not 2000 <= month.year < 2100:
        month = Month.of(clock.now().date())
    return month.first, month.following.first, str(month)


def _sent(form: str, name: str, rows: list[dict[str, str]], notes: list[str]) -> Response:
    if form == "csv":
        return _attached(write.to_csv(rows), form, name)
    out = io.BytesIO()
    write.to_xlsx(out, rows, notes, made_at=clock.now())
    return _attached(out.getvalue(), form, name)


def _attached(body: bytes, form: str, name: str) -> Response:
    answer = Response(body, mimetype=_TYPES[form])
    answer.headers["Content-Disposition"] = f"attachment; filename={name}.{form}"
    return answer
