"""Loading offices, kinds of workshop and typed figures."""

import json
from pathlib import Path

import pytest

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network import kinds, offices
from outreach.domain.network.offices import Office
from outreach.domain.reporting import figures
from outreach.imports import DATA
from outreach.reports import series_wording
from tests.support.fixed_clock import fixed_clock
from tests.support.loading import done, run, table

pytestmark = [pytest.mark.any_database, fixed_clock]


def test_discreet_kind_keeps_its_public_code(config: Config, store: Store) -> None:
    done(run(config, "load", "kinds", DATA / "taxonomy.json"))
    with store.read() as session:
        before = {kind.code: kind.public_code for kind in kinds.list_kinds(session)}
    assert before["derechos"] == "derechos"
    assert len(before["mujeres"]) == 4
    assert before["mujeres"] != before["salud_mental"]
    done(run(config, "load", "kinds", DATA / "taxonomy.json"))
    with store.read() as session:
        assert {kind.code: kind.public_code for kind in kinds.list_kinds(session)} == before


def test_new_kind_is_placed_last(config: Config, store: Store, tmp_path: Path) -> None:
    done(run(config, "load", "kinds", DATA / "taxonomy.json"))
    found = json.loads((DATA / "taxonomy.json").read_text(encoding="utf-8"))
    new = found["kinds"][0] | {"code": "vivienda", "core": False}
    path = tmp_path / "new.json"
    path.write_text(json.dumps({"kinds": [new]}), encoding="utf-8")
    assert "1 new" in done(run(config, "load", "kinds", path)).stdout
    with store.read() as session:
        listed = [kind.code for kind in kinds.list_kinds(session)]
    assert listed == [kind["code"] for kind in found["kinds"]] + ["vivienda"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("code", "Con Espacios"),
        ("core", "sí"),
        ("name", {}),
        ("name", {"es": 5}),
        ("countries", ["MX"]),
        ("countries", [[]]),
        ("defaults.way", "ventana"),
        ("defaults.capacity", -1),
        ("defaults.minutes", "noventa"),
        ("defaults.venue_visibility", ["public"]),
        ("sign.colour", "azul"),
        ("defaults.party_limit", 21),
    ],
)
def test_wrong_value_of_a_kind_is_reported(
    config: Config, store: Store, tmp_path: Path, path: str, value: object
) -> None:
    found = json.loads((DATA / "taxonomy.json").read_text(encoding="utf-8"))
    *above, last = path.split(".")
    place = found["kinds"][1]
    for name in above:
        place = place[name]
    place[last] = value
    file = tmp_path / "kinds.json"
    file.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    result = run(config, "load", "kinds", file)
    assert result.exit_code == 2
    assert f"kinds[1].{path} " in result.stderr
    with store.read() as session:
        assert not kinds.list_kinds(session)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("wording.sentence", {"es": "La red expidió pasaportes."}),
        ("wording.sentence", {"es": 5}),
        ("wording.none", {"en": "None"}),
        ("wording.things", None),
        ("wording.things", {"en": {"other": "%(number)s passports"}}),
        ("wording.things", {"es": {"one": "%(number)s pasaporte"}}),
        ("wording.things", {"es": {"other": "pasaportes"}}),
        ("wording.things", {"es": {"other": "%(number)s pasaportes", "pocos": "%(number)s"}}),
        ("wording.parts", {"es": "Por materia"}),
    ],
)
def test_wrong_wording_of_a_series_is_reported(
    config: Config, store: Store, tmp_path: Path, path: str, value: object
) -> None:
    found = json.loads((DATA / "taxonomy.json").read_text(encoding="utf-8"))
    *above, last = path.split(".")
    place = found["figure_series"][0]
    for name in above:
        place = place[name]
    place[last] = value
    file = tmp_path / "kinds.json"
    file.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    result = run(config, "load", "kinds", file)
    assert result.exit_code == 2
    assert f"figure_series[0].{path} " in result.stderr


def test_wordings_of_series_and_topics_of_kinds_are_loaded(config: Config, store: Store) -> None:
    done(run(config, "load", "kinds", DATA / "taxonomy.json"))
    with store.read() as session:
        wordings = figures.list_wordings(session)
        topics = {each.code: each.topic for each in kinds.list_kinds(session)}
    wording = series_wording.from_json(wordings["documentacion.pasaportes"])
    assert [wording.say_things(n, "es") for n in (1, 2, 3_000_000)] == [
        "1 pasaporte", "2 pasaportes", "3,000,000 de pasaportes",
    ]  # fmt: skip
    assert wording.say_things(0, "fr") == "0 passeport"
    assert topics["daca"]["en"] == "for DACA youth"
    assert topics["salud"] == {}


@pytest.mark.parametrize(
    "text", ["[]", "{}", "{", '{"kinds": 5}', '{"kinds": [5, null]}', "[" * 9999, "1" * 5000]
)
def test_malformed_list_of_kinds_is_refused(
    config: Config, store: Store, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "kinds.json"
    path.write_text(text, encoding="utf-8")
    result = run(config, "load", "kinds", path)
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr


def test_wrong_values_of_offices_are_reported(config: Config, store: Store, tmp_path: Path) -> None:
    header = (
        "slug,name_es,kind,city,region,country,timezone,latitude,longitude,in_network_2020_01,"
        "opened,closed,email"
    )
    good = "chicago,Consulado,general_consulate,Chicago,IL,US,America/Chicago,41.8,-87.6,true,,,"
    lines = [
        header,
        good,
        "red,Consulado,x,Chicago,IL,US,America/Chicago,41.8,-87.6,true,,,",
        "a,Consulado,x,Chicago,IL,MX,America/Nada,norte,-187.6,quizá,ayer,,no es correo",
        "b,Consulado,x,Chicago,IL,US,America/Chicago,41.8,-87.6,true,2020-05-01,2020-04-01,",
        good,
    ]
    path = tmp_path / "offices.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    result = run(config, "load", "offices", path)
    assert result.exit_code == 2
    for start in (
        'line 3, slug "red"',
        'line 4, country "MX"',
        'line 4, timezone "America/Nada"',
        'line 4, latitude "norte"',
        'line 4, longitude "-187.6"',
        'line 4, in_network_2020_01 "quizá"',
        'line 4, opened "ayer"',
        'line 4, email "no es correo"',
        'line 5, closed "2020-04-01"',
        'line 6, slug "chicago"',
    ):
        assert start in result.stderr
    with store.read() as session:
        assert not offices.list_offices(session)


def test_figures_are_loaded_and_wrong_ones_reported(
    config: Config, store: Store, tmp_path: Path
) -> None:
    done(run(config, "load", "kinds", DATA / "taxonomy.json"))
    done(run(config, "load", "figures", DATA / "figures-2020-01.csv"))
    january = clock.Month(2020, 1)
    with store.read() as session:
        found = {
            series.code: figure.value for series, figure in figures.list_figures(session, january)
        }
    assert found["documentacion.pasaportes"] == 109_657
    assert len(found) == 6
    path = tmp_path / "figures.csv"
    path.write_text(
        "month,series,value,source\n"
        "2020-13,ciam.personas,1,SRE\n"
        "2020-02,ciam.perros,-1,SRE\n"
        "2020-02,talleres.total,164,SRE\n"
        "2020-02,ciam.personas,,\n",
        encoding="utf-8",
    )
    result = run(config, "load", "figures", path)
    assert result.exit_code == 2
    for start in (
        'line 2, month "2020-13"',
        'line 3, series "ciam.perros"',
        'line 3, value "-1"',
        'line 4, series "talleres.total"',
        'line 5, value ""',
        'line 5, source ""',
    ):
        assert start in result.stderr


def test_kind_of_another_country_is_refused(
    config: Config, store: Store, calgary: Office, tmp_path: Path
) -> None:
    done(run(config, "load", "kinds", DATA / "taxonomy.json"))
    path = table(tmp_path / "w.csv", {"office": "calgary", "kind": "daca"})
    result = run(config, "load", "workshops", path)
    assert 'line 2, kind "daca": is not given in the country of calgary' in result.stderr
