"""A phone at the door, as it talks to the site: offline manifest and check-in events."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import time
from typing import Any, Final

from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.checkin import checkin
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import make_workshop
from tests.support.staff_client import StaffClient

TOMAS: Final = "tomas@example.org"


@dataclass
class Phone:
    """A downloaded manifest, and how the phone reports from it who came."""

    app: Flask
    public_id: str
    manifest: dict[str, Any]

    def tell(self, *marks: dict[str, Any], **headers: str) -> TestResponse:
        given = {"Authorization": f"Bearer {self.manifest['door_pass']}"} | headers
        return self.app.test_client().post(
            f"/org/puerta/{self.public_id}/llegadas", json={"marks": marks}, headers=given
        )

    def row(self, token: str) -> dict[str, Any]:
        ref = hashlib.sha256(f"puerta {token}".encode()).hexdigest()[:32]
        found: dict[str, Any] = next(each for each in self.manifest["rows"] if each["t"] == ref)
        return found

    def came(self, token: str, people: int = 1) -> dict[str, Any]:
        t = self.row(token)["t"]
        return {"id": secrets.token_hex(16), "do": "came", "t": t, "people": people}


def walk_in() -> dict[str, Any]:
    return {"id": secrets.token_hex(16), "do": "walk_in"}


def undo(mark: dict[str, Any]) -> dict[str, Any]:
    return {"id": mark["id"], "do": "undo"}


def held_today(store: Store, office: Office, kind: Kind, **changes: Any) -> Workshop:
    """A workshop that starts in the last minutes of today, so that it is never over."""
    today = clock.now().astimezone(office.zone).date()
    late = {"day": today, "starts": time(23, 58), "ends": time(23, 59)}
    with store.change() as session:
        return make_workshop(session, office, kind, **(late | changes))


def take_along(staff_client: StaffClient, workshop: Workshop) -> Phone:
    answer = staff_client.post(f"/org/puerta/{workshop.public_id}/paquete.json")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return Phone(staff_client.client.application, workshop.public_id, answer.get_json())


def token_of(store: Store, key_store: KeyStore, registration: Registration) -> str:
    with store.read() as session:
        there = session.get_one(Registration, registration.id)
        return registrations.derive_entry_token(registrations.get_key(key_store, there))


def counts(store: Store, workshop: Workshop) -> tuple[int, int]:
    with store.read() as session:
        there = session.get_one(Workshop, workshop.id)
        return checkin.count_arrived(session, there), there.walk_ins
