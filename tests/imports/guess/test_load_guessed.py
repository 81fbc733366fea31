"""`load workshops --guess` loads the good rows once, and tells why it leaves out the others."""

import io
import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.locations.venues import Venue
from outreach.domain.network import offices
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.imports.guess import conversation, loading
from outreach.imports.workshops import write
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat
from tests.imports.guess.builders import calendar, lines
from tests.support.fixed_clock import fixed_clock
from tests.support.loading import run

pytestmark = [pytest.mark.any_database, fixed_clock]

HEAD = "Fecha,Hora,Tipo,Título,Sede,Cupo,Estatus"
GOOD = (
    HEAD,
    "2026-12-05,18:00,DACA,Renueva tu DACA,Biblioteca de Pilsen,30,publicado",
    "2026-12-06,10:00,Salud,Vacunas,Casa Aztlán,25,borrador",
    "2026-12-07,18:00,Plática Sra. Luz,,Biblioteca de Pilsen,20,",
    "2026-11-07,18:00,DACA,,Biblioteca de Pilsen,20,",
)


def guess(config: Config, path: Path, *rows: str | bytes, more: tuple[str, ...] = ()) -> Any:
    """The answer of the command for a file of these rows."""
    texts = [row for row in rows if isinstance(row, str)]
    path.write_bytes(
        (lines(*texts) if texts else b"") + b"".join(row for row in rows if isinstance(row, bytes))
    )
    options = ("--guess", "--office", "chicago", "--format", "json", *more)
    done = run(config, "load", "workshops", path, *options)
    assert done.exit_code == 0, f"{done.stderr}{done.exception!r}"
    return json.loads(done.stdout)


def outcomes(answer: Any) -> list[str]:
    return [row["outcome"] for row in answer["rows"]]


def workshops(store: Store) -> list[Workshop]:
    with store.read() as session:
        return list(session.scalars(sa.select(Workshop).order_by(Workshop.day, Workshop.id)))


def test_good_rows_are_loaded_and_the_others_have_a_reason(
    config: Config, store: Store, furnished: Office, tmp_path: Path
) -> None:
    answer = guess(config, tmp_path / "a.csv", *GOOD)
    assert outcomes(answer) == ["new", "new", "asked", "refused"]
    assert (answer["loaded"], answer["refused"], answer["asked"]) == (2, 1, 1)
    assert [row["line"] for row in answer["rows"]] == [2, 3, 4, 5]
    assert answer["rows"][0] == {
        "line": 2,
        "outcome": "new",
        "reason": None,
        "values": {
            "day": "2026-12-05",
            "starts": "18:00",
            "ends": "21:00",
            "kind": "daca",
            "title": "Renueva tu DACA",
            "venue": "Biblioteca de Pilsen",
            "venue_is_new": False,
            "capacity": 30,
            "status": "draft",
        },
    }
    assert all(row["reason"] for row in answer["rows"][2:])
    daca, health = workshops(store)
    assert (daca.day, daca.starts, daca.ends) == (date(2026, 12, 5), time(18), time(21))
    assert (daca.status, health.status) == (WorkshopStatus.DRAFT, WorkshopStatus.DRAFT)
    assert health.venue is not None
    assert (health.venue.name, health.venue.city) == ("Casa Aztlán", "Chicago")
    with store.read() as session:
        entries = session.scalars(
            sa.select(AuditEntry).where(AuditEntry.action == "workshops brought in")
        ).all()
    found = [(each.office, json.loads(each.details)["new"]) for each in entries]
    assert found == [("chicago", 2)]


def test_same_file_twice_loads_nothing_new(
    config: Config, store: Store, furnished: Office, tmp_path: Path
) -> None:
    guess(config, tmp_path / "a.csv", *GOOD)
    again = guess(config, tmp_path / "a.csv", *GOOD)
    assert outcomes(again) == ["same", "same", "asked", "refused"]
    assert (again["loaded"], again["same"]) == (0, 2)
    assert len(workshops(store)) == 2
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Venue)) == 4


def test_row_with_another_spelling_of_its_venue_is_the_same(
    config: Config, store: Store, furnished: Office, tmp_path: Path
) -> None:
    guess(config, tmp_path / "a.csv", *GOOD[:3])
    other = [row.replace("Biblioteca de Pilsen", "BIBL. DE PILSEN") for row in GOOD[:3]]
    assert outcomes(guess(config, tmp_path / "a.csv", *other)) == ["same", "same"]
    assert len(workshops(store)) == 2


def test_dry_run_changes_nothing(
    config: Config, store: Store, furnished: Office, tmp_path: Path
) -> None:
    answer = guess(config, tmp_path / "a.csv", *GOOD, more=("--dry-run",))
    assert outcomes(answer) == ["new", "new", "asked", "refused"]
    assert answer["loaded"] == 0
    assert workshops(store) == []


def test_changed_row_changes_what_it_says_anew_and_nothing_else(
    config: Config, store: Store, furnished: Office, tmp_path: Path
) -> None:
    guess(config, tmp_path / "a.csv", *GOOD[:3])
    with store.change() as session:  # staff have changed the capacity meanwhile
        daca = session.scalars(sa.select(Workshop).order_by(Workshop.day)).first()
        assert daca is not None
        daca.capacity, daca.seats_left = 12, 12
    other = [row.replace("Renueva tu DACA", "DACA sin costo") for row in GOOD[:3]]
    answer = guess(config, tmp_path / "a.csv", *other)
    assert outcomes(answer) == ["changed", "same"]
    assert answer["loaded"] == 1
    daca = workshops(store)[0]
    assert (daca.title["es"], daca.capacity) == ("DACA sin costo", 12)
    assert outcomes(guess(config, tmp_path / "a.csv", *other)) == ["same", "same"]


def publish(store: Store, workshop: Workshop) -> None:
    with store.change() as session:
        workshop_service.publish(session, session.get_one(Workshop, workshop.id), now=clock.now())


@pytest.mark.parametrize("status", ["CONFIRMED", "TENTATIVE", "CANCELLED", "NEEDS-ACTION"])
@pytest.mark.parametrize("summary", ["DACA", "Mujeres sin violencia", "Cancelado: DACA"])
def test_event_arrives_as_a_draft_whatever_it_says(
    config: Config, store: Store, furnished: Office, tmp_path: Path, status: str, summary: str
) -> None:
    event = ("UID:1@example.org", f"SUMMARY:{summary}", f"STATUS:{status}")
    at = ("DTSTART:20261206T000000Z", "DTEND:20261206T020000Z", "CATEGORIES:daca")
    answer = guess(config, tmp_path / "a.ics", calendar([*event, *at]))
    assert outcomes(answer) == ["new"]
    assert answer["rows"][0]["values"]["status"] == "draft"
    (workshop,) = workshops(store)
    assert (workshop.status, workshop.published_at) == (WorkshopStatus.DRAFT, None)
    assert outcomes(guess(config, tmp_path / "a.ics", calendar([*event, *at]))) == ["same"]
    assert workshops(store)[0].status is WorkshopStatus.DRAFT


def test_file_cancels_what_is_public_and_publishes_nothing_again(
    config: Config, store: Store, furnished: Office, tmp_path: Path
) -> None:
    def load(status: str) -> str:
        where = "LOCATION:Biblioteca de Pilsen"
        event = ("UID:1@example.org", "SUMMARY:DACA", where, f"STATUS:{status}")
        at = ("DTSTART:20261206T000000Z", "DTEND:20261206T020000Z")
        answer = guess(config, tmp_path / "a.ics", calendar([*event, *at]))
        return str(answer["rows"][0]["values"]["status"])

    load("CONFIRMED")
    (workshop,) = workshops(store)
    assert load("CANCELLED") == "draft", "nobody knows of it"
    publish(store, workshop)
    assert load("CONFIRMED") == "draft"
    assert load("CANCELLED") == "cancelled"
    assert workshops(store)[0].status is WorkshopStatus.CANCELLED
    load("CONFIRMED")
    assert workshops(store)[0].status is WorkshopStatus.CANCELLED, "staff decide it"


def test_change_that_would_notify_people_is_asked(
    config: Config, store: Store, key_store: KeyStore, furnished: Office, tmp_path: Path
) -> None:
    event = (
        "UID:1@example.org",
        "SUMMARY:DACA",
        "LOCATION:Biblioteca de Pilsen",
        "STATUS:CONFIRMED",
    )
    at = ("DTSTART:20261206T000000Z", "DTEND:20261206T020000Z")
    later = ("DTSTART:20261206T010000Z", "DTEND:20261206T030000Z")
    assert outcomes(guess(config, tmp_path / "a.ics", calendar([*event, *at]))) == ["new"]
    (workshop,) = workshops(store)
    assert (workshop.day, workshop.starts) == (date(2026, 12, 5), time(18))
    moved = guess(config, tmp_path / "a.ics", calendar([*event, *later]))
    assert outcomes(moved) == ["changed"]
    assert workshops(store)[0].starts == time(19)
    publish(store, workshop)
    seat(store, key_store, workshops(store)[0], contact=ContactMethod.EMAIL, address="a@b.example")
    answer = guess(config, tmp_path / "a.ics", calendar([*event, *at]))
    assert outcomes(answer) == ["asked"]
    assert "would be told" in answer["rows"][0]["reason"]
    assert workshops(store)[0].starts == time(19)


def test_workshop_made_otherwise_is_a_twin(
    config: Config, store: Store, furnished: Office, tmp_path: Path
) -> None:
    with store.change() as session:
        kind = session.scalars(sa.select(Kind).where(Kind.code == "daca")).one()
        venue = session.scalars(sa.select(Venue).where(Venue.name == "Biblioteca de Pilsen")).one()
        make_workshop(session, furnished, kind, venue=venue, day=date(2026, 12, 5), starts=time(18))
    answer = guess(config, tmp_path / "a.csv", *GOOD[:2])
    assert outcomes(answer) == ["asked"]
    assert "is it the same" in answer["rows"][0]["reason"]
    assert len(workshops(store)) == 1


def test_discreet_kind_hides_its_address(
    config: Config, store: Store, furnished: Office, tmp_path: Path
) -> None:
    row = "2026-12-05,18:00,Mujeres,,Casa Aztlán,20,publicado"
    assert outcomes(guess(config, tmp_path / "a.csv", HEAD, row)) == ["new"]
    assert workshops(store)[0].visibility is Visibility.APPROVED


def test_choice_of_a_column_is_remembered(
    config: Config, store: Store, furnished: Office, tmp_path: Path
) -> None:
    rows = ("Aaa,Bbb,Ccc,Ddd", "2026-12-05,18:00,DACA,40", "2026-12-06,18:00,DACA,40")
    assert guess(config, tmp_path / "a.csv", *rows, more=("--dry-run",))["columns"]["Ddd"] is None
    chosen = guess(config, tmp_path / "a.csv", *rows, more=("--column", "Ddd=capacity"))
    assert chosen["columns"]["Ddd"] == "capacity"
    again = guess(config, tmp_path / "a.csv", *rows)
    assert again["columns"] == {"Aaa": "day", "Bbb": "starts", "Ccc": "kind", "Ddd": "capacity"}
    assert outcomes(again) == ["same", "same"]


def test_order_of_day_and_month_is_answered_with_an_option(
    config: Config, store: Store, furnished: Office, tmp_path: Path
) -> None:
    rows = ("Fecha,Hora,Tipo", "5/12/26,18:00,DACA")
    assert outcomes(guess(config, tmp_path / "a.csv", *rows)) == ["asked"]
    more = ("--dates", "day-first")
    assert guess(config, tmp_path / "a.csv", *rows, more=more)["rows"][0]["values"]["day"] == (
        "2026-12-05"
    )


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (b"%PDF-1.7 x", ("--office", "chicago"), "a PDF"),
        (b"", ("--office", "chicago"), "empty"),
        (b"Fecha\n", (), "--office"),
        (b"Fecha\n", ("--office", "atlantida"), "no office"),
        (b"Fecha,Hora\n1,2\n", ("--office", "chicago", "--column", "X=day"), "no column"),
    ],
)
def test_file_that_cannot_be_read_ends_with_2(
    config: Config,
    store: Store,
    furnished: Office,
    tmp_path: Path,
    data: bytes,
    options: tuple[str, ...],
    message: str,
) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    done = run(config, "load", "workshops", path, "--guess", *options)
    assert done.exit_code == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_strict_command_stays_as_it_is(
    config: Config, store: Store, furnished: Office, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(lines(*GOOD))
    done = run(config, "load", "workshops", path)
    assert done.exit_code == 2
    assert run(config, "load", "workshops", path, "--format", "json").exit_code == 2
    assert workshops(store) == []


@pytest.mark.races
def test_rows_that_somebody_else_loaded_meanwhile_are_the_same(
    config: Config, store: Store, furnished: Office
) -> None:
    """Two people propose the same file before one of them loads it."""
    now = clock.now()
    with store.read() as session:
        office = offices.find(session, "chicago")
        source = conversation.read("a", lines(*GOOD[:3]))
        columns = conversation.guess_columns(session, office, source)
        first, second = (
            conversation.propose(session, office, source, columns, now=now) for _ in range(2)
        )
    assert loading.load(store, "chicago", first, now=now).loaded == 2
    assert loading.load(store, "chicago", second, now=now).loaded == 0
    assert [each.outcome.value for each in second] == ["same", "same"]
    assert len(workshops(store)) == 2


def test_change_of_a_workshop_in_the_second_of_two_equal_hours_does_not_move_it(
    config: Config, store: Store, furnished: Office, tmp_path: Path
) -> None:
    with store.change() as session:
        kind = session.scalars(sa.select(Kind).where(Kind.code == "daca")).one()
        day, starts, ends = date(2027, 11, 7), time(1, 30), time(3)
        hours = {"day": day, "starts": starts, "ends": ends, "is_second_hour": True}
        workshop = make_workshop(session, furnished, kind, status=WorkshopStatus.DRAFT, **hours)
        uid, starts_at = workshop.uid, workshop.starts_at
    assert starts_at == datetime(2027, 11, 7, 7, 30, tzinfo=UTC)
    event = (f"UID:taller-{uid}@talleres.example.org", "SUMMARY:DACA")
    at = ("DTSTART:20271107T073000Z", "DTEND:20271107T100000Z")
    assert outcomes(guess(config, tmp_path / "a.ics", calendar([*event, *at]))) == ["changed"]
    (workshop,) = workshops(store)
    assert (workshop.starts_at, workshop.ends) == (starts_at, time(4))


@pytest.mark.parametrize("title", ["=Sumar", "-5 kilos", "'Papeles", "''=Doble", "+ comida"])
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_our_own_file_keeps_a_title_that_is_like_a_formula(
    config: Config, store: Store, furnished: Office, tmp_path: Path, title: str, form: str
) -> None:
    with store.change() as session:
        kind = session.scalars(sa.select(Kind).where(Kind.code == "daca")).one()
        workshop = make_workshop(
            session, furnished, kind, title={"es": title}, status=WorkshopStatus.DRAFT
        )
        rows = [write.cells(workshop)]
    out = io.BytesIO()
    if form == "csv":
        out.write(write.to_csv(rows))
    else:
        write.to_xlsx(out, rows, ["Notas"], made_at=clock.now())
    answer = guess(config, tmp_path / f"a.{form}", out.getvalue())
    assert [each["values"]["title"] for each in answer["rows"]] == [title]
    assert outcomes(answer) == ["same"]
    assert workshops(store)[0].title == {"es": title}


@pytest.mark.parametrize(
    "name", ["Escuela 5 de Mayo", "Plaza 16 de Septiembre", "Biblioteca 20feb2", "Salón 10am30"]
)
def test_own_file_keeps_a_venue_whose_name_has_a_day(
    config: Config, store: Store, furnished: Office, tmp_path: Path, name: str
) -> None:
    with store.change() as session:
        kind = session.scalars(sa.select(Kind).where(Kind.code == "daca")).one()
        workshop = make_workshop(session, furnished, kind, title={"es": f"Charla en la {name}"})
        assert workshop.venue is not None
        workshop.venue.name = workshop.venue.address = name
        session.flush()
        content = write.to_csv([write.cells(workshop)])
    assert outcomes(guess(config, tmp_path / "a.csv", content)) == ["same"]


def test_sheet_has_venues_whose_names_have_days(
    config: Config, store: Store, furnished: Office, tmp_path: Path
) -> None:
    rows = (
        "Fecha,Hora,Tipo,Sede,Cupo",
        "2026-12-05,18:00,DACA,Escuela 5 de Mayo,30",
        "2026-12-06,18:00,DACA,Plaza 16 de Septiembre,30",
    )
    answer = guess(config, tmp_path / "a.csv", *rows)
    found = [(row["values"]["day"], row["values"]["venue"]) for row in answer["rows"]]
    assert found == [
        ("2026-12-05", "Escuela 5 de Mayo"),
        ("2026-12-06", "Plaza 16 de Septiembre"),
    ]


def test_own_file_is_known_by_an_id_with_ten_digits(
    config: Config, store: Store, furnished: Office, tmp_path: Path
) -> None:
    with store.change() as session:
        kind = session.scalars(sa.select(Kind).where(Kind.code == "daca")).one()
        workshop = make_workshop(session, furnished, kind)
        workshop.uid = "5CYR6C1933307909FQ35"
        session.flush()
        content = write.to_csv([write.cells(workshop)])
    assert outcomes(guess(config, tmp_path / "a.csv", content)) == ["same"]
