"""Form of typed figures: unusual values need confirmation, concurrent edits are refused."""

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from importlib import resources
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.reporting import figures
from outreach.domain.reporting.figures import FigureSeries, MonthlyFigure
from outreach.errors import Conflict
from outreach.imports import kinds as kinds_file
from outreach.imports.figures import FigureRow, load
from outreach.imports.import_errors import ImportRejected
from outreach.imports.import_result import RowOutcome
from outreach.reports import month_report
from outreach.web.staff.months.figures_entry import read_number
from tests.support.login import age
from tests.support.staff_client import StaffClient, Visitor, employ, enrol, signed_in_as, words

pytestmark = pytest.mark.any_database

MARCH = Month(2026, 3)
PAGE = "/org/mes/2026-03/cifras"
APRIL = datetime(2026, 4, 20, 15, 30, tzinfo=UTC)
CASES = "proteccion.casos"
MATTERS = (f"{CASES}.penal", f"{CASES}.civil")


@pytest.fixture
def elena(app: Flask, store: Store) -> StaffClient:
    """A network administrator, with passports of twelve months and cases with two parts stored."""
    with store.change() as session:
        for position, (code, total) in enumerate(
            [("pasaportes", None), (CASES, None), *((each, CASES) for each in MATTERS)], 1
        ):
            session.add(
                FigureSeries(
                    code=code, position=position, label={"es": code.capitalize()}, unit="casos",
                    provided_by="SRE", part_of=total,
                )
            )  # fmt: skip
            session.flush()
        for months_ago in range(1, 13):
            month, value = MARCH.plus(-months_ago).number, 109_000 + 700 * (months_ago % 5)
            session.add(
                MonthlyFigure(
                    month=month, series="pasaportes", value=value, source="SRE", entered_at=APRIL
                )
            )
    return signed_in_as(app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES))


def fields_of(page: TestResponse) -> dict[str, str]:
    """The field values of the form on this page."""
    found = re.findall(r'<input[^>]* name="([^"]+)"[^>]*? value="([^"]*)"', page.text)
    return {name: unescape(value) for name, value in found if name != "token"}


def type_in(
    staff_client: StaffClient, *, page: TestResponse | None = None, **values: str
) -> TestResponse:
    form_fields = fields_of(page or staff_client.get(PAGE))
    typed = {f"value-{name.replace('_', '.')}": value for name, value in values.items()}
    return staff_client.post(PAGE, **(form_fields | typed))


def stored(store: Store) -> dict[str, int]:
    with store.read() as session:
        return {each.code: figure.value for each, figure in figures.list_figures(session, MARCH)}


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("109657", 109657), ("109,657", 109657), ("109 657", 109657),
        ("1\u00a0234\u202f567", 1234567),
        ("1.234.567", 1234567), (" 0 ", 0), ("", None),
    ],
)  # fmt: skip
def test_number_formats_are_parsed(typed: str, number: int | None) -> None:
    assert read_number(typed) == number


@pytest.mark.parametrize("typed", ["1,09,657", "10,5", "-3", "mil", "1e5", "1,234.567", "9" * 17])
def test_text_that_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=re.escape(typed)):
        read_number(typed)


@pytest.mark.any_database
def test_figure_is_stored_with_its_source_and_author(elena: StaffClient, store: Store) -> None:
    assert type_in(elena, pasaportes="109,657").status_code == 303
    assert stored(store) == {"pasaportes": 109657}
    page_text = words(elena.get(PAGE))
    assert "La escribió elena@example.org" in page_text
    assert "Mes anterior: 109,700" in page_text


@pytest.mark.any_database
def test_unusual_figure_needs_confirmation(elena: StaffClient, store: Store) -> None:
    answer = type_in(elena, pasaportes="10,965")
    assert answer.status_code == 422
    assert "10,965 se sale de lo que tuvo en los meses anteriores" in words(answer)
    assert stored(store) == {}
    confirmation = re.search(r'name="sure" value="(\w+)"', answer.text)
    assert confirmation
    other_number = elena.post(
        PAGE, **fields_of(answer) | {"value-pasaportes": "1", "sure": confirmation[1]}
    )
    assert other_number.status_code == 422, "the confirmation was for another number"
    assert elena.post(PAGE, **fields_of(answer) | {"sure": confirmation[1]}).status_code == 303
    assert stored(store) == {"pasaportes": 10965}


@pytest.mark.any_database
def test_parts_that_do_not_add_up_need_confirmation(elena: StaffClient, store: Store) -> None:
    page = elena.get(PAGE)
    typed = fields_of(page) | {f"value-{CASES}": "100", f"value-{MATTERS[0]}": "60"}
    assert elena.post(PAGE, **typed).status_code == 303, "one part is unknown"
    answer = elena.post(PAGE, **fields_of(elena.get(PAGE)) | {f"value-{MATTERS[1]}": "50"})
    assert "Sus partes suman 110 y el total dice 100" in words(answer)


@pytest.mark.any_database
def test_figure_can_be_removed_after_confirmation(elena: StaffClient, store: Store) -> None:
    type_in(elena, pasaportes="109657")
    answer = type_in(elena, pasaportes="")
    assert "Se quita la cifra" in words(answer)
    confirmation = re.search(r'name="sure" value="(\w+)"', answer.text)
    assert confirmation
    assert elena.post(PAGE, **fields_of(answer) | {"sure": confirmation[1]}).status_code == 303
    assert stored(store) == {}


def test_concurrent_correction_of_a_figure_is_refused_whole(
    app: Flask, elena: StaffClient, store: Store
) -> None:
    ivan = signed_in_as(app, store, employ(store, "ivan@example.org", Role.ADMIN, ALL_OFFICES))
    page = ivan.get(PAGE)
    type_in(elena, pasaportes="109657")
    conflict = ivan.post(
        PAGE, **fields_of(page) | {"value-pasaportes": "109,658", f"value-{CASES}": "7"}
    )
    assert conflict.status_code == 409
    assert "Otra persona puso 109,657" in words(conflict)
    assert 'value="109,658"' in conflict.text, "the typed value is kept"
    assert stored(store) == {"pasaportes": 109657}
    assert ivan.post(PAGE, **fields_of(conflict)).status_code == 303
    assert stored(store) == {"pasaportes": 109658, CASES: 7}


def test_untouched_figures_keep_the_values_of_another_author(
    app: Flask, elena: StaffClient, store: Store
) -> None:
    type_in(elena, pasaportes="109657", proteccion_casos="7")
    ivan = signed_in_as(app, store, employ(store, "ivan@example.org", Role.ADMIN, ALL_OFFICES))
    page = ivan.get(PAGE)
    matter = f"value-{MATTERS[0]}"
    elena.post(
        PAGE,
        **fields_of(elena.get(PAGE))
        | {"value-pasaportes": "109,700", f"source-{CASES}": "SRE, corregido", matter: "3"},
    )
    conflict = ivan.post(PAGE, **fields_of(page) | {"value-pasaportes": "109,658"})
    assert conflict.status_code == 409
    assert words(conflict).count("Otra persona") == 3, (
        "in the summary, at passports, and at the total"
    )
    assert ivan.post(PAGE, **fields_of(conflict)).status_code == 303
    assert stored(store) == {"pasaportes": 109658, CASES: 7, MATTERS[0]: 3}
    assert fields_of(ivan.get(PAGE))[f"source-{CASES}"] == "SRE, corregido"


def test_figure_changed_since_the_form_was_opened_is_not_overwritten(
    elena: StaffClient, store: Store
) -> None:
    organizer_id = employ(store)
    with store.change() as session:
        figures.set_figure(
            session, MARCH, CASES, 1, "SRE", seen=None, organizer_id=organizer_id, now=APRIL
        )
    for seen in (None, (2, "SRE"), (1, "otra")):
        with pytest.raises(Conflict), store.change() as session:
            figures.set_figure(
                session, MARCH, CASES, 5, "SRE", seen=seen, organizer_id=organizer_id, now=APRIL
            )
    assert stored(store) == {CASES: 1}


@pytest.mark.any_database
def test_file_may_correct_typed_figures(elena: StaffClient, store: Store) -> None:
    type_in(elena, pasaportes="109657")
    row = FigureRow(month=MARCH.number, series="pasaportes", value=109658, source="SRE")
    with store.change() as session:
        assert load(session, [row], now=APRIL).counts[RowOutcome.CHANGED] == 1
    page_text = words(elena.get(PAGE))
    assert "Vino de un archivo" in page_text
    assert "La escribió" not in page_text


@pytest.mark.any_database
def test_protection_cases_have_five_parts(store: Store) -> None:
    with (
        store.change() as session,
        resources.as_file(resources.files("outreach.imports").joinpath("data")) as data,
    ):
        kinds_file.load(session, kinds_file.read(data / "taxonomy.json"), now=APRIL)
    with store.read() as session:
        found = figures.list_series(session)
    codes = [each.code for each in found if each.code.startswith(CASES)]
    assert codes == [
        CASES,
        *(f"{CASES}.{each}" for each in ("migratoria", "penal", "laboral", "civil")),
        f"{CASES}.administrativa",
    ]
    assert {each.part_of for each in found if each.code in codes[1:]} == {CASES}


@pytest.mark.parametrize("total", ["perros", {"es": "perros"}, ["perros"], 7])
def test_part_of_an_unknown_figure_is_refused(tmp_path: Path, total: object) -> None:
    with resources.as_file(resources.files("outreach.imports").joinpath("data")) as data:
        taxonomy = json.loads((data / "taxonomy.json").read_text("utf-8"))
    taxonomy["figure_series"][0]["part_of"] = total
    form_fields = tmp_path / "taxonomy.json"
    form_fields.write_text(json.dumps(taxonomy), encoding="utf-8")
    with pytest.raises(ImportRejected) as rejection:
        kinds_file.read(form_fields)
    assert [fault.field for fault in rejection.value.faults] == ["figure_series[0].part_of"]


@pytest.mark.any_database
def test_typed_figures_outlive_the_session(app: Flask, elena: StaffClient, store: Store) -> None:
    typed = fields_of(elena.get(PAGE)) | {"value-pasaportes": "109,657"}
    age(store, seen_at=timedelta(minutes=31))
    assert elena.post(PAGE, **typed).status_code == 401
    enrol(app, store)
    signed = Visitor(app).come_in(email="elena@example.org", volver=PAGE)
    assert signed.status_code == 200
    assert 'value="109,657"' in signed.text
    assert stored(store) == {}


def test_correction_after_closing_goes_into_the_next_revision(
    elena: StaffClient, store: Store
) -> None:
    type_in(elena, pasaportes="109657")
    with store.change() as session:
        month_report.close(session, MARCH, now=APRIL)
    assert "entra en la revisión 2" in words(elena.get(PAGE))
    assert type_in(elena, pasaportes="109,658").status_code == 303
    with store.read() as session:
        assert month_report.report(session, MARCH, now=APRIL).figure("pasaportes") == 109657
        [change] = month_report.make_draft(session, MARCH, now=APRIL).changes
    assert (change.before, change.after) == (109657, 109658)


@pytest.mark.any_database
def test_figure_ten_times_the_one_it_replaces_is_asked_about_without_a_history(
    elena: StaffClient, store: Store
) -> None:
    assert type_in(elena, proteccion_casos="1,240").status_code == 303
    answer = type_in(elena, proteccion_casos="12400")
    assert answer.status_code == 422
    assert "Antes fue 1,240, y ahora 12,400." in words(answer)
    assert stored(store) == {CASES: 1240}
    confirmation = re.search(r'name="sure" value="(\w+)"', answer.text)
    assert confirmation
    assert elena.post(PAGE, **fields_of(answer) | {"sure": confirmation[1]}).status_code == 303
    assert stored(store) == {CASES: 12400}


@pytest.mark.parametrize(
    ("value", "before", "is_doubted"),
    [
        (5, [], False), (1000, [100], True), (10, [100], True), (180, [100], False),
        (160, [100, 101, 99, 100], True), (120, [100, 101, 99, 100], False),
        (3, [0, 1, 0, 1, 2], False), (160, [100, 150, 60, 120], False), (0, [100, 90, 110], True),
    ],
)  # fmt: skip
def test_figure_is_compared_with_the_variation_of_its_series(
    value: int, before: list[int], is_doubted: bool
) -> None:
    assert figures.is_unlikely(value, before) is is_doubted
