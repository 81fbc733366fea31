"""The files of a revision for programs: valid by their formats' libraries, equal to the digit."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyshacl
import pytest
import sqlalchemy as sa
from csvw import CSVW
from flask import Flask
from flask.testing import FlaskClient
from frictionless import Package
from pysdmx.io import get_datasets, read_sdmx
from pysdmx.model import DataStructureDefinition
from rdflib import DCAT, DCTERMS, Graph, Literal, Namespace, URIRef

from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.reporting import months
from outreach.domain.reporting.figures import FigureSeries, MonthlyFigure
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.reports import data_catalogue, data_tables, month_report, quality, sdmx
from outreach.reports.count_columns import COLUMNS
from outreach.reports.data_tables import ALL, RevisionTables
from tests.conftest import make_workshop
from tests.support.closed_quarter import QUARTER, close, hold_quarter
from tests.support.fixed_clock import fixed_clock

pytestmark = [pytest.mark.any_database("files of frozen revisions"), fixed_clock]

MARCH = Month(2026, 3)
APRIL = datetime(2026, 4, 20, 15, 30, tzinfo=UTC)
MAY = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
ROOT = "/datos/2026-03"
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
Fetch = Callable[[int], Path]
# What DCAT-AP 3.0 demands of each class, in SHACL. No package ships its own shapes alone; how the
# catalogue was compared with them is in decision 0057.
SHAPES = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
[] a sh:NodeShape ; sh:targetClass dcat:Catalog ;
  sh:property [ sh:path dct:title ; sh:minCount 3 ; sh:uniqueLang true ] ,
    [ sh:path dct:description ; sh:minCount 3 ; sh:datatype rdf:langString ; sh:uniqueLang true ] ,
    [ sh:path dct:publisher ; sh:minCount 1 ; sh:maxCount 1 ; sh:class foaf:Agent ] ,
    [ sh:path dct:license ; sh:minCount 1 ; sh:maxCount 1 ; sh:class dct:LicenseDocument ] ,
    [ sh:path dcat:dataset ; sh:minCount 1 ; sh:class dcat:Dataset ] .
[] a sh:NodeShape ; sh:targetClass foaf:Agent ;
  sh:property [ sh:path foaf:name ; sh:minCount 1 ; sh:nodeKind sh:Literal ] .
[] a sh:NodeShape ; sh:targetClass dcat:Dataset ;
  sh:property [ sh:path dct:title ; sh:minCount 1 ; sh:nodeKind sh:Literal ] ,
    [ sh:path dct:description ; sh:minCount 1 ; sh:nodeKind sh:Literal ] ,
    [ sh:path dct:publisher ; sh:minCount 1 ; sh:maxCount 1 ; sh:class foaf:Agent ] ,
    [ sh:path dct:temporal ; sh:class dct:PeriodOfTime ] ,
    [ sh:path dcat:inSeries ; sh:class dcat:DatasetSeries ] ,
    [ sh:path dcat:keyword ; sh:minCount 3 ; sh:datatype rdf:langString ] ,
    [ sh:path dcat:theme ; sh:minCount 1 ; sh:nodeKind sh:IRI ; sh:class skos:Concept ] ,
    [ sh:path dcat:contactPoint ; sh:minCount 1 ; sh:class vcard:Kind ] ,
    [ sh:path dcat:version ; sh:maxCount 1 ; sh:nodeKind sh:Literal ] ,
    [ sh:path dcat:distribution ; sh:minCount 1 ; sh:class dcat:Distribution ] .
[] a sh:NodeShape ; sh:targetClass dcat:Distribution ;
  sh:property [ sh:path dcat:accessURL ; sh:minCount 1 ; sh:nodeKind sh:IRI ] ,
    [ sh:path dct:license ; sh:minCount 1 ; sh:maxCount 1 ; sh:class dct:LicenseDocument ] ,
    [ sh:path dct:format ; sh:maxCount 1 ; sh:class dct:MediaTypeOrExtent ] ,
    [ sh:path dcat:mediaType ; sh:maxCount 1 ; sh:class dct:MediaType ] .
"""
# The tables of a revision of a month that completes no quarter.
NAMES = ("workshops", "modes", "languages", "people", "figures", *(["columns"] if COLUMNS else []))


@pytest.fixture
def revisions(store: Store, chicago: Office, calgary: Office, rights: Kind, women: Kind) -> Store:
    """March with two revisions: in the second the workshop in Calgary was not held, and a figure
    is another. Few people came to the one for women."""
    with store.change() as session:
        for office, kind, people in (
            (chicago, rights, 30),
            (chicago, women, 3),
            (calgary, rights, 8),
        ):
            workshop = make_workshop(session, office, kind, day=date(2026, 3, 10))
            workshop_service.report(workshop, head_count=people, now=APRIL)
        session.add(
            FigureSeries(
                code="ciam.personas", position=1, label={"es": "Personas, «CIAM»"},
                unit="personas", provided_by="CIAM",
            )
        )  # fmt: skip
        session.flush()
        session.add(
            MonthlyFigure(
                month=202603, series="ciam.personas", value=21389, source="=CIAM, nota 6",
                entered_at=APRIL,
            )
        )  # fmt: skip
    with store.change() as session:
        month_report.close(session, MARCH, now=APRIL)
    with store.change() as session:
        in_calgary = sa.select(Workshop).join(Workshop.office).where(Office.slug == "calgary")
        workshop_service.report(session.scalars(in_calgary).one(), head_count=None, now=MAY)
        session.get_one(MonthlyFigure, (202603, "ciam.personas")).value = 21390
    with store.change() as session:
        month_report.close(session, MARCH, reason="Reportes tardíos", now=MAY)
    return store


@pytest.fixture
def fetch(client: FlaskClient, tmp_path: Path) -> Fetch:
    """A function that downloads the files of a revision of March into a folder, as a program
    would."""

    def download(number: int) -> Path:
        folder = tmp_path / str(number)
        folder.mkdir()
        package: Any = client.get(f"{ROOT}/{number}/datapackage.json").json
        names = [each["path"] for each in package["resources"]]
        tables = [name.removesuffix(".csv") for name in names if name != "codes.csv"]
        names += [f"{table}.sdmx.csv" for table in tables]
        for name in (*names, "csv-metadata.json", "datapackage.json", "structure.json"):
            answer = client.get(f"{ROOT}/{number}/{name}")
            assert answer.status_code == 200, name
            (folder / name).write_bytes(answer.data)
        return folder

    return download


def read_rows(client: FlaskClient, address: str) -> list[dict[str, str]]:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return [*csv.DictReader(io.StringIO(answer.text, newline=""))]


@pytest.mark.parametrize("number", [1, 2])
def test_csv_on_the_web_is_valid(revisions: Store, fetch: Fetch, number: int) -> None:
    found = CSVW(str(fetch(number) / "csv-metadata.json"), validate=True)
    assert found.is_valid, found.warnings
    assert next(found.tables[0].iterdicts())["workshops"] == 4 - number


@pytest.mark.parametrize("number", [1, 2])
def test_data_package_is_valid(revisions: Store, fetch: Fetch, number: int) -> None:
    package = Package(str(fetch(number) / "datapackage.json"))
    result = package.validate()
    assert result.valid, result.flatten(["resourceName", "rowNumber", "type", "note"])
    assert [each.name for each in package.resources] == [*NAMES, "codes"]
    assert [each["name"] for each in package.to_dict()["licenses"]] == ["CC-BY-4.0"]


def test_a_wrong_value_is_found_by_both_validators(revisions: Store, fetch: Fetch) -> None:
    folder = fetch(1)
    path = folder / "workshops.csv"
    path.write_text(path.read_text().replace("calgary", "atlantis", 1))
    with pytest.raises(UserWarning, match="atlantis"):
        _ = CSVW(str(folder / "csv-metadata.json"), validate=True).is_valid
    assert not Package(str(folder / "datapackage.json")).validate().valid


@pytest.mark.parametrize("number", [1, 2])
def test_files_agree_with_the_page_s_json_to_the_digit(
    revisions: Store, client: FlaskClient, number: int
) -> None:
    counts: dict[str, Any] = client.get(f"/es/cifras/2026-03.json?revision={number}").json or {}
    workshops = {
        (row["office"], row["kind"]): int(row["workshops"])
        for row in read_rows(client, f"{ROOT}/{number}/workshops.csv")
    }
    assert workshops.pop((ALL, ALL)) == counts["total"] == 4 - number
    assert {k: n for (office, k), n in workshops.items() if office == ALL} == counts["by_kind"]
    for slug, row in counts["by_office"].items():
        of_office = {"total" if k == ALL else k: n for (o, k), n in workshops.items() if o == slug}
        assert of_office == row
    modes = read_rows(client, f"{ROOT}/{number}/modes.csv")
    assert {row["mode"]: int(row["workshops"]) for row in modes if row["mode"] != ALL} == counts[
        "by_mode"
    ]
    languages = read_rows(client, f"{ROOT}/{number}/languages.csv")
    assert {row["language"]: int(row["workshops"]) for row in languages} == counts["by_language"]
    figures = read_rows(client, f"{ROOT}/{number}/figures.csv")
    assert {row["series"]: int(row["value"]) for row in figures} == counts["figures"]


@pytest.mark.parametrize("number", [1, 2])
def test_sdmx_structure_fits_its_schema_and_the_data(
    revisions: Store, fetch: Fetch, number: int
) -> None:
    assert check_sdmx(fetch(number)) == [each.upper() for each in NAMES]


def check_sdmx(folder: Path) -> list[str]:
    """pysdmx validates the message against the schema of SDMX-JSON, and reads each table by it.
    Returns the names of the tables."""
    structure = folder / "structure.json"
    found = read_sdmx(structure, validate=True)
    definitions = {
        each.id: each
        for each in found.structures or ()
        if isinstance(each, DataStructureDefinition)
    }
    for name, definition in definitions.items():
        data = folder / f"{name.lower().replace('_', '-')}.sdmx.csv"
        (dataset,) = get_datasets(data, structure, validate=True)
        components = {each.id: each for each in definition.components}
        assert {*dataset.data.columns} == {*components}
        for row in dataset.data.to_dict("records"):
            for part, component in components.items():
                assert component.enumeration is None or row[part] in {
                    code.id for code in component.enumeration.codes
                }, (name, part, row[part])
    return [*definitions]


def test_tables_of_a_quarter_are_valid(
    store: Store, chicago: Office, calgary: Office, rights: Kind, women: Kind, fetch: Fetch
) -> None:
    hold_quarter(store, (chicago, calgary), {rights: 20, women: 15})
    for month in QUARTER.months:
        close(store, month)
    folder = fetch(1)
    found = CSVW(str(folder / "csv-metadata.json"), validate=True)
    assert found.is_valid, found.warnings
    result = Package(str(folder / "datapackage.json")).validate()
    assert result.valid, result.flatten(["resourceName", "rowNumber", "type", "note"])
    assert check_sdmx(folder)[-1] == "PEOPLE_BY_OFFICE"
    rows = [*csv.DictReader((folder / "people-by-office.sdmx.csv").read_text().splitlines())]
    assert {(row["FREQ"], row["TIME_PERIOD"]) for row in rows} == {("Q", "2026-Q1")}


@pytest.mark.parametrize("number", [1, 2])
def test_sdmx_has_the_rows_of_the_other_files(
    revisions: Store, client: FlaskClient, number: int
) -> None:
    # No quarter is complete, and the revisions have no other columns.
    for table in data_tables.TABLES[: data_tables.TABLES.index(data_tables.COLUMNS)]:
        plain = read_rows(client, f"{ROOT}/{number}/{table.name}.csv")
        observed = read_rows(client, f"{ROOT}/{number}/{table.name}.sdmx.csv")
        assert [row["OBS_VALUE"] for row in observed] == [row[table.measure.name] for row in plain]
        for dimension in table.dimensions[1:]:
            assert [row[dimension.name.upper()] for row in observed] == [
                sdmx.to_id(row[dimension.name]) for row in plain
            ]
        assert {row["TIME_PERIOD"] for row in observed} == {"2026-03"}


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
@pytest.mark.parametrize(
    ("contact", "email"),
    [
        ("datos@red.example", ["mailto:datos@red.example"]),
        ("Escribe a datos@red.example", []),
        ("555 0100", []),
        ("", []),
    ],
)
def test_contact_point_has_an_address_only_if_the_contact_is_one(
    make_app: Callable[..., Flask], contact: str, email: list[str]
) -> None:
    answer = make_app(contact=contact).test_client().get("/datos/catalog.jsonld")
    graph = Graph().parse(data=answer.text, format="json-ld")
    [point] = {*graph.objects(predicate=DCAT.contactPoint)}
    assert [str(each) for each in graph.objects(point, VCARD.hasEmail)] == email
    assert graph.value(point, VCARD.fn)
    [page] = graph.objects(point, VCARD.hasURL)
    assert str(page).endswith("/es/datos")


@pytest.mark.filterwarnings(
    "ignore:ConjunctiveGraph is deprecated:DeprecationWarning"
)  # from pyshacl itself
def test_catalogue_is_dcat_ap_and_its_files_are_there(
    revisions: Store, client: FlaskClient
) -> None:
    answer = client.get("/datos/catalog.jsonld")
    assert answer.headers["Content-Type"] == "application/ld+json"
    graph = Graph().parse(data=answer.text, format="json-ld")
    shapes = Graph().parse(data=SHAPES, format="turtle")
    is_valid, _report, text = pyshacl.validate(graph, shacl_graph=shapes)
    assert is_valid, text
    dataset = URIRef("http://localhost:8000/datos/2026-03/2/")
    assert [*graph.objects(predicate=DCAT.dataset)] == [dataset], "the latest revision"
    assert [str(each) for each in graph.objects(dataset, DCTERMS.identifier)] == ["2026-03/2"]
    found = graph.objects(dataset, DCAT.keyword)
    words = {(str(each), each.language) for each in found if isinstance(each, Literal)}
    assert {("talleres", "es"), ("workshops", "en"), ("ateliers", "fr")} <= words
    assert len(words) == 3 * len(data_catalogue.KEYWORDS)
    themes = {str(each).rpartition("/")[2] for each in graph.objects(dataset, DCAT.theme)}
    assert themes == {"SOCI", "GOVE"}
    files = [str(each) for each in graph.objects(predicate=DCAT.downloadURL)]
    assert len(files) == 2 * len(NAMES) + 1, "each table twice, and the codes once"
    for address in files:
        assert client.get(address.removeprefix("http://localhost:8000")).status_code == 200
    for distribution in graph.objects(dataset, DCAT.distribution):
        graph.remove((distribution, DCAT.accessURL, None))
    assert not pyshacl.validate(graph, shacl_graph=shapes)[0], "a fault is found"


def test_quality_statement_is_of_the_data_and_frozen(revisions: Store, client: FlaskClient) -> None:
    first = client.get(f"{ROOT}/1/quality.json").json
    assert first == {
        "month": "2026-03", "revision": 1, "license": "CC-BY-4.0",
        "offices_asked": 2, "offices_reported": 2,
        "workshops": 3, "workshops_assumed": 0, "workshops_without_head_count": 0,
        "share_without_head_count": 0.0, "late_rows": 1,
    }  # fmt: skip
    second = client.get(f"{ROOT}/2/quality.json").json or {}
    assert (second["workshops"], second["offices_reported"]) == (2, 2)
    page = " ".join(client.get("/es/cifras/2026-03?revision=1").text.split())
    assert "Reportaron 2 de 2 oficinas." in page
    assert "1 dato llegó después de la hora de cierre." in page
    assert "0 % del total" in page


def test_quality_counts_what_nobody_reported(
    store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    with store.change() as session:
        for day in (3, 10, 17):
            workshop = make_workshop(session, chicago, rights, day=date(2026, 3, day))
        workshop_service.report(workshop, head_count=20, now=APRIL)
    with store.read() as session:
        found = quality.assess(session, MARCH, now=APRIL)
    assert (found.offices_asked, found.offices_reported) == (2, 0)
    assert (found.workshops, found.workshops_assumed, found.workshops_without_head_count) == (
        3,
        2,
        2,
    )
    assert found.share_without_head_count == 0.667


def test_revision_of_before_has_no_quality_statement(revisions: Store, client: FlaskClient) -> None:
    with revisions.change() as session:
        row = months.get_revision(session, MARCH, 1)
        frozen = json.loads(row.frozen)
        del frozen["quality"]
        row.frozen = json.dumps(frozen)
    assert client.get(f"{ROOT}/1/quality.json").status_code == 404
    assert "Reportaron" not in client.get("/es/cifras/2026-03?revision=1").text


def test_small_numbers_of_people_are_marked_and_empty(
    revisions: Store, client: FlaskClient
) -> None:
    rows = {row["kind"]: row for row in read_rows(client, f"{ROOT}/1/people.csv")}
    assert (rows["mujeres"]["people"], rows["mujeres"]["confidentiality"]) == ("", "C")
    assert (rows["derechos"]["people"], rows["derechos"]["confidentiality"]) == ("", "D")
    assert "38" not in client.get(f"{ROOT}/1/people.csv").text


def test_codes_have_names_in_every_language(revisions: Store, client: FlaskClient) -> None:
    rows = read_rows(client, f"{ROOT}/1/codes.csv")
    names = {(row["list"], row["code"]): row for row in rows}
    assert names["office", ALL]["fr"] == "Total"
    assert names["mode", "presencial"]["en"] == "In person"
    assert names["series", "ciam.personas"]["es"] == "Personas, «CIAM»"


def test_a_text_is_no_formula(revisions: Store, client: FlaskClient) -> None:
    assert read_rows(client, f"{ROOT}/1/figures.csv")[0]["source"] == "'=CIAM, nota 6"


def test_every_coded_value_is_in_its_list(revisions: Store) -> None:
    with revisions.read() as session:
        tables = RevisionTables(month_report.report(session, MARCH, now=MAY, number=1))
    for table in data_tables.TABLES:
        for row in tables.rows[table.name]:
            for column, cell in zip(table.columns, row, strict=True):
                assert column.codes is None or cell in tables.get_codes(column), (table.name, cell)


def test_file_names_its_metadata_and_may_be_kept(revisions: Store, client: FlaskClient) -> None:
    answer = client.get(f"{ROOT}/2/workshops.csv")
    assert answer.headers["Link"] == (
        '<csv-metadata.json>; rel="describedby"; type="application/csvm+json"'
    )
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["Cache-Control"] == "public, max-age=86400"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    metadata = client.get(f"{ROOT}/2/csv-metadata.json")
    assert metadata.headers["Content-Type"] == "application/csvm+json"
    assert (
        json.loads(metadata.data)["@id"]
        == "http://localhost:8000/datos/2026-03/2/csv-metadata.json"
    )


@pytest.mark.parametrize(
    "address",
    [
        "1/nada.csv",
        "1/codes.sdmx.csv",
        "3/workshops.csv",
        "0/workshops.csv",
        "99999/workshops.csv",
        "1/",
    ],
)
def test_there_is_nothing_at_other_addresses(
    revisions: Store, client: FlaskClient, address: str
) -> None:
    assert client.get(f"{ROOT}/{address}").status_code == 404


def test_month_page_links_the_files_of_its_revision(revisions: Store, client: FlaskClient) -> None:
    page = client.get("/en/cifras/2026-03?revision=1").text
    assert 'href="/datos/2026-03/1/csv-metadata.json"' in page
    assert 'href="/datos/2026-03/1/datapackage.json"' in page
