"""The tables of a revision as SDMX: SDMX-CSV 2.0, and the structure message (SDMX-JSON 2.0) with a
data structure definition for each table, its concepts and its code lists."""

import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final

from outreach import i18n
from outreach.db.base import Words
from outreach.i18n import N_
from outreach.reports import spreadsheets
from outreach.reports.data_tables import (
    UNITS,
    CodeListName,
    ColumnRole,
    DataTable,
    DataType,
    Publication,
    RevisionTables,
    TableColumn,
)

AGENCY: Final = "OUTREACH"
VERSION: Final = "1.0.0"  # raise it when a dimension or an attribute of the structures changes
SCHEMA: Final = (
    "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/master/structure-message/tools/schemas/"
    "2.0.0/sdmx-json-structure-schema.json"
)
STRUCTURE_TYPE: Final = "application/vnd.sdmx.structure+json; version=2.0.0"
CSV_TYPE: Final = "application/vnd.sdmx.data+csv; version=2.0.0"
# Codes of CL_FREQ, by the type of the time dimension.
_FREQUENCIES: Final = {DataType.MONTH: "M", DataType.QUARTER: "Q"}
_NOT_IN_AN_ID: Final = re.compile(r"[^A-Za-z0-9_@$-]")
_URN: Final = "urn:sdmx:org.sdmx.infomodel"
# Columns whose concept has a standard name.
_CONCEPTS: Final = {
    "month": "TIME_PERIOD",
    "quarter": "TIME_PERIOD",
    "confidentiality": "CONF_STATUS",
    "unit": "UNIT_MEASURE",
}
_FORMATS: Final[Mapping[DataType, Mapping[str, Any]]] = {
    DataType.TEXT: {"dataType": "String"},
    DataType.MONTH: {"dataType": "GregorianYearMonth"},
    DataType.QUARTER: {"dataType": "ReportingQuarter"},
    DataType.NUMBER: {"dataType": "Integer", "minValue": 0},
}
_FREQUENCY: Final = N_("Frecuencia")
_FREQUENCY_NAMES: Final = {"M": N_("Cada mes"), "Q": N_("Cada trimestre")}
_UNIT: Final = N_("Unidad")


def to_id(code: str) -> str:
    """The code as an identifier of SDMX, in which a dot is not allowed: ciam$personas."""
    return _NOT_IN_AN_ID.sub("$", code)


def as_csv(tables: RevisionTables, table: DataTable) -> str:
    """The rows of a table as SDMX-CSV 2.0. A value that is not published is empty, and its
    CONF_STATUS says why."""
    header = ["STRUCTURE", "STRUCTURE_ID", "ACTION", "FREQ", *(_concept(c) for c in table.columns)]
    unit = [to_id(table.unit)] if table.unit else []
    if unit:
        header.append("UNIT_MEASURE")
    frequency = _FREQUENCIES[table.time.type]
    structure = ["dataflow", f"{AGENCY}:{_flow(table)}({VERSION})", "I", frequency]
    rows = [
        [
            *structure,
            *(_cell(column, cell) for column, cell in zip(table.columns, row, strict=True)),
            *unit,
        ]
        for row in tables.rows[table.name]
    ]
    return spreadsheets.as_csv([header, *rows])


def write_structure(tables: RevisionTables, publication: Publication) -> dict[str, Any]:
    """Returns the structure message. Its code lists are partial: they have the codes that the
    revision uses."""
    columns = {each.name: each for table in tables.tables for each in table.columns}
    used = {each.codes for each in columns.values() if each.codes is not None}
    report = tables.report
    return {
        "meta": {
            "schema": SCHEMA,
            "id": f"{AGENCY}-{report.month}-{report.count.revision}",
            "prepared": report.count.cut.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "test": False,
            "contentLanguages": list(i18n.LANGUAGES),
            "sender": {"id": AGENCY, "name": publication.publisher},
        },
        "data": {
            "codelists": [
                _code_list("FREQ", {c: i18n.in_each(n) for c, n in _FREQUENCY_NAMES.items()}),
                _code_list("UNIT_MEASURE", {c: i18n.in_each(name) for c, name in UNITS.items()}),
                *(
                    _code_list(name.upper(), tables.codes[name])
                    for name in CodeListName
                    if name in used
                ),
            ],
            "conceptSchemes": [_concept_scheme(columns)],
            "dataStructures": [_data_structure(table) for table in tables.tables],
            "dataflows": [_dataflow(table) for table in tables.tables],
        },
    }


def _flow(table: DataTable) -> str:
    return table.name.upper().replace("-", "_")


def _concept(column: TableColumn) -> str:
    if column.role is ColumnRole.MEASURE:
        return "OBS_VALUE"
    return _CONCEPTS.get(column.name, column.name.upper())


def _cell(column: TableColumn, cell: str | int | None) -> str | int:
    if cell is None:
        return ""
    return to_id(str(cell)) if column.codes is not None else cell


def _maintained(name: str, words: Words) -> dict[str, Any]:
    return {"id": name, "agencyID": AGENCY, "version": VERSION, **_named(words)}


def _named(words: Words) -> dict[str, Any]:
    names = {lang: i18n.say(words, lang) for lang in i18n.LANGUAGES}
    return {"name": names[i18n.SOURCE], "names": names}


def _code_list(name: str, codes: Mapping[str, Words]) -> dict[str, Any]:
    return {
        **_maintained(f"CL_{name}", {i18n.SOURCE: name}),
        "isPartial": True,
        "codes": [{"id": to_id(code), **_named(words)} for code, words in codes.items()],
    }


def _concept_scheme(columns: Mapping[str, TableColumn]) -> dict[str, Any]:
    titles = {"FREQ": _FREQUENCY, "OBS_VALUE": N_("Valor"), "UNIT_MEASURE": _UNIT}
    for column in columns.values():
        titles.setdefault(_concept(column), column.title)
    return {
        **_maintained("CONCEPTS", {i18n.SOURCE: "CONCEPTS"}),
        "concepts": [
            {"id": concept, **_named(i18n.in_each(title))} for concept, title in titles.items()
        ],
    }


def _data_structure(table: DataTable) -> dict[str, Any]:
    dimensions = [
        _component("FREQ", "FREQ"),
        *(_of_column(each) for each in table.dimensions if each is not table.time),
    ]
    attributes = [_of_column(each) for each in table.attributes]
    if table.unit:
        attributes.append(_component("UNIT_MEASURE", "UNIT_MEASURE"))
    return {
        **_maintained(_flow(table), i18n.in_each(table.title)),
        "dataStructureComponents": {
            "dimensionList": {
                "id": "DimensionDescriptor",
                "dimensions": dimensions,
                "timeDimension": _of_column(table.time),
            },
            "measureList": {
                "id": "MeasureDescriptor",
                "measures": [_of_column(table.measure) | {"usage": "optional"}],
            },
            "attributeList": {
                "id": "AttributeDescriptor",
                "attributes": [
                    each | {"usage": "mandatory", "attributeRelationship": {"observation": {}}}
                    for each in attributes
                ],
            },
        },
    }


def _dataflow(table: DataTable) -> dict[str, Any]:
    return {
        **_maintained(_flow(table), i18n.in_each(table.title)),
        "structure": f"{_URN}.datastructure.DataStructure={AGENCY}:{_flow(table)}({VERSION})",
    }


def _of_column(column: TableColumn) -> dict[str, Any]:
    if column.codes is not None:
        return _component(_concept(column), column.codes.upper())
    return _component(_concept(column), "", _FORMATS[column.type])


def _component(
    concept: str, code_list: str, text_format: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    representation = (
        {"enumeration": f"{_URN}.codelist.Codelist={AGENCY}:CL_{code_list}({VERSION})"}
        if code_list
        else {"format": text_format}
    )
    return {
        "id": concept,
        "conceptIdentity": f"{_URN}.conceptscheme.Concept={AGENCY}:CONCEPTS({VERSION}).{concept}",
        "localRepresentation": representation,
    }
