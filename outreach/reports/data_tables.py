"""One description of the tables that a revision of a month publishes for programs: dimensions,
measures, attributes, codes and units, and their rows.

Every format is written from it: CSV on the Web, Data Package, SDMX-CSV and the catalogue (COUNT12).
Its input is the frozen report of a revision, so the rows of a revision never change.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from outreach import formats, i18n
from outreach.db.base import Words
from outreach.i18n import N_
from outreach.reports import month_tables, spreadsheets
from outreach.reports.month_report import MonthReport
from outreach.reports.workshop_counts import TOTAL

TITLE: Final = N_("Cifras de los talleres de %(month)s, revisión %(number)d")
ALL: Final = "_T"  # the code of a total, as in the code lists of SDMX
SMALL: Final = "C"  # CL_CONF_STATUS: confidential
WITHHELD: Final = "D"  # CL_CONF_STATUS: secondary confidentiality
FREE: Final = "F"  # CL_CONF_STATUS: free for publication
QUARTER_PATTERN: Final = "[0-9]{4}-Q[1-4]"


class ColumnRole(StrEnum):
    DIMENSION = "dimension"
    MEASURE = "measure"
    ATTRIBUTE = "attribute"


class DataType(StrEnum):
    TEXT = "string"
    MONTH = "gYearMonth"
    QUARTER = "quarter"  # 2020-Q1
    NUMBER = "integer"  # not negative


class CodeListName(StrEnum):
    """The code lists; the value names them in every format."""

    OFFICE = "office"
    KIND = "kind"
    MODE = "mode"
    LANGUAGE = "language"
    SERIES = "series"
    CONFIDENTIALITY = "confidentiality"
    BOUND = "bound"
    COLUMN = "column"


@dataclass(frozen=True, kw_only=True)
class TableColumn:
    """A column; `codes` lists its values, where they are codes. An empty cell has no value."""

    name: str
    role: ColumnRole
    title: str  # a message
    type: DataType = DataType.TEXT
    codes: CodeListName | None = None
    is_required: bool = True


@dataclass(frozen=True, kw_only=True)
class DataTable:
    """A table of a revision: its dimensions identify a row. `unit` is of its measure; empty where a
    column says the unit of each row."""

    name: str  # its file's
    title: str  # a message
    description: str  # a message
    columns: tuple[TableColumn, ...]
    unit: str = ""

    @property
    def dimensions(self) -> tuple[TableColumn, ...]:
        return tuple(each for each in self.columns if each.role is ColumnRole.DIMENSION)

    @property
    def time(self) -> TableColumn:
        """The dimension that is a month or a quarter."""
        times = {DataType.MONTH, DataType.QUARTER}
        return next(each for each in self.dimensions if each.type in times)

    @property
    def measure(self) -> TableColumn:
        return next(each for each in self.columns if each.role is ColumnRole.MEASURE)

    @property
    def attributes(self) -> tuple[TableColumn, ...]:
        return tuple(each for each in self.columns if each.role is ColumnRole.ATTRIBUTE)


@dataclass(frozen=True, kw_only=True)
class Publication:
    """Where and by whom a revision is published."""

    public_url: str
    publisher: str
    licence: str  # an identifier of SPDX
    email: str = ""  # for questions about the data

    @property
    def licence_url(self) -> str:
        return f"https://spdx.org/licenses/{self.licence}.html"

    def folder(self, report: MonthReport) -> str:
        """The address of the files of a revision, ending in a slash."""
        return f"{self.public_url}/datos/{report.month}/{report.count.revision}/"


Row = tuple[str | int | None, ...]  # in the order of the columns; None is an empty cell

_MONTH: Final = TableColumn(
    name="month", role=ColumnRole.DIMENSION, title=N_("Mes"), type=DataType.MONTH
)
_OFFICE: Final = TableColumn(
    name="office", role=ColumnRole.DIMENSION, title=N_("Oficina"), codes=CodeListName.OFFICE
)
_KIND: Final = TableColumn(
    name="kind", role=ColumnRole.DIMENSION, title=N_("Tipo"), codes=CodeListName.KIND
)
_MODE: Final = TableColumn(
    name="mode", role=ColumnRole.DIMENSION, title=N_("Modalidad"), codes=CodeListName.MODE
)
_LANGUAGE: Final = TableColumn(
    name="language", role=ColumnRole.DIMENSION, title=N_("Idioma"), codes=CodeListName.LANGUAGE
)
_SERIES: Final = TableColumn(
    name="series", role=ColumnRole.DIMENSION, title=N_("Cifra"), codes=CodeListName.SERIES
)
_WORKSHOPS: Final = TableColumn(
    name="workshops", role=ColumnRole.MEASURE, title=N_("Talleres"), type=DataType.NUMBER
)
WORKSHOPS: Final = DataTable(
    name="workshops",
    title=N_("Talleres por oficina y tipo"),
    description=N_("Talleres que hubo en el mes, por oficina que los organiza y por tipo."),
    columns=(_MONTH, _OFFICE, _KIND, _WORKSHOPS),
    unit="workshops",
)
MODES: Final = DataTable(
    name="modes",
    title=N_("Talleres por modalidad"),
    description=N_("Talleres que hubo en el mes, por la forma de tomar parte."),
    columns=(_MONTH, _MODE, _WORKSHOPS),
    unit="workshops",
)
LANGUAGES: Final = DataTable(
    name="languages",
    title=N_("Talleres por idioma"),
    description=N_(
        "Talleres que hubo en el mes, por idioma. Un taller en dos idiomas cuenta en los dos."
    ),
    columns=(_MONTH, _LANGUAGE, _WORKSHOPS),
    unit="workshops",
)
PEOPLE: Final = DataTable(
    name="people",
    title=N_("Personas que vinieron, en toda la red"),
    description=N_(
        "Personas que vinieron a los talleres del mes, en toda la red, por tipo. No se dice un "
        "número menor que 5, ni otro del que se pudiera deducir."
    ),
    columns=(
        _MONTH,
        _KIND,
        TableColumn(
            name="people", role=ColumnRole.MEASURE, title=N_("Personas"), type=DataType.NUMBER,
            is_required=False,
        ),
        TableColumn(
            name="confidentiality", role=ColumnRole.ATTRIBUTE, title=N_("Si el número se dice"),
            codes=CodeListName.CONFIDENTIALITY,
        ),
    ),
    unit="people",
)  # fmt: skip
FIGURES: Final = DataTable(
    name="figures",
    title=N_("Otras cifras del mes"),
    description=N_("Cifras del mes que la red recibe de sus áreas, con su unidad y su fuente."),
    columns=(
        _MONTH,
        _SERIES,
        TableColumn(
            name="value", role=ColumnRole.MEASURE, title=N_("Número"), type=DataType.NUMBER
        ),
        TableColumn(name="unit", role=ColumnRole.ATTRIBUTE, title=N_("Unidad")),
        TableColumn(name="source", role=ColumnRole.ATTRIBUTE, title=N_("Fuente")),
    ),
)
PEOPLE_BY_OFFICE: Final = DataTable(
    name="people-by-office",
    title=N_("Personas que vinieron en el trimestre, por oficina"),
    description=N_(
        "Un rango de diez números por oficina y tipo, puesto al azar alrededor del verdadero, para "
        "que nadie pueda saber cuál es. Solo de oficinas con tres talleres o más."
    ),
    columns=(
        TableColumn(
            name="quarter", role=ColumnRole.DIMENSION, title=N_("Trimestre"), type=DataType.QUARTER
        ),
        _OFFICE,
        _KIND,
        TableColumn(
            name="bound", role=ColumnRole.DIMENSION, title=N_("Extremo del rango"),
            codes=CodeListName.BOUND,
        ),
        TableColumn(
            name="people", role=ColumnRole.MEASURE, title=N_("Personas"), type=DataType.NUMBER
        ),
    ),
    unit="people",
)  # fmt: skip
COLUMNS: Final = DataTable(
    name="columns",
    title=N_("Otras cuentas de los talleres"),
    description=N_(
        "Cuántos talleres del mes cumplen lo que dice cada cuenta, por oficina y por tipo."
    ),
    columns=(
        _MONTH,
        _OFFICE,
        _KIND,
        TableColumn(
            name="column", role=ColumnRole.DIMENSION, title=N_("Qué se cuenta"),
            codes=CodeListName.COLUMN,
        ),
        _WORKSHOPS,
    ),
    unit="workshops",
)  # fmt: skip
TABLES: Final = (WORKSHOPS, MODES, LANGUAGES, PEOPLE, FIGURES, COLUMNS, PEOPLE_BY_OFFICE)
# The names of all codes, for readers of files; SDMX has them in its code lists.
CODES: Final = DataTable(
    name="codes",
    title=N_("Nombres de las claves"),
    description=N_("Los nombres de las claves de las otras tablas, en cada idioma."),
    columns=(
        TableColumn(name="list", role=ColumnRole.DIMENSION, title=N_("Lista de claves")),
        TableColumn(name="code", role=ColumnRole.DIMENSION, title=N_("Clave")),
        *(
            TableColumn(name=lang, role=ColumnRole.ATTRIBUTE, title=i18n.NAMES[lang])
            for lang in i18n.LANGUAGES
        ),
    ),
)
UNITS: Final[Mapping[str, str]] = {"workshops": N_("Talleres"), "people": N_("Personas")}
_BOUNDS: Final = {"least": N_("El menor"), "most": N_("El mayor")}
_CONFIDENTIALITY: Final = {
    FREE: N_("El número se dice"),
    SMALL: N_("Menor que 5"),
    WITHHELD: N_("No se dice, para que no se deduzca otro"),
}


class RevisionTables:
    """The tables of the revision of a report, with their rows and the codes they use."""

    def __init__(self, report: MonthReport) -> None:
        self.report = report
        self.codes = _list_codes(report)
        rows = {each.name: [*_ROWS[each.name](report)] for each in TABLES}
        self.rows: Mapping[str, Sequence[Row]] = rows | {CODES.name: [*_code_rows(self.codes)]}

    @property
    def tables(self) -> tuple[DataTable, ...]:
        """The tables of numbers that have rows: a month may have no typed figures."""
        return tuple(each for each in TABLES if self.rows[each.name])

    @property
    def files(self) -> tuple[DataTable, ...]:
        """The tables of numbers, and the table with the names of the codes."""
        return (*self.tables, CODES)

    @property
    def notes(self) -> list[Words]:
        """What must be said beside the numbers: a reservation, and how workshops are counted."""
        reservation = [month_tables.RECONSTRUCTION] if self.report.count.is_synthetic else []
        return [i18n.in_each(each) for each in (*reservation, *self.report.count.rules)]

    def get_title(self, lang: str) -> str:
        """Returns the title, as «Cifras de los talleres de 2020-01, revisión 1»."""
        return i18n.translate(
            TITLE, lang, month=self.report.month, number=self.report.count.revision
        )

    def get_codes(self, column: TableColumn) -> Mapping[str, Words]:
        """The values that a column may have, with their names; empty if it has no codes."""
        return {} if column.codes is None else self.codes[column.codes]


def as_csv(tables: RevisionTables, table: DataTable) -> str:
    """The rows of a table as CSV (RFC 4180); the first has the names of the columns."""
    header = [each.name for each in table.columns]
    rows = [["" if cell is None else cell for cell in row] for row in tables.rows[table.name]]
    return spreadsheets.as_csv([header, *rows])


def _workshop_rows(report: MonthReport) -> Iterator[Row]:
    """Returns the rows of workshops: one for all, one for each kind and each office in total, and
    one for each kind at each office. Kinds in total include those of the network without a
    workshop."""
    month, count = str(report.month), report.count
    yield month, ALL, ALL, count.total
    for kind, number in count.by_kind.items():
        yield month, ALL, kind, number
    for office, numbers in count.by_office.items():
        yield month, office, ALL, numbers[TOTAL]
        for kind, number in numbers.items():
            if kind != TOTAL:
                yield month, office, kind, number


def _mode_rows(report: MonthReport) -> Iterator[Row]:
    month = str(report.month)
    yield month, ALL, report.count.total
    for mode, number in report.by_mode.items():
        yield month, mode, number


def _language_rows(report: MonthReport) -> Iterator[Row]:
    """Returns a row for each language. There is no total: a workshop in two languages counts in
    both."""
    for language, number in report.by_language.items():
        yield str(report.month), language, number


def _people_rows(report: MonthReport) -> Iterator[Row]:
    """A row for each kind of which a number is known, published or not, and for all."""
    people, month = report.people, str(report.month)
    if people is None or not (people.published or people.hidden_kinds):
        return
    is_free = people.total is not None
    yield month, ALL, people.total, FREE if is_free else WITHHELD
    for kind in sorted({*people.published, *people.hidden_kinds}):
        if kind in people.published:
            yield month, kind, people.published[kind], FREE
        else:
            yield month, kind, None, SMALL if kind in people.small else WITHHELD


def _figure_rows(report: MonthReport) -> Iterator[Row]:
    for each in report.figures:
        yield str(report.month), each.series, each.value, each.unit, each.source


def _column_rows(report: MonthReport) -> Iterator[Row]:
    """The total of each column of the counts, and its number of each kind and of each office."""
    month = str(report.month)
    for name, column in report.count.columns.items():
        yield month, ALL, ALL, name, column.total
        for kind, number in column.by_kind.items():
            yield month, ALL, kind, name, number
        for office, number in column.by_office.items():
            yield month, office, ALL, name, number


def _people_by_office_rows(report: MonthReport) -> Iterator[Row]:
    """Returns, if the revision completed a quarter, two rows for each office and kind: the ends of
    the range."""
    if report.quarter_people is None:
        return
    quarter = str(report.quarter_people.quarter)
    for kind, offices in report.quarter_people.ranges.items():
        for slug, bounds in offices.items():
            yield quarter, slug, kind, "least", bounds.least
            yield quarter, slug, kind, "most", bounds.most


def _code_rows(codes: Mapping[CodeListName, Mapping[str, Words]]) -> Iterator[Row]:
    for name, names in codes.items():
        for code, words in names.items():
            yield name.value, code, *(i18n.say(words, lang) for lang in i18n.LANGUAGES)


_ROWS: Final = {
    WORKSHOPS.name: _workshop_rows,
    MODES.name: _mode_rows,
    LANGUAGES.name: _language_rows,
    PEOPLE.name: _people_rows,
    FIGURES.name: _figure_rows,
    COLUMNS.name: _column_rows,
    PEOPLE_BY_OFFICE.name: _people_by_office_rows,
}


def _list_codes(report: MonthReport) -> dict[CodeListName, dict[str, Words]]:
    """The codes of the revision with their names, as these were when it was frozen."""
    count, total = report.count, i18n.in_each(N_("Total"))
    kinds = {*count.kinds, *(kind for _month, kind, *_rest in _people_rows(report))} - {ALL}
    return {
        CodeListName.OFFICE: {ALL: total}
        | {slug: office.name for slug, office in count.offices.items()},
        CodeListName.KIND: {ALL: total}
        | {
            code: count.kinds[code].name if code in count.kinds else {"es": code}
            for code in sorted(map(str, kinds))
        },
        CodeListName.MODE: {ALL: total}
        | {code: i18n.in_each(month_tables.MODES.get(code, code)) for code in report.by_mode},
        CodeListName.LANGUAGE: {
            code: {lang: formats.language_name(code, lang) for lang in i18n.LANGUAGES}
            for code in report.by_language
        },
        CodeListName.SERIES: {each.series: each.label for each in report.figures},
        CodeListName.CONFIDENTIALITY: {
            code: i18n.in_each(name) for code, name in _CONFIDENTIALITY.items()
        },
        CodeListName.BOUND: {code: i18n.in_each(name) for code, name in _BOUNDS.items()},
        CodeListName.COLUMN: {
            name: i18n.in_each(column.heading) for name, column in count.columns.items()
        },
    }
