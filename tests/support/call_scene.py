"""An agent of the call centre at the fixed time: the forms that they send, and the worker."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.registrations import Registration
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.maintenance import scheduled_jobs
from outreach.web.forms import form_token
from tests.support import html_forms
from tests.support.fixed_clock import FIXED_NOW
from tests.support.staff_client import StaffClient, words

CALLS: Final = "/org/llamada"
BY_CODE: Final = "/org/llamada/codigo"


@dataclass
class CallScene:
    """A workshop of Chicago with three seats, an agent of the call centre and a worker."""

    app: Flask
    store: Store
    key_store: KeyStore
    config: Config
    agent: StaffClient
    workshop: Workshop

    def search(self, **query: str) -> TestResponse:
        return self.agent.get(CALLS, query_string={"donde": "Chicago", "personas": "2"} | query)

    def hold(self, workshop: Workshop | None = None, **fields: Any) -> TestResponse:
        """Presses the button of a date, on a page that has just been searched for."""
        asked = {key: fields.pop(key) for key in ("personas", "idioma", "llamada") if key in fields}
        form = html_forms.fields(self.search(**asked).text, CALLS)
        form.pop("workshop", None)
        public_id = (workshop or self.workshop).public_id
        return self.agent.post(CALLS, **({**form, "one": public_id} | fields))

    def held_call(self, workshop: Workshop | None = None, **fields: Any) -> str:
        """The address of a call in which a place has been held."""
        answer = self.hold(workshop, **fields)
        assert answer.status_code == 303, words(answer)
        return answer.headers["Location"].partition("?")[0]

    def do(self, call: str, action: str, **fields: str) -> TestResponse:
        return self.agent.post(call, do=action, party=self.parties()[-1].id, **fields)

    def open_publicly(self, code: str, name: str) -> TestResponse:
        """«Mi lugar», opened by its code and name on a page that somebody took a minute to fill."""
        with self.app.app_context():
            stamp = form_token.make("mi-registro", now=FIXED_NOW - timedelta(minutes=1))
        form = {"code": code, "name": name, "way": "code", "stamp": stamp, "website": ""}
        return self.app.test_client().post("/es/mi-registro", data=form)

    def parties(self) -> list[Registration]:
        """The registrations that are not erased, in the order in which they were made."""
        with self.store.read() as session:
            rows = session.scalars(
                sa.select(Registration)
                .where(Registration.key_id.is_not(None))
                .order_by(Registration.workshop_id, Registration.queue_number)
            ).all()
            for each in rows:
                assert each.workshop.public_id
                assert each.details is not None
            return list(rows)

    def seats_left(self, workshop: Workshop | None = None) -> int:
        with self.store.read() as session:
            return session.get_one(Workshop, (workshop or self.workshop).id).seats_left

    def work(self, now: datetime) -> int:
        return scheduled_jobs.end_calls(self.store, self.key_store, self.config, now=now)

    def actions(self) -> list[str]:
        with self.store.read() as session:
            return list(session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))
