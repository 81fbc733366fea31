"""An interpreter by phone, from another region: offered beside the languages, kept as a need."""

import pytest
from flask import Flask

from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import totals
from outreach.keystore import KeyStore
from tests.conftest import make_workshop
from tests.support.fixed_clock import fixed_clock
from tests.support.registration_forms import answers, everyone, send

pytestmark = [fixed_clock, pytest.mark.any_database]

NEED = "remote_interpreter"
WORDS = {
    "es": "Intérprete por teléfono, de otra región",
    "en": "Interpreter by phone, from another region",
    "fr": "Interprète par téléphone, d’une autre région",
}


def test_need_is_offered_where_there_are_interpreters(
    app: Flask, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        with_interpreter = make_workshop(session, chicago, rights, interpretation=Codes(["nah"]))
        without = make_workshop(session, chicago, rights)
    client = app.test_client()
    for lang, words in WORDS.items():
        assert words in client.get(f"/{lang}/t/{with_interpreter.public_id}/lugar").text
        assert words not in client.get(f"/{lang}/t/{without.public_id}/lugar").text
    typed = answers(app, with_interpreter, needs=["interpreter-nah", NEED])
    assert send(client, with_interpreter, typed).status_code == 303
    (registration,) = everyone(store)
    registrations.open_details(key_store, [registration])
    assert set(registration.needs) == {"interpreter-nah", NEED}
    with store.read() as session:
        counted = totals.read(session, with_interpreter.id)
    assert counted[totals.need_name(NEED)] == 1
    refused = send(client, without, answers(app, without, needs=[NEED]))
    assert refused.status_code == 422
    assert len(everyone(store)) == 1
