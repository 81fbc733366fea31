"""The open-data API: the content of its responses, and what they must not contain."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.newsletter import bulletins
from outreach.domain.reporting import figures, months, releases
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.i18n import translate
from outreach.keystore import KeyStore
from outreach.reports import bulletin_data as reports
from outreach.reports import month_report
from outreach.web.api import handlers
from outreach.web.api.routes import TABLE
from outreach.web.api.serializers import ROOT
from tests.conftest import LONG_AGO, make_workshop, seat, venue
from tests.support.canaries import plant
from tests.support.open_data import (
    JANUARY,
    furnish,
    get_all_routes,
    get_json,
    listed_ids,
    log_a_month,
)
from tests.support.public_urls import LANGUAGES

pytestmark = pytest.mark.any_database("the content of open data")

# For tests whose result does not depend on the database.
on_sqlite = pytest.mark.parametrize("config", ["sqlite"], indirect=True)
CANARY: Final = re.compile(r"canari|41[.,]1234|87[.,]1234|\bRosa\b|555 0199", re.IGNORECASE)


@pytest.fixture
def workshops(store: Store, chicago: Office, calgary: Office, rights: Kind) -> dict[str, Workshop]:
    return furnish(store, chicago, calgary, rights)


# Content of answers


def test_every_response_has_exactly_the_fields_of_its_schema(
    client: FlaskClient, workshops: dict[str, Workshop]
) -> None:
    types = {route.name: route.type for route in TABLE}
    for name, answer in get_all_routes(client, workshops["plain"]):
        assert answer.status_code == 200, name
        assert answer.mimetype == "application/json"
        body = msgspec.json.decode(answer.data, type=types[name])
        assert msgspec.json.encode(body) == answer.data, name  # no other fields


@on_sqlite
def test_openapi_document_lists_the_served_routes(app: Flask, client: FlaskClient) -> None:
    document = get_json(client, "/openapi.json")
    assert document["openapi"].startswith("3.1")
    served = {
        rule.rule.removeprefix(ROOT).replace("<", "{").replace(">", "}")
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(f"{ROOT}/") and "path:" not in rule.rule
    }
    assert set(document["paths"]) == served
    referenced = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert referenced == set(document["components"]["schemas"])


@on_sqlite
def test_openapi_document_names_licence_source_and_that_nobody_needs_a_key(
    make_app: Callable[..., Flask],
) -> None:
    client = make_app(data_licence="ODbL-1.0", controller="Red de pruebas").test_client()
    document = get_json(client, "/openapi.json")
    assert document["info"]["license"] == {"name": "ODbL-1.0", "identifier": "ODbL-1.0"}
    assert document["info"]["contact"]["name"] == "Red de pruebas"
    assert document["security"] == []
    assert "securitySchemes" not in document["components"]
    operations = [each for path in document["paths"].values() for each in path.values()]
    assert not [each for each in operations if "security" in each]


@on_sqlite
@pytest.mark.usefixtures("workshops")
def test_pages_of_data_name_licence_and_source(make_app: Callable[..., Flask]) -> None:
    named = make_app(data_licence="ODbL-1.0", controller="Red de pruebas").test_client()
    unnamed = make_app(brand="Talleres de aquí", controller="").test_client()
    for page in ("datos", f"cifras/{JANUARY:%Y-%m}"):
        for lang in LANGUAGES:
            words = translate("Licencia: %(name)s. Fuente: %(source)s.", lang)
            named_words = words % {"name": "ODbL-1.0", "source": "Red de pruebas"}
            assert named_words in named.get(f"/{lang}/{page}").text
        assert "Licencia: CC-BY-4.0. Fuente: Talleres de aquí." in unnamed.get(f"/es/{page}").text


@on_sqlite
def test_two_processes_write_the_same_bytes(
    client: FlaskClient, make_app: Callable[..., Flask], workshops: dict[str, Workshop]
) -> None:
    other = make_app().test_client()
    plain = workshops["plain"]
    for (name, first), (_, second) in zip(
        get_all_routes(client, plain), get_all_routes(other, plain), strict=True
    ):
        if name != "count":  # has the time of the count
            assert first.data == second.data, name
        assert first.headers["ETag"] == second.headers["ETag"], name


def test_workshop_has_three_languages_local_and_utc_times(
    client: FlaskClient, store: Store, calgary: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, calgary, rights, day=date(2027, 1, 21), ends=time(0, 30))
    body = get_json(client, f"/workshops/{workshop.public_id}")
    assert body["title"] == {
        "es": "Conoce tus derechos",
        "en": "Know your rights",
        "fr": "Vos droits",
    }
    assert body["when"] == {
        "day": "2027-01-21",
        "starts": "18:00",
        "last_day": "2027-01-22",
        "ends": "00:30",
        "zone": "America/Edmonton",
        "starts_at": "2027-01-22T00:00:00Z",
        "ends_at": "2027-01-22T06:30:00Z",
    }
    assert body["bring"] == {"es": "", "en": "", "fr": ""}
    assert body["links"]["calendar"]["fr"].endswith(f"/fr/t/{workshop.public_id}.ics")


@on_sqlite
def test_every_link_in_a_response_is_200(
    client: FlaskClient, workshops: dict[str, Workshop]
) -> None:
    links = set()
    for _, answer in get_all_routes(client, workshops["plain"]):
        links |= set(re.findall(r'"http://localhost:8000([^"{}]*)"', answer.text))
    links -= {ROOT, ""}
    assert len(links) > 30
    for link in links:
        assert client.get(link).status_code == 200, link


def test_seats_left_are_those_of_the_workshop_list(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        ways: dict[str, dict[str, Any]] = {
            "many": {"capacity": 11},
            "few": {"capacity": 10},
            "none": {"capacity": 0, "has_waiting_list": False},
            "walk in": {"way": Way.OPEN},
            "by phone": {"way": Way.PHONE},
            "later": {"opens_days": 2},
            "over": {"day": JANUARY},
        }
        by_name = {
            name: make_workshop(session, chicago, rights, **each) for name, each in ways.items()
        }
        workshop_service.cancel(session, make_workshop(session, chicago, rights), now=LONG_AGO)

    def seats(name: str) -> Any:
        return get_json(client, f"/workshops/{by_name[name].public_id}")["seats"]

    assert seats("many") == {"left": "many", "number": None, "has_waiting_list": True}
    assert seats("few") == {"left": "few", "number": 10, "has_waiting_list": True}
    assert seats("none") == {"left": "none", "number": 0, "has_waiting_list": False}
    assert {seats(name) for name in ("walk in", "by phone", "later", "over")} == {None}
    seat(store, key_store, by_name["many"])
    assert seats("many") == {"left": "few", "number": 10, "has_waiting_list": True}


def test_country_gives_its_workshops_in_the_api_and_in_feeds(
    client: FlaskClient, store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    with store.change() as session:
        here = make_workshop(session, chicago, rights)
        there = make_workshop(session, calgary, rights, venue=venue(session, calgary, region="AB"))
        online = make_workshop(session, calgary, rights, venue=None, mode=DeliveryMode.VIDEO_CALL)
    for typed, expected in (
        ("Canadá", [there, online]),
        ("canada", [there, online]),
        ("Estados Unidos", [here]),
        ("usa", [here]),
        ("CA", []),  # California
    ):
        ids = sorted(each.public_id for each in expected)
        uids = sorted(each.uid for each in expected)
        query = urlencode({"donde": typed})
        assert sorted(listed_ids(client, query)) == ids, typed
        feed = client.get(f"/es/cal/red.ics?{query}").text
        assert sorted(re.findall(r"UID:taller-(\w+)@", feed)) == uids, typed
    # One feed, whatever it was called; the page that builds it says the country's name.
    bodies = {
        client.get(f"/es/cal/red.ics?donde={each}").data for each in ("Canad%C3%A1", "canada")
    }
    assert len(bodies) == 1
    assert "Canadá" in client.get("/es/calendario?donde=canada").text
    assert client.get(f"{ROOT}/workshops?donde=Alemania").status_code == 404


# What answers omit


def test_api_has_no_discreet_unlisted_or_draft_workshop(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    with store.change() as session:
        hidden = [
            make_workshop(session, chicago, women),
            make_workshop(session, chicago, women, day=JANUARY),
            make_workshop(session, chicago, rights, way=Way.UNLISTED),
            make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT),
        ]
    for query in ("", "desde=2000-01-01", "donde=Chicago", "oficina=chicago&desde=2000-01-01"):
        assert listed_ids(client, query) == []
    for each in hidden:
        assert client.get(f"{ROOT}/workshops/{each.public_id}").status_code == 404
    # Counts include them.
    assert get_json(client, "/counts/2020-01")["by_kind"]["mujeres"] == 1
    assert get_json(client, "/kinds/mujeres")["is_discreet"] is True
    assert get_json(client, "/kinds/mujeres")["links"]["workshops"] is None


def test_discreet_kind_is_answered_like_an_unknown_one(
    client: FlaskClient, rights: Kind, women: Kind
) -> None:
    answers = {}
    for code in ("mujeres", "K7QX", "nada"):
        for other_kind in ("", "&tipo=derechos"):
            answer = client.get(f"{ROOT}/workshops?tipo={code}{other_kind}")
            answers[code, other_kind] = answer.status_code, answer.text.replace(code, "x")
    assert len(set(answers.values())) == 1
    assert next(iter(answers.values()))[0] == 404


def test_hidden_address_shows_only_its_city_and_no_personal_data(
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
) -> None:
    with store.change() as session:
        house = venue(
            session,
            chicago,
            name="Casa Canaria",
            address="Calle Canario 99",
            area="Zona Canaria",
            latitude=41.123456,
            longitude=-87.123456,
        )
        hidden = [
            make_workshop(
                session,
                chicago,
                rights,
                venue=house,
                visibility=visibility,
                facilitator="Lic. Canaria",
                phone="312 555 0199",
                online_url="https://sala.example/canario",
            )
            for visibility in Visibility
            if visibility is not Visibility.PUBLIC
        ]
    seat(store, key_store, hidden[0])
    body = get_json(client, "/workshops")["workshops"]
    assert [each["place"] for each in body] == 3 * [
        {
            "is_address_public": False,
            "name": None,
            "address": None,
            "city": "Chicago",
            "region": "IL",
            "latitude": None,
            "longitude": None,
            "is_step_free": None,
        }
    ]
    for name, answer in get_all_routes(client, hidden[0]):
        assert not CANARY.search(answer.text), name
    for typed in ("Casa Canaria", "Calle Canario 99", "Zona Canaria"):
        assert client.get(f"{ROOT}/workshops?donde={typed}").status_code == 404


def test_api_has_no_personal_data_of_registrations(
    app: Flask,
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    workshops: dict[str, Workshop],
) -> None:
    typed = {"name": "Flor Canaria", "contact": "email", "email": "flor@canaria.example"}
    flor = plant(app, client, store, key_store, workshops["plain"], **typed)
    for name, answer in get_all_routes(client, workshops["plain"]):
        assert not [needle for needle in flor.needles if needle in answer.data], name


# Numbers


def test_counts_match_the_figures_page(client: FlaskClient, workshops: dict[str, Workshop]) -> None:
    body, page = get_json(client, "/counts/2020-01"), client.get("/es/cifras/2020-01.json").json
    assert page is not None
    assert body | {"cut": page["cut"]} == page
    months = get_json(client, "/counts")
    assert months["months"][0]["month"] == "2020-01"
    assert len(months["rules"]) == 9
    assert months["rules"][0]["es"] == body["rules"][0]
    assert months["rules"][0]["en"] != body["rules"][0]


def test_bulletins_list_past_months_newest_first(
    client: FlaskClient, store: Store, workshops: dict[str, Workshop], chicago: Office, rights: Kind
) -> None:
    last = Month.from_day(clock.now().date()).plus(-2)
    with store.change() as session:
        make_workshop(session, chicago, rights, day=last.first)
    body = get_json(client, "/bulletins")
    assert [each["month"] for each in body["bulletins"]] == [str(last), "2020-01"]
    january = body["bulletins"][1]
    assert january == get_json(client, "/bulletins/2020-01")
    assert (january["state"], january["revision"], january["is_provisional"]) == ("open", 0, True)
    assert (january["total"], january["by_kind"][0]["total"]) == (1, 1)
    assert january["figures"] == get_json(client, "/figures/2020-01")["figures"]
    assert january["figures"][0]["label"]["fr"] == "Pasaportes expedidos"  # not translated yet
    assert "Somebody" not in json.dumps(body)
    first = get_json(client, "/bulletins", limit=1)
    following = client.get(first["next"]).json
    assert following is not None
    assert following["bulletins"] == [january]
    assert following["next"] is None
    this_month = client.get(f"{ROOT}/bulletins/{Month.from_day(clock.now().date())}")
    assert this_month.status_code == 404


def test_month_is_listed_from_the_day_of_its_bulletin(
    store: Store, workshops: dict[str, Workshop]
) -> None:
    with store.read() as session:
        for day, expected in ((3, []), (4, [Month(2020, 1)])):
            now = datetime(2020, 2, day, 12, tzinfo=UTC)
            embargo = releases.load_embargo(session, now)
            assert handlers.list_past_months(session, (), embargo=embargo) == expected, day


def test_month_has_the_edition_and_the_link_of_its_bulletin(
    client: FlaskClient, store: Store, workshops: dict[str, Workshop]
) -> None:
    def read_state() -> tuple[str, int | None]:
        """The state and edition of the month; checks that its page exists only if linked."""
        (found,) = get_json(client, "/bulletins")["bulletins"]
        assert found == get_json(client, "/bulletins/2020-01")
        pages = found["links"]["bulletin"]
        page = client.get("/es/boletin/2020-01")
        assert page.status_code == (404 if pages is None else 200)
        assert pages is None or pages["es"].endswith("/es/boletin/2020-01")
        return found["state"], found["edition"]

    assert read_state() == ("open", None)
    with store.change() as session:
        month_report.close(session, Month(2020, 1), now=clock.now())
    assert read_state() == ("closed", None)
    with store.change() as session:
        bulletins.begin(session, Month(2020, 1), now=clock.now())
    assert read_state() == ("closed", None), "a draft is not public"
    with store.change() as session:
        edition = bulletins.find(session, Month(2020, 1), 1)
        document = reports.document(session, Month(2020, 1), now=clock.now(), edition=edition)
        words = json.dumps(reports.as_json(document))
        bulletins.publish(session, edition, lambda _: words, version=1, now=clock.now())
    assert read_state() == ("closed", 1)


def test_listed_figure_months_are_those_with_figures(
    client: FlaskClient, store: Store, workshops: dict[str, Workshop]
) -> None:
    def listed_months() -> list[str]:
        found = [each["month"] for each in get_json(client, "/figures")["months"]]
        for month in ("2020-01", "2020-02"):
            status = client.get(f"{ROOT}/figures/{month}").status_code
            assert status == (200 if month in found else 404), month
        return found

    with store.change() as session:
        for month in (Month(2020, 1), Month(2020, 2)):
            month_report.close(session, month, now=clock.now())
        january = session.scalars(sa.select(figures.MonthlyFigure)).one()
        session.add(
            figures.MonthlyFigure(
                month=202002, series=january.series, value=1, source="x", entered_at=LONG_AGO
            )
        )
        session.delete(january)
    assert listed_months() == ["2020-01"], "a closed month has the figures of its revision"
    with store.change() as session:
        for month in (Month(2020, 1), Month(2020, 2)):
            months.reopen(session, month, "Tarde", organizer_id=None, now=clock.now())
    assert listed_months() == ["2020-02"], "a reopened month has the current figures"


def test_list_of_bulletins_runs_no_statement_per_month(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    def count_statements() -> int:
        statements: list[str] = []
        app_store: Store = client.application.extensions["outreach_store"]

        def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            statements.append(statement)

        sa.event.listen(app_store.engine, "before_cursor_execute", note)
        get_json(client, "/bulletins")
        sa.event.remove(app_store.engine, "before_cursor_execute", note)
        return len(statements)

    def add(*numbers: int) -> None:
        with store.change() as session:
            for number in numbers:
                make_workshop(session, chicago, rights, day=date(2025, number, 10))
                month_report.close(session, Month(2025, number), now=clock.now())

    add(1)
    of_one_month = count_statements()
    add(2, 3, 4, 5)
    assert count_statements() == of_one_month


# The page about open data


@on_sqlite
def test_open_data_page_lists_every_route(
    client: FlaskClient, store: Store, workshops: dict[str, Workshop]
) -> None:
    log_a_month(store)
    for lang in ("es", "en", "fr"):
        check_page(client, lang)


def check_page(client: FlaskClient, lang: str) -> None:
    page = client.get(f"/{lang}/datos").text
    for route in TABLE:
        assert f"<code>{ROOT}{route.path}</code>" in page
        assert translate(route.description, lang) in page
        for parameter in route.parameters:
            assert f"<b>{parameter.name}</b>" in page
    examples = re.findall(rf'href="({ROOT}[^"]*)"', page)
    assert len(examples) == len(TABLE) + 1  # two examples for the list of workshops
    for path in examples:
        assert client.get(path).status_code == 200, path
    assert f'href="/{lang}/datos"' in client.get(f"/{lang}/").text
    assert client.get(f"/{lang}/datos").headers["Cache-Control"] == "public, max-age=600"


def test_open_data_page_works_without_any_data(client: FlaskClient, store: Store) -> None:
    assert client.get("/es/datos").status_code == 200
    assert get_json(client, "/bulletins") == {"bulletins": [], "next": None}
    assert get_json(client, "/offices") == {"offices": []}
