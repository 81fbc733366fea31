"""Who of the staff sees names, needs, contacts and hidden addresses, and when: every route of the
staff, for every role, before, within and after the door's window (S22, S23).

The table states the policy independently. A new route is asked by itself; one whose address has a
part that is not known here fails the test.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

import outreach
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.disclosure import who_sees
from outreach.domain.disclosure.who_sees import TABLE, Moment, SeenField, Sight
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, PERMISSIONS, Permission, Role
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import make_workshop
from tests.support import disclosure_scene, html_forms
from tests.support.call_scene import CALLS
from tests.support.disclosure_scene import Canary, DisclosureScene
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.limits import UNLIMITED
from tests.support.staff_client import StaffClient, employ, signed_in_as, words
from tests.support.staff_mail import engage, serve_staff_mail, text_of

pytestmark = [pytest.mark.any_database, fixed_clock]

# Role, field, and what is seen before, within and after the door's window.
_POLICY: Final = """
admin      names           always always always
admin      lists           always always always
admin      discreet-lists  never  never  never
admin      needs           always always always
admin      contacts        acting acting acting
admin      address         always always always
lead       names           always always always
lead       lists           never  always never
lead       discreet-lists  never  never  never
lead       needs           always always always
lead       contacts        acting acting acting
lead       address         always always always
organizer  names           always always always
organizer  lists           never  always never
organizer  discreet-lists  never  never  never
organizer  needs           always always always
organizer  contacts        acting acting acting
organizer  address         always always always
door       names           never  always never
door       lists           never  always never
door       discreet-lists  never  never  never
door       needs           never  always never
door       contacts        never  never  never
door       address         never  always never
reader     names           never  never  never
reader     lists           never  never  never
reader     discreet-lists  never  never  never
reader     needs           never  never  never
reader     contacts        never  never  never
reader     address         never  never  never
caller     names           never  never  never
caller     lists           never  never  never
caller     discreet-lists  never  never  never
caller     needs           never  never  never
caller     contacts        never  never  never
caller     address         never  never  never
"""
_LINES: Final = [line.split() for line in _POLICY.strip().split("\n")]
POLICY: Final[Mapping[tuple[Role, str], Mapping[Moment, Sight]]] = {
    (Role(role), field): dict(zip(Moment, map(Sight, times), strict=True))
    for role, field, *times in _LINES
}
# Who sees least first: a guard that is gone is found soon.
ROLES: Final = (
    Role.READER,
    Role.DOOR,
    Role.CALLER,
    Role.ORGANIZER,
    Role.LEAD,
    Role.ADMIN,
)
# Where a role works; all objects are of Chicago.
OFFICES: Final[Mapping[Role, str]] = {
    Role.ADMIN: ALL_OFFICES,
    Role.LEAD: "chicago",
    Role.ORGANIZER: "chicago",
    Role.DOOR: "chicago",
    Role.READER: ALL_OFFICES,
    Role.CALLER: ALL_OFFICES,
}
# Query strings beside none, of pages that show more by them.
QUERIES: Final[Mapping[str, tuple[str, ...]]] = {
    "staff.workshops.detail": ("ver=espera", "ver=llamadas"),
    "staff.calendar.list_workshops": (
        *(
            f"vista={view}&dia={day}&mes={day[:7]}"
            for view in ("mes", "semana", "dia", "sedes")
            for day in ("2026-11-24", "2026-11-28", "2026-12-03")
        ),
        "vista=lista&desde=2026-11-01&hasta=2026-12-31&orden=sede",
    ),
    "staff.imports.export": ("mes=2026-11", "mes=2026-12", "anio=2026"),
    "staff.figures.figures_page": ("por=sede", "por=sede&tipo=mujeres"),
    "staff.figures.figures_file": ("por=sede&tabla=renglones", "tabla=apoyos"),
    "staff.search.search": ("q=2026-12-03", "q=derechos", "q=zorzal", "q=derechos&parte=1"),
    "staff.checkin.check_in_form": ("ver=todos", "ver=llegaron"),
    "staff.dashboard.checkins": ("ver=todos",),
    "staff.attendees.queue": tuple(f"ver={sort}" for sort in ("approve", "call", "letter")),
}
# Pages and answers about reaching people: a list of calls has a piece of each contact, and the
# answer to a look at one has it whole.
CALL_LISTS: Final = frozenset(
    {
        "staff.workshops.detail",  # its tab of calls
        "staff.attendees.queue",
        "staff.attendees.record_outcome",
        "staff.attendees.take_back_outcome",
        "staff.attendees.report",
        "staff.attendees.record_call",
        "staff.attendees.message_form",
        "staff.attendees.send_message",
    }
)
LOOKS: Final = frozenset({"staff.attendees.show_contact", "staff.attendees.open_line"})
# What ends the objects that other pages show is asked last.
LAST: Final = (
    "cancel", "delete", "undo", "reset", "disable", "withdraw", "merge", "update_staff", "discard",
    "danger", "publish", "revoke", "sign_out", "end_session", "change_", "load", "update_",
)  # fmt: skip


@pytest.fixture
def scene(
    make_app: Callable[..., Flask],
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    calgary: Office,
    rights: Kind,
    women: Kind,
) -> DisclosureScene:
    app = make_app(limits=UNLIMITED)
    return disclosure_scene.furnish(app, store, key_store, chicago, rights, women)


def test_table_is_the_policy() -> None:
    for role, field in POLICY:
        name = field.removeprefix("discreet-")
        times = TABLE[role].get_times(SeenField(name), is_discreet=field.startswith("discreet-"))
        assert {each: times.get_sight(each) for each in Moment} == POLICY[role, field], (
            role,
            field,
        )
    assert len(POLICY) == len(Role) * (len(SeenField) + 1)


def test_permissions_agree_with_the_table() -> None:
    """A role that may open pages with people sees them at some time, and no other one."""
    for role, knowledge in TABLE.items():
        for permission, times in (
            (Permission.PEOPLE, knowledge.names),
            (Permission.CONTACTS, knowledge.contacts),
        ):
            seen = {times.get_sight(each) for each in Moment} != {Sight.NEVER}
            assert seen == (permission in PERMISSIONS[role]), (role, permission)


def test_window_is_that_of_the_door(chicago: Office, rights: Kind, store: Store) -> None:
    """From the first instant of the day before to the last of the day after, at the venue."""
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    opens = workshop.starts_at.astimezone(workshop.zone).replace(hour=0, minute=0)
    opens -= timedelta(days=1)
    second = timedelta(seconds=1)
    for at, moment in (
        (opens - second, Moment.BEFORE),
        (opens, Moment.WITHIN),
        (opens + timedelta(days=3) - second, Moment.WITHIN),
        (opens + timedelta(days=3), Moment.AFTER),
    ):
        assert who_sees.find_moment(workshop, now=at) is moment, at


def test_people_are_decrypted_for_staff_in_one_place() -> None:
    """The modules of staff pages that read people themselves: the wall, and pages whose people are
    their own agent's typing or stay sealed."""
    allowed = {
        "common/disclosure.py",
        "checkin/checkin_offline.py",  # sealed for the phone of who shows their square
        "call_centre/code_page.py",  # needs the details of one party to change it
        "call_centre/held_page.py",
    }
    folder = Path(outreach.__file__).parent / "web/staff"
    readers = {"decrypt_people", "decrypt_person", "open_details"}
    found = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            of_registrations = (
                isinstance(node, ast.Attribute)
                and node.attr in readers
                and isinstance(node.value, ast.Name)
                and node.value.id == "registrations"
            )
            if of_registrations:
                found.add(str(file.relative_to(folder)))
    assert found == allowed


@pytest.mark.parametrize("role", ROLES)
def test_every_page_shows_what_the_table_permits(scene: DisclosureScene, role: Role) -> None:
    """And all pages together show all of it."""
    walk = Walk(scene, role)
    for rule in walk.rules("GET"):
        for path in walk.paths(rule):
            for query in ("", *QUERIES.get(rule.endpoint, ())):
                answer = walk.client.get(f"{path}?{query}" if query else path)
                walk.check(rule, answer)
    listed = {each for each in walk.permitted if each.is_listed}
    assert listed <= walk.seen <= walk.permitted


@pytest.mark.parametrize("role", ROLES)
def test_every_answer_to_a_form_shows_what_the_table_permits(
    scene: DisclosureScene, role: Role
) -> None:
    walk = Walk(scene, role)
    for rule in walk.rules("POST"):
        for path in walk.paths(rule):
            for form in walk.forms(rule, path):
                answer = walk.client.post(path, **form)
                walk.check(rule, answer, form)
                if answer.status_code == 303 and answer.headers["Location"].startswith("/org/"):
                    address = answer.headers["Location"].partition("#")[0]
                    walk.check(rule, walk.client.get(address), form)
    walk.require_looks()


class Walk:
    """A staff member who opens everything."""

    def __init__(self, scene: DisclosureScene, role: Role) -> None:
        self.scene, self.role = scene, role
        organizer_id = employ(scene.store, f"{role}@example.org", role, OFFICES[role])
        self.token = scene.token_for(organizer_id)
        self.client: StaffClient = signed_in_as(scene.app, scene.store, organizer_id)
        self.seen: set[Canary] = set()
        self.looks: set[Canary] = set()

    @property
    def permitted(self) -> set[Canary]:
        """What pages show of their own accord."""
        return {each for each in self.scene.canaries if self._may_list(each)}

    def rules(self, method: str) -> list[Rule]:
        """Every route that reads the session, with what ends things last."""
        found = [
            rule
            for rule in self.scene.app.url_map.iter_rules()
            if rule.rule.startswith(("/org", "/q/")) and method in (rule.methods or set())
        ]
        return sorted(found, key=lambda rule: any(word in rule.endpoint for word in LAST))

    def paths(self, rule: Rule) -> Iterator[str]:
        is_feed = rule.endpoint == "staff.dashboard.calendar_feed"
        return self.scene.paths(rule, **({"token": self.token} if is_feed else {}))

    def forms(self, rule: Rule, path: str) -> list[dict[str, Any]]:
        """What is sent: of each person that the address is about, and of everybody where it is
        about none."""
        endpoint = rule.endpoint.removeprefix("staff.")
        parties = next(
            (each for public_id, each in self.scene.parties.items() if public_id in path), []
        )
        if endpoint in {"search.find_by_code", "call_centre.find_code"}:
            # In small letters, since the page shows what was typed.
            return [
                {"code": each.door_code, "name": self.scene.names[each.id].lower()}
                for listed in self.scene.parties.values()
                for each in listed
            ]
        if endpoint == "search.find_by_contact":
            reason = "Llamó para preguntar"
            return [{"contact": each, "reason": reason} for each in self.scene.contacts.values()]
        if endpoint == "checkin.check_in":
            shown = [{"do": "find", "q": "a"}, {"do": "more", "tab": "todos"}]
            return [*shown, *({"do": "arrived", "registration": each.id} for each in parties)]
        if endpoint == "attendees.show_contact":
            tabs = ("lugar", "espera", "llamadas")
            return [{"registration": each.id, "tab": tab} for each in parties for tab in tabs]
        plain = self.scene.fields | {"office": "chicago", "oficina": "chicago"}
        return [plain, *(plain | {"registration": each.id} for each in parties)]

    def check(
        self, rule: Rule, answer: TestResponse, form: Mapping[str, Any] | None = None
    ) -> None:
        """Fails where the response has more than the table permits."""
        assert answer.status_code < 500, (rule.rule, form)
        found = self.scene.find(answer)
        more = {each for each in found if not self._may_show(each, rule, form or {})}
        assert not more, f"{self.role} {answer.request.full_path} {form}: {more}"
        self.seen |= {each for each in found if self._may_list(each)}
        self.looks |= {each for each in found if each.field is SeenField.CONTACTS}

    def require_looks(self) -> None:
        """Contacts are seen where one asks for each, by who may."""
        whole = {
            each
            for each in self.scene.canaries
            if each.field is SeenField.CONTACTS and each.is_whole
        }
        may_act = POLICY[self.role, "contacts"][Moment.WITHIN] is Sight.ACTING
        seen = {each.moment for each in self.looks & whole}
        assert seen == (set(Moment) if may_act else set())

    def _may_list(self, canary: Canary) -> bool:
        return POLICY[self.role, canary.field][canary.moment] is Sight.ALWAYS

    def _may_show(self, canary: Canary, rule: Rule, form: Mapping[str, Any]) -> bool:
        if self._may_list(canary):
            return True
        if POLICY[self.role, canary.field][canary.moment] is not Sight.ACTING:
            return False
        if not canary.is_whole:
            return rule.endpoint in CALL_LISTS | LOOKS
        asked = self.scene.contacts.get(form.get("registration", ""), "")
        return rule.endpoint in LOOKS and canary.text in asked


@pytest.mark.parametrize("role", [Role.DOOR, Role.READER])
def test_hidden_venue_is_not_found_by_its_words(scene: DisclosureScene, role: Role) -> None:
    """Nor by its filter, whatever is typed; who organizes finds it."""
    workshop = scene.workshops[Moment.BEFORE, True]
    staff_member = sign_in(scene, role)
    ana = sign_in(scene, Role.ORGANIZER)
    days = "desde=2026-11-01&hasta=2026-12-31"
    for path in (
        "/org/buscar?q=zorzalant",
        "/org/buscar?q=quimeraant",
        "/org/buscar?q=2026-12-03 zorzalant",
        f"/org/talleres?texto=zorzalant&{days}",
        f"/org/talleres?sede={workshop.venue_id}&{days}",
        f"/org/talleres?vista=sedes&sede={workshop.venue_id}&dia=2026-12-03",
    ):
        link = f'href="/org/talleres/{workshop.public_id}"'
        assert link not in staff_member.get(path).text, path
        if "quimera" not in path:
            assert link in ana.get(path).text, path


def test_clash_does_not_tell_a_hidden_venue_by_a_public_one(
    scene: DisclosureScene, chicago: Office, rights: Kind
) -> None:
    hidden = scene.workshops[Moment.BEFORE, True]
    with scene.store.change() as session:
        found = session.get_one(Workshop, hidden.id)
        make_workshop(session, chicago, rights, day=found.day, venue=found.venue)
    path = f"/org/talleres?vista=semana&dia={hidden.day}"
    assert "Choques" in words(sign_in(scene, Role.ORGANIZER).get(path))
    assert "Choques" not in words(sign_in(scene, Role.READER).get(path))


def test_door_closes_for_its_role_at_the_end_of_the_day_after(scene: DisclosureScene) -> None:
    tomas, ana = sign_in(scene, Role.DOOR), sign_in(scene, Role.ORGANIZER)
    workshop = scene.workshops[Moment.AFTER, False]
    rosa = scene.parties[workshop.public_id][0]
    door = f"/org/talleres/{workshop.public_id}/entrada"
    for answer in (
        tomas.get(door),
        tomas.post(door, do="arrived", registration=rosa.id),
        tomas.post(door, do="find", q="canaria"),
        tomas.get(f"/org/talleres/{workshop.public_id}/lista.pdf"),
        ana.get(f"/org/talleres/{workshop.public_id}/lista.pdf"),
    ):
        assert answer.status_code == 409
        assert "La lista de la entrada ya se cerró" in words(answer)
    page = tomas.get(f"/org/talleres/{workshop.public_id}")
    assert "ya se cerró" in words(page)
    assert "/entrada" not in page.text.partition("<main")[2]
    assert ana.get(f"{door}?ver=todos").status_code == 200
    assert ana.post(door, do="arrived", registration=rosa.id).status_code == 303


def test_square_of_a_person_opens_in_the_window_only(scene: DisclosureScene) -> None:
    tomas = sign_in(scene, Role.DOOR)
    squares = [f"/q/{token}" for token in scene.values["token"]]
    statuses = [tomas.get(each).status_code for each in squares]
    assert statuses.count(200) == 6  # those of two workshops
    assert statuses.count(409) == len(squares) - 6
    marked = [tomas.post(each, do="arrived").status_code for each in squares]
    assert marked.count(409) == statuses.count(409)


def test_code_tells_the_door_a_name_in_the_window_only(scene: DisclosureScene) -> None:
    """Of a discreet workshop never."""
    tomas = sign_in(scene, Role.DOOR)
    for (moment, is_discreet), workshop in scene.workshops.items():
        rosa = scene.parties[workshop.public_id][0]
        page = words(tomas.post("/org/buscar/codigo", code=rosa.door_code))
        is_seen = moment is Moment.WITHIN and not is_discreet
        assert (scene.names[rosa.id] in page) == is_seen, (moment, is_discreet)


def test_call_centre_says_where_a_hidden_address_is_read(scene: DisclosureScene) -> None:
    """It does not see it; who administers the network does, and says it."""
    workshop = scene.workshops[Moment.BEFORE, False]
    with scene.store.change() as session:
        session.get_one(Workshop, workshop.id).capacity = 20
        session.get_one(Workshop, workshop.id).seats_left = 18
    for role, is_seen in ((Role.CALLER, False), (Role.ADMIN, True)):
        agent = sign_in(scene, role)
        form = html_forms.fields(agent.get("/org/llamada?donde=Chicago&personas=2").text, CALLS)
        form.pop("workshop", None)
        held = agent.post(CALLS, **{**form, "one": workshop.public_id})
        page = agent.get(held.headers["Location"])
        assert ("417 Vereda QuimeraantO" in words(page)) == is_seen
        assert ("La dirección no se dice por teléfono." in words(page)) != is_seen
        rosa = scene.parties[workshop.public_id][0]
        opened = agent.post(f"{CALLS}/codigo", code=rosa.door_code, name="canaria1anto")
        assert "1 persona" in words(opened)
        assert ("417 Vereda QuimeraantO" in words(opened)) == is_seen


def test_letters_to_staff_have_nothing_of_people_or_places(
    scene: DisclosureScene, config: Config
) -> None:
    """The digest of who organizes, of the day on which something waits."""
    engage(scene.store, "ana@example.org", Role.ORGANIZER)
    engage(scene.store, "tomas@example.org", Role.DOOR)
    with serve_staff_mail(scene.app, scene.store, scene.key_store, config) as mail:
        mail.digests(FIXED_NOW)
        mail.alerts(FIXED_NOW)
        letters = [text_of(each) for each in mail.postman.letters]
    assert letters
    for canary in scene.canaries:
        assert not any(canary.text in letter for letter in letters), canary


def sign_in(scene: DisclosureScene, role: Role) -> StaffClient:
    staff_id = employ(scene.store, f"{role}.{role}@example.org", role, OFFICES[role])
    return signed_in_as(scene.app, scene.store, staff_id)
