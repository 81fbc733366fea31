"""Two organizers of one office at the pages of the same workshops: each acts on the page that they
opened, however old it is; people, messages and the worker are those of `notification_world`.

A model has what the accepted changes made of each workshop. An answer that refuses a change has to
name its cause, and the cause has to be true.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
import time_machine
from werkzeug.test import TestResponse

from outreach.domain.registrations import Registration
from outreach.domain.registrations.change_notifications import NotifyMode
from outreach.domain.registrations.message_types import CHANGE_TYPES
from outreach.domain.registrations.models import STATUSES_WITH_SEATS
from outreach.domain.registrations.notifications import Notification
from outreach.domain.scheduling.workshop_changes import WorkshopChange
from outreach.domain.workshops import Workshop
from tests.support.html_forms import fields
from tests.support.notification_world import FIRST_DAY, NotificationWorld, State
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

SHEET: Final = "¿A quién le avisamos?"
OVERTAKEN: Final = "Alguien más cambió este taller"
SEATS_TAKEN: Final = "lugares apartados. Pon"
MUST_NOTIFY: Final = "Faltan menos de 7 días: hay que avisar"
IS_CANCELLED: Final = "Está cancelado."
ONLY_PUBLISHED: Final = "Solo se cancela un taller publicado."
NOT_CANCELLED: Final = "Este taller no está cancelado."
IN_THE_PAST: Final = "Quedaría en una fecha que ya pasó."
UNDO_EDITED: Final = "alguien lo cambió después"
UNDO_NOTIFIED: Final = "ya salieron avisos"
UNDO_REGISTERED: Final = "alguien apartó lugar después"
UNDO_LATE: Final = "Ya no se puede deshacer."
SESSION: Final = timedelta(minutes=20)


class WorkshopFacts(NamedTuple):
    """What the model follows of a workshop."""

    day: date
    starts: time
    ends: time
    capacity: int
    is_cancelled: bool


@dataclass(frozen=True)
class OpenPage:
    """A page that an organizer has open: what its form sends, and what was stored at that time."""

    index: int
    path: str
    form: Mapping[str, Any]
    version: int  # SEQUENCE
    facts: WorkshopFacts
    to: WorkshopFacts | None = None  # what the sheet of messages asks about


@dataclass
class Editor:
    """An organizer: a session, and the pages that they have open, by address."""

    name: str
    account: int
    client: StaffClient
    signed_in_at: datetime
    pages: dict[str, OpenPage] = field(default_factory=dict)
    sheet: OpenPage | None = None


@dataclass(frozen=True)
class MadeChange:
    """An accepted change, and what people knew before."""

    batch: str
    index: int
    made_at: datetime
    before: WorkshopFacts
    after: WorkshopFacts
    known: Mapping[str, State]  # by id of registration

    @property
    def names(self) -> list[str]:
        """The fields that it changed."""
        before, after = self.before._asdict(), self.after._asdict()
        return [name for name in before if before[name] != after[name]]


class EditorsWorld(NotificationWorld):
    """`facts` is the model; every step compares it with the database."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.editors = [self._employ(name) for name in ("ana", "luz")]
        self.facts = {index: self.read_facts(index) for index in range(2)}
        self.versions = {index: self.read(index).sequence for index in range(2)}
        self.changes: list[MadeChange] = []

    def _employ(self, name: str) -> Editor:
        account = employ(self.store, f"{name}.{secrets.token_hex(4)}@example.org")
        with time_machine.travel(self.now, tick=False):
            client = signed_in_as(self.app, self.store, account)
        return Editor(name, account, client, self.now)

    @contextmanager
    def _at_page(self, editor: Editor) -> Iterator[StaffClient]:
        """The clock of the pages is that of the world, and the session has not ended."""
        with time_machine.travel(self.now, tick=False):
            if self.now - editor.signed_in_at > SESSION:
                editor.client = signed_in_as(self.app, self.store, editor.account)
                editor.signed_in_at = self.now
                editor.sheet = editor.sheet and self._sign(editor.sheet, editor.client)
            yield editor.client

    @staticmethod
    def _sign(page: OpenPage, client: StaffClient) -> OpenPage:
        return _with_fields(page, token=client.form_token)

    def read_facts(self, index: int) -> WorkshopFacts:
        stored = self.read(index)
        return WorkshopFacts(
            stored.day, stored.starts, stored.ends, stored.capacity, stored.is_cancelled
        )

    # What organizers do

    def look(self, number: int, index: int, form: str) -> None:
        """Opens the page with that form: `mover`, `editar` or `cancelar`."""
        editor = self.editors[number]
        path = f"/org/talleres/{self.read(index).public_id}/{form}"
        with self._at_page(editor) as client:
            answer = client.get(path)
        text = answer.text
        if f'action="{path}"' not in text:  # nothing to cancel
            assert self.facts[index].is_cancelled, self.say(f"no form at {path}")
            editor.pages.pop(path, None)
            return
        editor.pages[path] = OpenPage(
            index, path, fields(text, path), self.read(index).sequence, self.facts[index]
        )
        self.log.append(f"{editor.name} looks at {form} of {index}")

    def move(self, number: int, index: int, mode: NotifyMode | None, **to: Any) -> None:
        """Drags the workshop, or pulls its end. `mode`: what is chosen on the sheet; None: the
        sheet stays open."""
        page = self._open(number, index, "mover")
        if page is None:
            return
        asked = page.facts._replace(**to)
        form = _with_fields(
            page, dia=str(asked.day), hora=f"{asked.starts:%H:%M}", hasta=f"{asked.ends:%H:%M}"
        )
        self._send(number, form, asked, mode)

    def edit(self, number: int, index: int, mode: NotifyMode | None, **to: Any) -> None:
        page = self._open(number, index, "editar")
        if page is None:
            return
        asked = page.facts._replace(**to)
        form = _with_fields(
            page, action="save", day=str(asked.day), starts=f"{asked.starts:%H:%M}",
            ends=f"{asked.ends:%H:%M}", capacity=str(asked.capacity),
        )  # fmt: skip
        self._send(number, form, asked, mode)

    def cancel(self, number: int, index: int, mode: NotifyMode | None) -> None:
        page = self._open(number, index, "cancelar")
        if page is not None:
            form = _with_fields(page, reason="few")
            self._send(number, form, page.facts._replace(is_cancelled=True), mode)

    def reinstate(self, number: int, index: int, mode: NotifyMode | None) -> None:
        """A button of a page that says no hour: it is sent without one."""
        path = f"/org/talleres/{self.read(index).public_id}/reactivar"
        page = OpenPage(index, path, {}, self.read(index).sequence, self.facts[index])
        self._send(number, page, page.facts._replace(is_cancelled=False), mode)

    def answer_sheet(self, number: int, mode: NotifyMode) -> None:
        """Chooses on a sheet that has been open for a while."""
        sheet = self.editors[number].sheet
        if sheet is not None and sheet.to is not None:
            self._decide(number, sheet, sheet.to, mode)

    def _open(self, number: int, index: int, form: str) -> OpenPage | None:
        """The page as the organizer opened it, some time ago or now."""
        path = f"/org/talleres/{self.read(index).public_id}/{form}"
        if path not in self.editors[number].pages:
            self.look(number, index, form)
        return self.editors[number].pages.pop(path, None)

    def _send(
        self, number: int, page: OpenPage, to: WorkshopFacts, mode: NotifyMode | None
    ) -> None:
        answer = self._post(number, page, to)
        if answer is None:
            return
        sheet = OpenPage(
            page.index, page.path, fields(answer.text, page.path), page.version, page.facts, to
        )
        if mode is None:
            self.editors[number].sheet = sheet
        else:
            self._decide(number, sheet, to, mode)

    def _decide(self, number: int, sheet: OpenPage, to: WorkshopFacts, mode: NotifyMode) -> None:
        self.editors[number].sheet = None
        chosen = _with_fields(sheet, aviso=mode.value)
        if mode is NotifyMode.NOBODY:
            chosen = _with_fields(chosen, aviso_motivo="informed")
        self.log.append(f"  {mode.value}:")
        again = self._post(number, chosen, to)
        assert again is None, self.say("the sheet asks again")

    def _post(self, number: int, page: OpenPage, to: WorkshopFacts) -> TestResponse | None:
        """Sends a form and judges the answer; returns it where it is the sheet of messages."""
        editor, index = self.editors[number], page.index
        before, version = self.facts[index], self.read(index).sequence
        known = {each.registration_id: each.known for each in self.people.values()}
        with self._at_page(editor) as client:
            answer = client.post(page.path, **{**page.form, "token": client.form_token})
        form = page.path.rpartition("/")[2]
        self.log.append(f"{editor.name} {form} {index} to {to}: {answer.status_code}")
        seen, after = page.facts, to
        # Only this form sends the number of seats. Calendars do not have it, so a change of it
        # leaves the version, and the other forms are not out of date by it.
        if form != "editar":
            seen = seen._replace(capacity=before.capacity)
            after = to._replace(capacity=before.capacity)
        is_current = seen == before and (form == "editar" or page.version == version)
        if answer.status_code == 303:
            assert is_current, self.say("a change that was not seen is overwritten")
            self.facts[index] = after
            self._record(index, before, after, known)
            self._compare()
            return None
        self._compare()
        if answer.status_code == 200 and SHEET in words(answer):
            assert is_current, self.say("the sheet is of what is not there any more")
            return answer
        self._judge_refusal(words(answer), page, to, is_current=is_current)
        return None

    def _judge_refusal(
        self, text: str, page: OpenPage, to: WorkshopFacts, *, is_current: bool
    ) -> None:
        here = self.facts[page.index]
        causes = {
            OVERTAKEN: not is_current,
            SEATS_TAKEN: to.capacity < page.facts.capacity,
            MUST_NOTIFY: True,
            IS_CANCELLED: here.is_cancelled,
            ONLY_PUBLISHED: here.is_cancelled,
            NOT_CANCELLED: not here.is_cancelled,
            IN_THE_PAST: to.day <= self.now.date(),
        }
        named = [cause for cause in causes if cause in text]
        assert any(causes[each] for each in named), self.say(f"refused: {named} {text[-900:]}")
        self.log.append(f"  refused: {named}")

    def _record(
        self, index: int, before: WorkshopFacts, after: WorkshopFacts, known: Mapping[str, State]
    ) -> None:
        if before == after:
            return
        known_batches = {each.batch for each in self.changes}
        with self.store.read() as session:
            batches = session.scalars(
                sa.select(WorkshopChange.batch)
                .where(WorkshopChange.workshop_id == self.workshop_ids[index])
                .order_by(WorkshopChange.id.desc())
                .limit(1)
            ).all()
        assert batches, self.say("a change that cannot be undone")
        assert batches[0] not in known_batches, self.say("a change that cannot be undone")
        self.changes.append(MadeChange(batches[0], index, self.now, before, after, known))

    def undo_change(self, number: int, back: int) -> None:
        """Presses «Deshacer» of one of the last changes, of whoever made it."""
        if not self.changes:
            return
        change = self.changes[-1 - back % min(4, len(self.changes))]
        editor, here = self.editors[number], self.facts[change.index]
        before = self.truth()
        with self._at_page(editor) as client:
            answer = client.post(f"/org/deshacer/{change.batch}")
        self.log.append(f"{editor.name} undoes {change.before} of {change.index}")
        is_changed = any(getattr(here, n) != getattr(change.after, n) for n in change.names)
        if answer.status_code == 303:
            assert not is_changed, self.say("a later change was undone with it")
            values = {name: getattr(change.before, name) for name in change.names}
            self.facts[change.index] = here._replace(**values)
            self.changes.remove(change)
            self._compare()
            self._require_taken_back(change, before)
            return
        self._compare()
        text = words(answer)
        causes = {
            UNDO_EDITED: is_changed,
            UNDO_NOTIFIED: self._is_known(change.index, before),
            UNDO_REGISTERED: self._is_known(change.index, before),
            UNDO_LATE: self.now - change.made_at > timedelta(days=1),
            SEATS_TAKEN: change.before.capacity < here.capacity,
            IS_CANCELLED: here.is_cancelled,
        }
        named = [cause for cause in causes if cause in text]
        assert any(causes[each] for each in named), self.say(f"not undone: {named} {text[-900:]}")
        self.log.append(f"  refused: {named}")

    def _is_known(self, index: int, truth: Mapping[int, State]) -> bool:
        """Whether somebody knows the workshop as it is."""
        number = self.workshop_ids[index]
        with self.store.read() as session:
            knowing = session.scalars(
                sa.select(Registration.id).where(
                    Registration.workshop_id == number,
                    sa.or_(
                        Registration.known_facts.is_(None),
                        Registration.known_facts
                        == sa.select(Workshop.facts).where(Workshop.id == number).scalar_subquery(),
                    ),
                )
            ).all()
        return bool(knowing)

    def _require_taken_back(self, change: MadeChange, before: Mapping[int, State]) -> None:
        """Nobody was notified of what is undone, and nobody will be."""
        after = self.truth()
        for each in self.active():
            was, is_now = before[each.workshop_id], after[each.workshop_id]
            if was != is_now and change.known.get(each.registration_id) != was:
                assert each.known != was, self.say(f"{each.address} knows what was undone")
        with self.store.read() as session:
            left = session.scalars(
                sa.select(Registration.id)
                .join(Notification, Notification.registration_id == Registration.id)
                .where(
                    Registration.workshop_id == self.workshop_ids[change.index],
                    Notification.cause.in_(CHANGE_TYPES),
                    Notification.done_at.is_(None),
                    Registration.known_facts.is_(None),
                )
            ).all()
        assert not left, self.say("a message of what was undone is left")

    # What came of it

    def _compare(self) -> None:
        """The database is as the model; calendars see each change by a higher version."""
        for index, facts in self.facts.items():
            stored = self.read_facts(index)
            assert stored == facts, self.say(f"{index} is {stored}, not {facts}")
            version = self.read(index).sequence
            assert version >= self.versions[index], self.say("SEQUENCE fell")
            self.versions[index] = version

    def require_seats(self) -> None:
        """Never more people with a seat than seats."""
        for index in self.facts:
            stored = self.read(index)
            with self.store.read() as session:
                taken = session.scalar(
                    sa.select(sa.func.coalesce(sa.func.sum(Registration.people), 0)).where(
                        Registration.workshop_id == stored.id,
                        Registration.status.in_(STATUSES_WITH_SEATS),
                    )
                )
            free = stored.seats_left + stored.held_seats
            assert min(stored.seats_left, stored.held_seats) >= 0, self.say("seats below none")
            assert (taken or 0) + free == stored.capacity + stored.overbooked, self.say(
                f"{taken} taken and {free} free of {stored.capacity}"
            )


def _with_fields(page: OpenPage, **given: Any) -> OpenPage:
    return OpenPage(
        page.index, page.path, {**page.form, **given}, page.version, page.facts, page.to
    )


def day_after(days: int) -> date:
    return FIRST_DAY + timedelta(days=days)
