"""The description of the tables of a revision as a Data Package (Frictionless, version 1)."""

from typing import Any, Final

from outreach import i18n
from outreach.reports.data_tables import (
    QUARTER_PATTERN,
    DataTable,
    DataType,
    Publication,
    RevisionTables,
    TableColumn,
)

_TYPES: Final = {
    DataType.TEXT: {"type": "string"},
    DataType.MONTH: {"type": "yearmonth"},
    DataType.QUARTER: {"type": "string"},
    DataType.NUMBER: {"type": "integer"},
}


def write(
    tables: RevisionTables, publication: Publication, *, lang: str = i18n.SOURCE
) -> dict[str, Any]:
    """Returns the document `datapackage.json`, beside which the tables lie. Its texts are in one
    language: the format has no place for others."""
    report = tables.report
    return {
        "profile": "tabular-data-package",
        "name": f"workshops-{report.month}-r{report.count.revision}",
        "id": publication.folder(report),
        "title": tables.get_title(lang),
        "description": " ".join(i18n.say(note, lang) for note in tables.notes),
        "homepage": f"{publication.public_url}/{lang}/cifras/{report.month}",
        "version": str(report.count.revision),
        "created": report.count.cut.isoformat(timespec="seconds"),
        "licenses": [{"name": publication.licence, "path": publication.licence_url}],
        "sources": [{"title": publication.publisher, "path": publication.public_url}],
        "contributors": [{"title": publication.publisher, "role": "publisher"}],
        "resources": [_resource(table, tables, lang) for table in tables.files],
    }


def _resource(table: DataTable, tables: RevisionTables, lang: str) -> dict[str, Any]:
    return {
        "profile": "tabular-data-resource",
        "name": table.name,
        "path": f"{table.name}.csv",
        "title": i18n.translate(table.title, lang),
        "description": i18n.translate(table.description, lang),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": {
            "fields": [_field(column, tables, lang) for column in table.columns],
            "primaryKey": [each.name for each in table.dimensions],
        },
    }


def _field(column: TableColumn, tables: RevisionTables, lang: str) -> dict[str, Any]:
    codes = tables.get_codes(column)
    constraints: dict[str, Any] = {"required": column.is_required}
    if codes:
        constraints["enum"] = [*codes]
    if column.type is DataType.QUARTER:
        constraints["pattern"] = QUARTER_PATTERN
    if column.type is DataType.NUMBER:
        constraints["minimum"] = 0
    return {
        "name": column.name,
        "title": i18n.translate(column.title, lang),
        **_TYPES[column.type],
        "constraints": constraints,
    }
