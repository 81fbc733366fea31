"""The files of a revision for programs, at addresses that stay: `/datos/2020-01/1/workshops.csv`.

They have no language of their own: what they name, they name in all languages. Only a revision has
them, since its numbers never change; a provisional month is at `/api/v1/counts`.
"""

import json
from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue
from wtforms.validators import ValidationError

from outreach import clock
from outreach.domain.reporting import releases
from outreach.reports import (
    csv_on_the_web,
    data_catalogue,
    data_package,
    data_tables,
    month_report,
    sdmx,
)
from outreach.reports.data_tables import CODES, DataTable, Publication, RevisionTables
from outreach.web.context import config, store
from outreach.web.forms import contact_fields
from outreach.web.middleware.response_headers import keep_for
from outreach.web.public.figures import month_params

pages = Blueprint("data_files", __name__, url_prefix="/datos")

CSV: Final = "text/csv; charset=utf-8; header=present"
METADATA: Final = "csv-metadata.json"
Document = Callable[[RevisionTables, Publication], dict[str, Any]]


def _write_quality(tables: RevisionTables, publication: Publication) -> dict[str, Any]:
    """The quality statement of a revision; aborts with 404 for an old one that has none."""
    report = tables.report
    if report.quality is None:
        abort(404)
    return {
        "month": str(report.month),
        "revision": report.count.revision,
        "license": publication.licence,
        **report.quality.as_json(),
    }


# By name of the file: its media type, and what writes it.
DOCUMENTS: Final[dict[str, tuple[str, Document]]] = {
    METADATA: ("application/csvm+json", csv_on_the_web.write),
    "datapackage.json": ("application/json", data_package.write),
    "quality.json": ("application/json", _write_quality),
    "structure.json": (sdmx.STRUCTURE_TYPE, sdmx.write_structure),
}
# By the ending after the name of a table: its media type, and what writes it.
TABLE_FILES: Final[dict[str, tuple[str, Callable[[RevisionTables, DataTable], str]]]] = {
    ".csv": (CSV, data_tables.as_csv),
    ".sdmx.csv": (sdmx.CSV_TYPE, sdmx.as_csv),
}


@pages.get("/catalog.jsonld")
def catalogue() -> ResponseReturnValue:
    """Answers with the latest revision of each closed month."""
    with store().read() as session:
        embargo = releases.load_embargo(session, clock.now())
        span = month_params.span(session)
        published = releases.list_published(session, *span, embargo=embargo)
    tables = [RevisionTables(month_report.read_revision(each)) for each in published.values()]
    month_params.keep_until_release(month_params.LATER, embargo)
    body = json.dumps(data_catalogue.write(tables, get_publication()), ensure_ascii=False, indent=1)
    return Response(f"{body}\n", content_type="application/ld+json")


@pages.get("/<text>/<int(min=1, max=9999):number>/<file_name>")
def of_revision(text: str, number: int, file_name: str) -> ResponseReturnValue:
    tables = _load(text, number)
    keep_for(month_params.FROZEN)
    if file_name in DOCUMENTS:
        media_type, write = DOCUMENTS[file_name]
        body = json.dumps(write(tables, get_publication()), ensure_ascii=False, indent=1)
        return Response(f"{body}\n", content_type=media_type)
    name, _dot, ending = file_name.partition(".")
    table = next((each for each in tables.files if each.name == name), None)
    found = TABLE_FILES.get(f".{ending}")
    if table is None or found is None or (table is CODES and found[0] != CSV):
        abort(404)
    answer = Response(found[1](tables, table), content_type=found[0])
    if found[0] == CSV:
        answer.headers["Link"] = f'<{METADATA}>; rel="describedby"; type="application/csvm+json"'
    return answer


def get_publication() -> Publication:
    return Publication(
        public_url=config().public_url,
        publisher=config().data_source,
        licence=config().data_licence,
        email=_read_email(config().contact),
    )


def _read_email(contact: str) -> str:
    """The contact for questions about data, if it is an e-mail address and no other words."""
    try:
        return contact_fields.read_email(contact) if contact else ""
    except ValidationError:
        return ""


def _load(text: str, number: int) -> RevisionTables:
    """The tables of a revision; aborts with 404 where there is none."""
    with store().read() as session:
        month = month_params.month_of(session, text)
        report = month_report.report(session, month, now=clock.now(), number=number)
    return RevisionTables(report)
