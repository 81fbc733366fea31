"""A small network for the tests of the API, and helpers that request it."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach import keystore
from outreach.clock import Month
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.reporting import figures, months
from outreach.domain.workshops import DeliveryMode, Workshop
from outreach.reports import month_report
from outreach.signing import revision_log
from outreach.web.api.routes import TABLE
from outreach.web.api.serializers import ROOT
from tests.conftest import LONG_AGO, a_saturday, make_workshop

JANUARY: Final = date(2020, 1, 18)
LOGGED: Final = Month(2019, 12)


def furnish(store: Store, chicago: Office, calgary: Office, rights: Kind) -> dict[str, Workshop]:
    """A workshop next week, one in Calgary, one online, one of January 2020, and its figures."""
    with store.change() as session:
        workshops = {
            "plain": make_workshop(session, chicago, rights, day=a_saturday(), capacity=30),
            "far": make_workshop(session, calgary, rights, languages=Codes(["en", "fr"])),
            "online": make_workshop(
                session, chicago, rights, mode=DeliveryMode.VIDEO_CALL, venue=None
            ),
            "past": make_workshop(session, chicago, rights, day=JANUARY),
        }
        passports = figures.FigureSeries(
            code="pasaportes",
            position=1,
            label={"es": "Pasaportes expedidos", "en": "Passports issued"},
            unit="documentos",
            provided_by="Somebody",
        )
        session.add(passports)
        session.flush()
        session.add(
            figures.MonthlyFigure(
                month=202001,
                series="pasaportes",
                value=109_657,
                source="Nota informativa NI/No.06",
                entered_at=LONG_AGO,
            )
        )
    return workshops


def get_json(client: FlaskClient, path: str, **query: Any) -> Any:
    """The body of a successful response to a path of the API."""
    answer = client.get(ROOT + path, query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json


def listed_ids(client: FlaskClient, query: str = "") -> list[str]:
    """The ids of the first page of workshops."""
    answer = client.get(f"{ROOT}/workshops?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    return [each["id"] for each in answer.json["workshops"]]


def get_all_routes(client: FlaskClient, workshop: Workshop) -> Iterator[tuple[str, TestResponse]]:
    """The name of every route of the API, and its response for this workshop."""
    parts = {
        "slug": "chicago",
        "code": "derechos",
        "id": workshop.public_id,
        "month": "2020-01",
    }
    for route in TABLE:
        if route.name == "log":
            log_a_month(client.application.extensions["outreach_store"])
            parts["month"] = str(LOGGED)
        path = route.path.format(**{part.name: parts[part.name] for part in route.parts})
        yield route.name, client.get(ROOT + path)


def log_a_month(store: Store, month: Month = LOGGED) -> None:
    """An entry of the public log, which has no files here; once a month."""
    with store.change() as session:
        if months.find_latest_revision(session, month) is None:
            revision = month_report.close(session, month, now=LONG_AGO)
            key_store = keystore.of_session(session)
            revision_log.append(session, key_store, revision, {}, host="localhost", now=LONG_AGO)
