"""The API conforms to its OpenAPI document for generated requests: schemathesis with all of its
checks, through WSGI."""

from collections import Counter
from typing import Final

import pytest
import schemathesis
from flask import Flask
from schemathesis import engine
from schemathesis.config import SchemathesisConfig
from schemathesis.engine.events import NonFatalError, ScenarioFinished

from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.keystore import KeyStore
from outreach.web.api.routes import TABLE
from tests.support.open_data import furnish, log_a_month
from tests.support.public_urls import furnished

DOCUMENT: Final = "/api/v1/openapi.json"
# Schemathesis does not decompress bodies, and its database would leave files in the checkout.
GENERATION: Final = {"database": "none", "deterministic": True}
SETTINGS: Final = {"headers": {"Accept-Encoding": "identity"}}


@pytest.mark.thorough
@pytest.mark.parametrize("config", ["sqlite"], indirect=True)
def test_api_conforms_to_its_openapi_document(app: Flask, network: None) -> None:
    answers = check(app, SETTINGS | {"generation": GENERATION | {"max-examples": 3}})
    assert sum(answers.values()) > 150
    assert {status for _, status in answers} == {200, 204, 400, 404, 405}


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_api_conforms_to_its_document_in_long_runs(app: Flask, network: None, seed: int) -> None:
    settings = SETTINGS | {"generation": {"database": "none", "max-examples": 300}, "seed": seed}
    answers = check(app, settings)
    successful = {label for label, status in answers if status == 200}
    assert len(successful) == len(TABLE) - 1  # the document does not describe itself
    assert sum(answers.values()) > 3000


@pytest.fixture
def network(
    app: Flask,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    calgary: Office,
    rights: Kind,
    women: Kind,
) -> None:
    """Data for every route, with discreet and unlisted workshops."""
    furnish(store, chicago, calgary, rights)
    log_a_month(store, Month(2020, 1))  # the example of the document
    furnished(app, store, key_store, chicago, rights, women)


def check(app: Flask, settings: dict[str, object]) -> Counter[tuple[str, int]]:
    """How often each operation was answered with each status; fails on any failed check."""
    config = SchemathesisConfig.from_dict(settings)
    schema = schemathesis.openapi.from_wsgi(DOCUMENT, app, config=config)
    schema.validate()
    failures: list[str] = []
    answers: Counter[tuple[str, int]] = Counter()
    for event in engine.from_schema(schema).execute():
        if isinstance(event, NonFatalError):
            failures.append(str(event.info))
        elif isinstance(event, ScenarioFinished):
            recorder = event.recorder
            for case_id, interaction in recorder.interactions.items():
                assert interaction.response is not None
                label = recorder.cases[case_id].value.operation.label
                answers[label, interaction.response.status_code] += 1
            for case_id, checks in recorder.checks.items():
                case = recorder.cases[case_id].value
                failures += [
                    f"{case.method} {case.formatted_path} {case.query}: {check.failure_info}"
                    for check in checks
                    if check.failure_info is not None
                ]
    assert failures == []
    return answers
