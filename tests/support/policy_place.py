"""Objects that the addresses of staff pages name, and which role the policy table refuses."""

from dataclasses import dataclass
from typing import Any, Final

from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, PERMISSIONS, Permission, Role
from outreach.domain.scheduling import calendar_links, import_drafts, tours
from outreach.domain.scheduling.tours import TourStopData
from outreach.domain.workshops.partners import Partner, PartnerKind, Speaker
from outreach.keystore import KeyStore
from tests.conftest import LONG_AGO, make_workshop, seat, tomorrow
from tests.support.extension_scenes import SCENES
from tests.support.policy_table import PERMISSIONS_NEEDED, SCOPES
from tests.support.roster import add_member
from tests.support.staff_client import StaffClient, employ

EMPTY_SHEET: Final[dict[str, Any]] = {"name": "enero.csv", "tables": [], "calendar": None}
EMPTY_LOAD: Final = {
    "batch": "B",
    "seal": "S",
    "loaded_at": "2026-11-27T18:00:00+00:00",
    "new": [],
    "changed": [],
    "is_undone": False,
}


@dataclass
class Place:
    """A workshop in Chicago with a registration, and the other objects that staff URLs name."""

    app: Flask
    store: Store
    url_values: dict[str, str]  # values of the URL parameters
    fields: dict[str, str]  # fields sent with every form

    @property
    def public_id(self) -> str:
        return self.url_values["public_id"]

    def path(self, endpoint: str) -> str:
        with self.app.test_request_context(base_url="http://localhost:8000"):
            rule = next(each for each in self.app.url_map.iter_rules(endpoint))
            url_values: dict[str, Any] = {name: self.url_values[name] for name in rule.arguments}
            return self.app.url_for(endpoint, **url_values).removeprefix("http://localhost:8000")

    def ask(self, staff_client: StaffClient, endpoint: str, method: str, **fields: str) -> int:
        if method == "GET":
            return staff_client.get(self.path(endpoint)).status_code
        return staff_client.post(self.path(endpoint), **(self.fields | fields)).status_code


def furnish(app: Flask, store: Store, key_store: KeyStore, chicago: Office, rights: Kind) -> Place:
    """Makes the objects; all belong to Chicago."""
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, day=tomorrow(chicago))
        office = session.merge(chicago, load=False)
        tour = tours.add(session, office, "Ruta del norte", "n", now=LONG_AGO)
        stop_data = TourStopData(
            day=workshop.day,
            starts=workshop.starts,
            ends=workshop.ends,
            city="Joliet",
            region="IL",
            venue=None,
            kinds=Codes([rights.code]),
        )
        stop = tours.add_stop(session, tour, stop_data, now=LONG_AGO)
        partner = Partner(
            office_id=chicago.id, name="Casa Sur", kind=PartnerKind.CIVIL_SOCIETY, is_shown=True
        )
        imported = import_drafts.save(
            session, office, "enero.csv", EMPTY_SHEET, {}, now=clock.now()
        )
        import_drafts.change(session, imported, answers={}, now=clock.now(), load=EMPTY_LOAD)
        calendar = calendar_links.add(
            session,
            office,
            public_id=calendar_links.make_id(),
            name="Agenda",
            sealed_address=b"",
            address_mark="",
            now=clock.now(),
        )
        speaker = Speaker(office_id=chicago.id, name="Lic. Mora", partner=partner, is_shown=False)
        session.add(speaker)
    assert workshop.venue is not None
    url_values = {
        "public_id": workshop.public_id,
        "month": "2020-01",
        "slug": "chicago",
        "tour_id": str(tour.id),
        "stop_id": str(stop.id),
        "code": "derechos",
        "organizer_id": str(employ(store, "luz@chicago.example.org")),
        "venue": str(workshop.venue.id),
        "partner": str(partner.id),
        "speaker": str(speaker.id),
        "member_id": str(add_member(store, key_store, chicago).id),
        "batch": "UNKNOWN",
        "draft_id": imported.public_id,
        "link_id": calendar.public_id,
        "view_id": "1",
        "call_id": "0" * 16,
        "ending": "csv",
        "listing": "oficinas",
        "form": "csv",
        "list_name": "talleres-sin-ponente",
    }
    for scene in SCENES:
        url_values |= scene.staff_parts(key_store) if scene.staff_parts else {}
    registration = seat(store, key_store, workshop).id
    return Place(app, store, url_values, {"registration": registration, "do": "undo"})


# In an import each row names its office (`tests/web/staff/test_imports.py`); a search for a person
# looks at all own offices (`tests/web/staff/test_person_search.py`).
NAMES_NO_OFFICE: Final = frozenset(
    {"staff.imports.upload", "staff.search.find_by_code", "staff.search.find_by_contact"}
)
OFFICE_SCOPES: Final = ("calgary", ALL_OFFICES, "chicago")  # all objects belong to Chicago


def refusal(page: tuple[str, str], role: Role, staff_office: str) -> int:
    """The status that the table expects: 404 for objects of another office, 403 for a missing
    permission, 0 if access is allowed."""
    scope, permission = SCOPES[page], PERMISSIONS_NEEDED.get(page)
    is_allowed = permission is None or permission in PERMISSIONS[role]
    sees_workshops = Permission.SEE in PERMISSIONS[role]
    if scope in {"signed-in", "half-signed-in"}:
        is_account = page[0].startswith("staff.auth.")
        leads_on = page[0] == "staff.dashboard.today" and staff_office == ALL_OFFICES
        return 0 if sees_workshops or is_account or leads_on else 403
    if scope == "chosen-office":  # the form names the office
        is_elsewhere = (
            staff_office == "calgary" and page[1] == "POST" and page[0] not in NAMES_NO_OFFICE
        )
        return 403 if not is_allowed else 404 if is_elsewhere else 0
    if scope == "network":
        return 0 if is_allowed and staff_office == ALL_OFFICES else 403
    is_known = sees_workshops and staff_office in {ALL_OFFICES, "chicago"}
    return (0 if is_allowed else 403) if is_known else 404
