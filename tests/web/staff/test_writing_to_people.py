"""Every action of staff that can write to people: the sheet before it, its words, not telling, undo
and folding. Each POST route of the policy table is in one of the tables below."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.scheduling import tours
from outreach.domain.scheduling.workshop_changes import WorkshopChange
from outreach.domain.workshops import Workshop, WorkshopStatus, series
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat
from tests.domain.registrations.test_change_notifications import StaffMember
from tests.domain.scheduling.test_tours import five_stops, list_stops
from tests.support.extension_scenes import SCENES
from tests.support.fixed_clock import fixed_clock
from tests.support.html_forms import fields
from tests.support.policy_table import SCOPES
from tests.support.staff_client import employ, signed_in_as, words
from tests.web.staff import test_notify_sheet as sheets
from tests.web.staff.test_notify_sheet import SHEET, Scene

pytestmark = pytest.mark.any_database("what a sheet says and what its buttons change")

# Routes that write to people in a way of their own, by what people are protected with.
WITH_A_PAGE_OF_ITS_OWN: Final = {
    "attendees.send_message": "sent only as the page has shown it, with to how many",
    "network.merge_venues": "the page says how many are told; the hold; undone for a day",
    "network.undo_merge": "the hold; tells what is true again only to who was told otherwise",
    "imports.load": "the preview names each workshop of which people are told; the hold",
    "attendees.resend": "letters that could not be delivered, to the same people, once more",
    "attendees.create": "the confirmation to the person who is on the phone",
    "call_centre.hold": "nobody is written to: the place has no contact yet",
    "call_centre.act_on_call": "the code, to the person who is on the phone; limits of S30",
    "call_centre.find_code": "the change to the person who is on the phone; frees a seat",
    "attendees.decide": "to one person, in answer to a call",
    "attendees.record_outcome": "a call is the message; an answer can free a seat for an offer",
    "attendees.record_call": "a call is the message; an answer can free a seat for an offer",
    "workshops.decide_doubtful": "seats are released after five minutes, in which it is undone",
    "workshops.undo_batch": "takes messages back; who was told already is told what is true again",
}
# Whose sheet, hold and undo have a test file of their own.
TESTED_ELSEWHERE: Final = {
    "bulletin.update": "tests/web/staff/test_mailing_sheet.py",
    "bulletin.decide_mail": "tests/web/staff/test_mailing_sheet.py",
    "bulletin.undo": "tests/web/staff/test_mailing_sheet.py",
    "months.remind": "tests/web/staff/test_mailing_sheet.py",
    "months.undo_reminders": "tests/web/staff/test_mailing_sheet.py",
    "roster.change_team": "tests/web/staff/test_roster.py",
    "roster.update_member": "tests/web/staff/test_roster.py",
    "attendees.decide_addresses": "tests/web/staff/test_approvals.py",
    "checkin.act_on_danger": "tests/web/staff/test_venue_danger.py",
    "imports.load_draft": "tests/web/staff/test_import_drafts.py",
    "imports.undo_draft_load": "tests/web/staff/test_import_drafts.py",
}
TO_STAFF_ONLY: Final = {
    "auth.accept_invitation", "auth.sign_in", "auth.sign_in_with_passkey", "auth.check_code",
    "auth.change_password", "auth.change_totp", "auth.print_recovery_codes", "auth.add_passkey",
    "auth.remove_passkey", "network.invite_staff", "network.update_staff",
    "network.disable_staff", "network.reset_staff", "network.invite_staff_again",
    "network.withdraw_invitation",
}  # fmt: skip
WRITES_TO_NOBODY: Final = {
    "auth.passkey_challenge": "makes a challenge",
    "auth.second_factor_challenge": "makes a challenge",
    "auth.new_passkey_challenge": "makes a challenge",
    "auth.confirm": "shows a factor again",
    "auth.end_session": "ends a session",
    "auth.rename_passkey": "names a key",
    "auth.change_language": "the language of one account",
    "auth.change_name": "a name for colleagues",
    "auth.download_recovery_codes": "a file for the staff member",
    "auth.sign_out": "ends a session",
    "auth.choose_letters": "which letters the staff member gets",
    "auth.switch_letters_off": "which letters the staff member gets",
    "calendar.save_view": "filters of the staff member",
    "calendar.delete_view": "filters of the staff member",
    "checkin.upload_events": "marks who came",
    "checkin.check_in": "marks who came",
    "checkin.manifest": "hands out the list of the door",
    "checkin.report_attendance": "a workshop that has begun",
    "dashboard.create_calendar": "a link for the staff member",
    "dashboard.revoke_calendar": "a link of the staff member",
    "imports.upload": "shows a preview",
    "imports.read_sheet": "keeps a draft, or the address of a calendar",
    "imports.change_calendar": "changes drafts that nobody knows, and no published workshop",
    "imports.choose_columns": "changes a draft",
    "imports.save_rows": "changes a draft",
    "imports.delete_draft": "deletes a draft",
    "dashboard.load_packaged": "new offices and kinds have no workshops",
    "workshops.create": "a new workshop has no people",
    "scheduling.create_month": "new workshops have no people",
    "scheduling.repeat": "new workshops have no people",
    "scheduling.duplicate": "a new workshop has no people",
    "workshops.publish": "a draft has no people",
    "workshops.update_texts": "texts are not what people have to know",
    "workshop_form.save_draft": "keeps what is typed",
    "workshop_form.discard_draft": "forgets what was typed",
    "workshop_form.show_preview": "shows what is typed",
    "workshop_form.delete_template": "forgets a template",
    "attendees.rename_message_text": "names a text of the office",
    "attendees.delete_message_text": "forgets a text of the office",
    "months.mark_complete": "a mark of the office",
    "months.update_figures": "figures",
    "months.close": "figures",
    "months.reopen": "figures",
    "tours.create": "a new tour has no people",
    "tours.publish": "drafts have no people",
    "tours.create_stop": "a new stop has no people",
    "tours.publish_stop": "drafts have no people",
    "network.create_venue": "a new venue has no workshops",
    "network.update_place_names": "names for the search",
    "network.create_partner": "a name on pages",
    "network.update_partner": "a name on pages",
    "network.create_speaker": "a name on pages",
    "network.update_speaker": "a name on pages",
    "roster.create_member": "a name for colleagues",
    "recordings.change_workshop_recordings": "a recording on a page",
    "recordings.change_kind_recordings": "a recording on pages",
    "recordings.change_line_recordings": "a recording of the phone line",
    "roster.update_feed": "a link on the screen",
    "network.record_advocate_review": "a note",
    "network.record_help_line": "a note",
    "months.set_release_calendar": "an hour of a page",
    "network.create_office": "a new office has no workshops",
    "network.update_office": "facts of workshops are their own",
    "network.create_kind": "a new kind has no workshops",
    "network.update_kind": "facts of workshops are their own",
    "attendees.create_certificate": "paper",
    "attendees.show_contact": "shows a contact",
    "search.search_posted": "reads",
    "search.find_by_code": "shows where somebody is registered",
    "search.find_by_contact": "shows where somebody is registered",
    "attendees.open_line": "shows a contact",
    "attendees.report": "a workshop that is over",
    "attendees.take_back_outcome": "a slip in the record of a call",
    "attendees.make_assisted_link": "a link on the screen",
}


class WritingScene(Scene):
    """The scene of the sheets, with a clock of its own for what the worker sends."""

    worker: StaffMember

    def send_due(self, duration: timedelta = UNDO_WINDOW) -> list[str]:
        """The letters to Rosa and to who waits, that leave within this time."""
        self.worker.letters.clear()
        self.worker.wait(duration)
        return [text for _address, text in self.worker.letters]


Act = Callable[..., TestResponse]
# What «No avisar» with a reason does: nobody is told, it is refused, or seats wait for a decision.
ALLOWED, REFUSED, OPEN = "allowed", "refused", "open"


@dataclass(frozen=True)
class Row:
    """An action: its route, how a form sends it, and what has to be there before."""

    route: str
    act: Act
    prepare: Callable[[WritingScene], None] = lambda _scene: None
    subject: str = "Cambio:"
    is_undone: bool = True  # in one act by «Deshacer»
    silence: str = ALLOWED


def reinstate(scene: WritingScene, **more: str) -> TestResponse:
    return scene.ana.post(f"{scene.path}/reactivar", **more)


def reinstate_stop(scene: WritingScene, **more: str) -> TestResponse:
    return scene.ana.post(f"{scene.stop_path}/reactivar", **more)


def change_series(scene: WritingScene, **more: str) -> TestResponse:
    with scene.store.read() as session:
        first = session.scalars(
            sa.select(Workshop.public_id).where(Workshop.external_id == "first of the series")
        ).one()
    path = f"/org/talleres/{first}/serie"
    return scene.ana.post(
        path, t=[scene.workshop.public_id], campos="", alcance="todas", dias="1", **more
    )


def open_seats(scene: WritingScene, **more: str) -> TestResponse:
    capacity = str(scene.workshop.capacity + 4)
    return scene.ana.post(f"{scene.path}/lugares", capacity=capacity, sure="yes", **more)


def decide(scene: WritingScene, **more: str) -> TestResponse:
    return scene.ana.post(f"{scene.path}/avisar", **more)


def fill_and_wait(scene: WritingScene) -> None:
    """The workshop is full, and Luz waits for a seat."""
    with scene.store.change() as session:
        workshop = session.get_one(Workshop, scene.workshop.id)
        workshop.overbooked, workshop.has_waiting_list = 0, True
        free = workshop.seats_left
    for people in [4] * (free // 4) + [1] * (free % 4):
        seat(scene.store, scene.key_store, scene.workshop, people=people)
    mail: dict[str, Any] = {"contact": ContactMethod.EMAIL, "address": "luz@example.org"}
    seat(scene.store, scene.key_store, scene.workshop, name="Luz", **mail)
    scene.worker.wait()


def make_series(scene: WritingScene) -> None:
    with scene.store.change() as session:
        workshop = session.get_one(Workshop, scene.workshop.id)
        workshop.series = series.find_or_create(session, workshop.office, "Ruta", is_joint=False)
        first = make_workshop(
            session, workshop.office, workshop.kind, series=workshop.series,
            day=workshop.day - timedelta(days=1), venue=workshop.venue,
        )  # fmt: skip
        first.external_id = "first of the series"


def cancelled_and_notified(scene: WritingScene) -> None:
    assert sheets.cancel(scene, aviso="avisar").status_code == 303
    assert len(scene.send_due()) == 1


def stop_cancelled_and_notified(scene: WritingScene) -> None:
    assert sheets.cancel_stop(scene, aviso="avisar").status_code == 303
    assert len(scene.send_due()) == 1


def edited_without_telling(scene: WritingScene) -> None:
    assert sheets.edit(scene, aviso="luego").status_code == 303


ACTIONS: Final = {
    "edit": Row("workshops.update", sheets.edit),
    "cancel": Row("workshops.cancel", sheets.cancel, subject="Se canceló:", silence=REFUSED),
    "reinstate": Row("workshops.reinstate", reinstate, cancelled_and_notified, subject=""),
    "move": Row("calendar.move", sheets.move),
    "move many": Row("workshops.bulk_apply", sheets.move_many),
    "cancel many": Row(
        "workshops.bulk_apply", sheets.cancel_many, subject="Se canceló:", silence=REFUSED
    ),
    "series": Row("workshops.update_series", change_series, make_series),
    "seats": Row("workshops.open_seats", open_seats, fill_and_wait, subject="", silence=OPEN),
    "decide": Row("workshops.decide", decide, edited_without_telling, is_undone=False),
    "venue": Row("network.update_venue", sheets.change_venue),
    "stop": Row("tours.update_stop", sheets.change_stop),
    "cancel stop": Row(
        "tours.cancel_stop", sheets.cancel_stop, subject="Se canceló:", silence=REFUSED
    ),
    "reinstate stop": Row(
        "tours.reinstate_stop", reinstate_stop, stop_cancelled_and_notified, subject=""
    ),
}
each_action = pytest.mark.parametrize("name", ACTIONS)


@pytest.fixture
def scene(
    app: Flask, store: Store, key_store: KeyStore, config: Config, chicago: Office, rights: Kind,
    women: Kind,
) -> WritingScene:  # fmt: skip
    route = five_stops(store, chicago)
    with store.read() as session:
        stop = list_stops(session, route)[2]
        workshop = next(
            each
            for each in tours.list_workshops(session, [stop.id])[stop.id]
            if not each.is_discreet
        )
    mail: dict[str, Any] = {"contact": ContactMethod.EMAIL, "address": "rosa@example.org"}
    rosa = seat(store, key_store, workshop, **mail)
    ana = signed_in_as(app, store, employ(store))
    made = WritingScene(ana, store, key_store, route, workshop, rosa)
    object.__setattr__(made, "worker", StaffMember(app, store, key_store, config))
    made.send_due()  # the confirmation
    return made


def test_each_post_of_staff_is_in_one_table() -> None:
    routes = {name.removeprefix("staff.") for name, method in SCOPES if method == "POST"}
    tables = [
        {row.route for row in ACTIONS.values()},
        set(WITH_A_PAGE_OF_ITS_OWN),
        set(TESTED_ELSEWHERE),
        TO_STAFF_ONLY,
        set(WRITES_TO_NOBODY),
        *(set(scene.staff_posts) for scene in SCENES),
    ]
    known = set[str]().union(*tables)
    assert routes - known == set(), "does it write to people? Say it in one of the tables"
    assert known - routes == set(), "routes that are gone"
    assert sum(map(len, tables)) == len(known), "in two tables"


def _facts(scene: WritingScene) -> tuple[object, ...]:
    now = scene.read()
    assert now.venue is not None
    return now.day, now.starts, now.status, now.venue.address, now.capacity


def _prepared(scene: WritingScene, name: str) -> Row:
    row = ACTIONS[name]
    row.prepare(scene)
    return row


def _subjects(page: TestResponse) -> Iterator[str]:
    for found in re.findall(r'class="letter" lang="(\w+)"><b>([^<]+)</b>', page.text):
        yield found[1]


@each_action
def test_sheet_is_shown_with_the_words_and_nothing_is_changed(
    scene: WritingScene, name: str
) -> None:
    row = _prepared(scene, name)
    before = _facts(scene)
    page = row.act(scene)
    text = words(page)
    assert page.status_code == 200
    assert SHEET in text
    assert "1 por correo: sale solo" in text or "1 registro de la lista de espera" in text
    shown = list(_subjects(page))
    assert len(shown) == 3, "in each language"
    assert shown[0].startswith(row.subject)
    assert "/r/" not in page.text, "no link of anybody"
    assert _facts(scene) == before
    assert scene.send_due(timedelta(hours=1)) == []


@fixed_clock  # an offer says until when, which may be an hour later a second after it was shown
@each_action
def test_letter_is_the_one_that_was_shown_and_leaves_after_the_hold(
    scene: WritingScene, name: str
) -> None:
    row = _prepared(scene, name)
    shown = next(_subjects(row.act(scene)))
    assert row.act(scene, aviso="avisar").status_code == 303
    scene.worker.now = clock.now()
    assert scene.send_due(UNDO_WINDOW - timedelta(seconds=30)) == []
    letters = scene.send_due(timedelta(minutes=1))
    assert [each.partition("\n")[0] for each in letters] == [shown]
    assert scene.send_due(timedelta(days=1)) == [], "told once"


@each_action
def test_deciding_later_tells_nobody_and_waits_on_today(scene: WritingScene, name: str) -> None:
    row = _prepared(scene, name)
    assert row.act(scene, aviso="luego").status_code == 303
    assert scene.send_due(timedelta(hours=1)) == []
    assert "Por avisar" in words(scene.ana.get("/org/"))


@each_action
def test_telling_nobody_needs_a_reason_and_is_withheld_where_people_must_know(
    scene: WritingScene, name: str
) -> None:
    row = _prepared(scene, name)
    before = _facts(scene)
    assert row.act(scene, aviso="no").status_code == 422
    assert _facts(scene) == before
    assert ("No avisar" in words(row.act(scene))) is (row.silence == ALLOWED)
    answer = row.act(scene, aviso="no", aviso_motivo="informed")
    assert answer.status_code == (422 if row.silence == REFUSED else 303)
    assert scene.send_due(timedelta(hours=1)) == []
    assert ("Por avisar" in words(scene.ana.get("/org/"))) is (row.silence == OPEN)


@pytest.mark.parametrize("name", [name for name, row in ACTIONS.items() if row.is_undone])
def test_undo_takes_the_change_and_its_letters_back(scene: WritingScene, name: str) -> None:
    row = _prepared(scene, name)
    before = _facts(scene)
    assert row.act(scene, aviso="avisar").status_code == 303
    assert _facts(scene) != before
    with scene.store.read() as session:
        latest = sa.select(WorkshopChange.batch).order_by(WorkshopChange.id.desc()).limit(1)
        batch = session.scalars(latest).one()
    answer = scene.ana.post(f"/org/deshacer/{batch}")
    assert answer.status_code in {200, 303}  # for many workshops it says each
    assert "No se pudo deshacer" not in words(answer)
    assert _facts(scene) == before
    assert scene.send_due(timedelta(hours=1)) == []


@each_action
def test_what_was_not_sent_yet_is_folded_into_one_letter(scene: WritingScene, name: str) -> None:
    row = _prepared(scene, name)
    assert row.act(scene, aviso="avisar").status_code == 303
    if scene.read().status is WorkshopStatus.CANCELLED:
        # Cancelled and reinstated within the hold: nobody is told.
        again = reinstate_stop if "stop" in name else reinstate
        assert again(scene, aviso="avisar").status_code == 303
        assert scene.send_due(timedelta(hours=1)) == []
        return
    path = f"{scene.path}/editar"
    filled = fields(scene.ana.get(path).text, path)
    changed: dict[str, Any] = {**filled, "starts": "09:05", "action": "save", "aviso": "avisar"}
    assert scene.ana.post(path, **changed).status_code == 303
    to_rosa = [text for text in scene.send_due(timedelta(hours=1)) if "9:05" in text]
    with scene.store.read() as session:
        rosa = session.get_one(Registration, scene.rosa.id)
        assert rosa.known_facts == rosa.workshop.facts, "she knows what is true"
    assert len(to_rosa) == (2 if name == "seats" else 1)
