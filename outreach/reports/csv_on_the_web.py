"""The metadata of the tables of a revision as CSV on the Web (W3C, Metadata Vocabulary for Tabular
Data): types, codes, keys, titles in every language and the licence."""

import re
from typing import Any, Final

from outreach import i18n
from outreach.db.base import Words
from outreach.reports.data_tables import (
    QUARTER_PATTERN,
    DataTable,
    DataType,
    Publication,
    RevisionTables,
    TableColumn,
)

NAMESPACE: Final = "http://www.w3.org/ns/csvw"


def write(tables: RevisionTables, publication: Publication) -> dict[str, Any]:
    """Returns the document `csv-metadata.json`, beside which the tables lie."""
    report = tables.report
    return {
        "@context": [NAMESPACE, {"@language": i18n.SOURCE}],
        "@id": publication.folder(report) + "csv-metadata.json",
        "dc:identifier": f"{report.month}/{report.count.revision}",
        "dc:license": {"@id": publication.licence_url},
        "dc:publisher": publication.publisher,
        "dc:issued": {"@value": f"{report.count.cut:%Y-%m-%d}", "@type": "xsd:date"},
        "dc:description": [_say(note, lang) for note in tables.notes for lang in i18n.LANGUAGES],
        "dialect": {"encoding": "utf-8", "header": True},
        "tables": [_table(table, tables) for table in tables.files],
    }


def _table(table: DataTable, tables: RevisionTables) -> dict[str, Any]:
    return {
        "url": f"{table.name}.csv",
        "dc:title": _say_in_each(table.title),
        "dc:description": _say_in_each(table.description),
        "tableSchema": {
            "columns": [_column(column, tables) for column in table.columns],
            "primaryKey": [each.name for each in table.dimensions],
        },
    }


def _column(column: TableColumn, tables: RevisionTables) -> dict[str, Any]:
    """Returns the metadata of a column. Its `titles` are the heading in the file; its names for
    people are in `rdfs:label`."""
    codes = tables.get_codes(column)
    types: dict[DataType, Any] = {
        DataType.TEXT: {"base": "string"},
        DataType.MONTH: {"base": "gYearMonth"},
        DataType.QUARTER: {"base": "string", "format": QUARTER_PATTERN},
        DataType.NUMBER: {"base": "integer", "minimum": 0},
    }
    datatype = types[column.type]
    if codes:
        datatype = datatype | {"format": "|".join(re.escape(code) for code in codes)}
    return {
        "name": column.name,
        "titles": column.name,
        "datatype": datatype,
        "required": column.is_required,
        "rdfs:label": _say_in_each(column.title),
    }


def _say_in_each(message: str) -> list[dict[str, str]]:
    words = i18n.in_each(message)
    return [_say(words, lang) for lang in i18n.LANGUAGES]


def _say(words: Words, lang: str) -> dict[str, str]:
    return {"@value": i18n.say(words, lang), "@language": lang}
