"""The world of random walks with mailings: the bulletin of a month with its subscribers, and the
reminders of another month to offices.

Each text of the bulletin has a mark, so a letter says which edition it is of, and whether the text
was published. What the sheet says of who can be reached is compared with a count of our own.
"""

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.domain.network import offices, staff
from outreach.domain.network.staff import Role, StaffMember
from outreach.domain.newsletter import bulletins, mailings, report_reminders, subscribers
from outreach.domain.newsletter.bulletins import BulletinEdition, BulletinPart, EditionMail
from outreach.domain.newsletter.mailings import MIN_INTERVAL, Mailing, MailingTopic
from outreach.domain.newsletter.report_reminders import OfficeReach
from outreach.domain.newsletter.subscribers import Subscriber
from outreach.domain.outbox.outbox_table import GIVE_UP_AFTER
from outreach.domain.registrations.change_notifications import NotifyDecision, NotifyMode
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.reporting import months
from outreach.domain.reporting.months import OfficeMonth
from outreach.mail import mailings as mailing_letters
from outreach.mail.delivery_errors import DeliveryRefused
from outreach.mail.delivery_round import deliver
from outreach.privacy import subscriber_erasure
from outreach.reports import bulletin_data, coverage, month_report
from tests.conftest import office
from tests.support.login import server_key
from tests.support.notification_world import NotificationWorld

CLOSED_MONTH: Final = Month(2026, 9)  # that of the bulletin
LATE_MONTH: Final = Month(2026, 10)  # over, and not closed
LONGEST_RETRY: Final = timedelta(hours=7)
# Offices, whether the invitation was used, whether the account is disabled.
ACCOUNTS: Final = (
    (("chicago",), True, False),
    (("chicago", "calgary"), True, False),
    (("calgary",), False, False),
    (("seattle",), True, True),
)


@dataclass
class Reader:
    """A subscriber of the bulletin, and the editions that they got."""

    address: str
    subscriber_id: str
    key_id: bytes
    is_confirmed: bool
    editions: list[int] = field(default_factory=list)
    tries: dict[int, int] = field(default_factory=dict)  # by edition
    is_gone: bool = False
    is_lost: bool = False  # the last letter was given up


@dataclass
class Account:
    """A staff member who reports for offices."""

    id: int
    address: str
    slugs: frozenset[str]
    is_used: bool
    is_disabled: bool
    is_lost: bool = False  # the last letter was given up

    @property
    def is_reachable(self) -> bool:
        return self.is_used and not self.is_disabled


@dataclass
class Reminder:
    """A letter to an account that was queued for some of its offices, and not undone."""

    account: Account
    slugs: frozenset[str]
    made_at: datetime
    tries: int = 0
    is_done: bool = False


class MailingWorld(NotificationWorld):
    """The world with a bulletin and reminders."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.readers: list[Reader] = []
        self.reminders: list[Reminder] = []
        self.discarded: list[Reminder] = []  # by the worker: the office reported, or lost its staff
        self.editions: dict[str, int] = {}  # by mark
        self.expected: dict[int, list[Reader]] = {}  # whom a decision sends an edition
        self.since_decision: list[str] = []  # to whom a letter was sent since the last one
        self.refusals: list[bool] = []  # answers to the next letters; True: refused for good
        with self.store.change() as session:
            self._make_offices(session)

    def _make_offices(self, session: Session) -> None:
        for row in (Mailing, Subscriber, BulletinEdition, OfficeMonth):
            session.execute(sa.delete(row))
        session.execute(sa.update(StaffMember).values(disabled_at=self.now))
        session.execute(sa.delete(staff.RoleAssignment))
        known = {each.slug for each in offices.list_offices(session)}
        for slug, city, region, country in (
            ("calgary", "Calgary", "AB", "CA"),
            ("seattle", "Seattle", "WA", "US"),
        ):
            if slug not in known:
                session.add(office(slug, city, region, "America/Chicago", country=country))
        if months.find_latest_revision(session, CLOSED_MONTH) is None:
            month_report.close(session, CLOSED_MONTH, now=self.now)
        self.accounts = [
            self._employ(session, frozenset(slugs), is_used, is_disabled)
            for slugs, is_used, is_disabled in ACCOUNTS
        ]

    def _employ(
        self, session: Session, slugs: frozenset[str], is_used: bool, is_disabled: bool
    ) -> Account:
        address = f"s{secrets.token_hex(4)}@example.org"
        made = staff.add(session, address, Role.ORGANIZER, sorted(slugs))
        made.password = "used" if is_used else None
        made.disabled_at = self.now if is_disabled else None
        session.flush()
        return Account(made.id, address, slugs, is_used, is_disabled)

    # Readers

    def subscribe(self, *, is_confirmed: bool, lang: str) -> None:
        if len(self.readers) > 5:
            return
        address = f"r{secrets.token_hex(4)}@example.org"
        sealed = subscribers.prepare(self.key_store, address, lang)

        def act(session: Session) -> None:
            subscriber = subscribers.keep(session, sealed, now=self.now)
            mailings.ask_to_confirm(session, subscriber, now=self.now)

        self.do(f"subscribe {address}", act)
        self.readers.append(Reader(address, sealed.id, sealed.key_id, is_confirmed=False))
        if is_confirmed:
            self.confirm(len(self.readers) - 1)

    def confirm(self, number: int) -> None:
        reader = self._choose_reader(number)
        if reader is not None:
            self.key_store.keep(reader.key_id, subscribers.ALWAYS)
            self.do(
                f"confirm {reader.address}",
                lambda session: subscribers.confirm(session, reader.subscriber_id, now=self.now),
            )
            reader.is_confirmed = True

    def unsubscribe(self, number: int) -> None:
        reader = self._choose_reader(number)
        if reader is not None:
            self.log.append(f"unsubscribe {reader.address}")
            given = (self.store, self.key_store, self.config)
            subscriber_erasure.erase(*given, reader.subscriber_id, reader.key_id)
            reader.is_gone = True

    def _choose_reader(self, number: int) -> Reader | None:
        here = [each for each in self.readers if not each.is_gone]
        return here[number % len(here)] if here else None

    # The bulletin

    def write_bulletin(self) -> None:
        """Edits the draft; begins one, a correction after the first edition."""
        mark = f"mark{secrets.token_hex(4)}"

        def act(session: Session) -> None:
            draft = bulletins.newest(session, CLOSED_MONTH)
            if draft is None or not draft.is_draft:
                seen = draft.number if draft is not None else 0
                draft = bulletins.begin(
                    session, CLOSED_MONTH, correction="Otra cifra." if seen else "", seen=seen,
                    now=self.now,
                )  # fmt: skip
            text = BulletinPart(happened=dict.fromkeys(("es", "en", "fr"), mark))
            bulletins.edit(session, draft, text, version=draft.version, now=self.now)
            self.editions[mark] = draft.number

        self.do(f"write bulletin {mark}", act)

    def publish(self, mode: NotifyMode) -> None:
        draft = self._read_edition(bulletins.newest)
        if draft is not None and draft.is_draft and self._decide_bulletin("publish", draft, mode):
            self.since_decision = []

    def decide_mail(self, mode: NotifyMode) -> None:
        """Decides on the letters of the published edition, where nobody has."""
        edition = self._read_edition(bulletins.latest)
        if edition is not None and self._decide_bulletin("mail of", edition, mode):
            self.since_decision = []

    def _decide_bulletin(self, what: str, edition: BulletinEdition, mode: NotifyMode) -> bool:
        decision = NotifyDecision(mode, UNDO_WINDOW)

        def act(session: Session) -> None:
            stored = bulletins.find(session, CLOSED_MONTH, edition.number)
            if not edition.is_draft:
                bulletins.decide_mail(session, stored, decision, now=self.now)
                return
            bulletins.publish(
                session, stored, lambda made: self._freeze(session, made), version=stored.version,
                decision=decision, now=self.now,
            )  # fmt: skip

        if not self.do(f"{what} {edition.number} {mode}", act):
            return False
        self.expected[edition.number] = [
            each
            for each in self.readers
            if decision.is_to_notify and each.is_confirmed and not each.is_gone
        ]
        return True

    def _freeze(self, session: Session, made: BulletinEdition) -> str:
        document = bulletin_data.document(session, CLOSED_MONTH, now=self.now, edition=made)
        return json.dumps(bulletin_data.as_json(document))

    def undo_bulletin(self) -> None:
        """Undoes the last decision about the published edition. Nobody got what is undone."""
        edition = self._read_edition(bulletins.latest)
        if edition is None:
            return

        def act(session: Session) -> None:
            stored = bulletins.find(session, CLOSED_MONTH, edition.number)
            bulletins.undo(session, stored, now=self.now)

        if self.do(f"undo bulletin {edition.number}", act):
            assert not self.since_decision, self.say("somebody was told what was undone")
            del self.expected[edition.number]

    def _read_edition(
        self, find: Callable[[Session, Month], BulletinEdition | None]
    ) -> BulletinEdition | None:
        with self.store.read() as session:
            return find(session, CLOSED_MONTH)

    # Reminders

    def remind(self, slugs: frozenset[str]) -> None:
        """Headquarters sees who can be reached, and reminds these offices."""
        queued: dict[int, set[str]] = {}

        def act(session: Session) -> None:
            late = [row.slug for row in self._list_late(session)]
            reach = report_reminders.find_reach(session, late, LATE_MONTH, now=self.now)
            for each in reach:
                self._judge_reach(each)
                for account_id in each.account_ids if each.slug in slugs else ():
                    queued.setdefault(account_id, set()).add(each.slug)
            chosen = [each for each in reach if each.account_ids and each.slug in slugs]
            number = report_reminders.remind(session, chosen, LATE_MONTH, now=self.now)
            assert number == len(queued), self.say(f"{number} letters, and not {len(queued)}")

        self.do(f"remind {sorted(slugs)}", act)
        for account in self.accounts:
            if account.id in queued:
                made_for = frozenset(queued[account.id])
                self.reminders.append(Reminder(account, made_for, self.now))

    def _judge_reach(self, reach: OfficeReach) -> None:
        """An office is reached where somebody can be, who was not reminded within a day."""
        recent = [e.account.id for e in self.reminders if e.made_at > self.now - MIN_INTERVAL]
        reachable = [
            each
            for each in self.accounts
            if reach.slug in each.slugs and each.is_reachable and each.id not in recent
        ]
        ids = sorted(each.id for each in reachable)
        lost = sum(each.is_lost for each in reachable)
        assert sorted(reach.account_ids) == ids, self.say(f"{reach}, and not {ids}")
        assert (reach.cause is None) == bool(ids), self.say(f"why not? {reach}")
        assert reach.undelivered_count == lost, self.say(f"{reach}, but {lost} were lost")

    def undo_reminders(self) -> None:
        held = [each for each in self.reminders if self._is_held(each)]
        undone: list[int] = []

        def act(session: Session) -> None:
            undone.append(report_reminders.undo(session, LATE_MONTH, now=self.now))

        if self.do("undo reminders", act):
            assert undone == [len(held)], self.say(f"{undone} undone, and not {len(held)}")
            self.reminders = [each for each in self.reminders if each not in held]
        else:
            assert not held, self.say("reminders on hold were not undone")

    def _is_held(self, reminder: Reminder) -> bool:
        is_waiting = not reminder.tries and not reminder.is_done
        return is_waiting and reminder.made_at + UNDO_WINDOW > self.now

    def complete(self, slug: str) -> None:
        """An office says that nothing is missing of the month, or takes that back."""

        def act(session: Session) -> None:
            office_id = offices.find(session, slug).id
            known = months.list_office_months(session, LATE_MONTH).get(office_id)
            is_complete = known is not None and known.complete_at is not None
            now = None if is_complete else self.now
            who = self.accounts[0].id
            months.set_complete(session, office_id, LATE_MONTH, organizer_id=who, now=now)

        self.do(f"complete {slug}", act)

    def change_account(self, number: int) -> None:
        """Disables an account, enables it, or uses its invitation."""
        account = self.accounts[number % len(self.accounts)]

        def act(session: Session) -> None:
            stored = session.get_one(StaffMember, account.id)
            if not account.is_used:
                account.is_used, stored.password = True, "used"
                return
            account.is_disabled = not account.is_disabled
            stored.disabled_at = self.now if account.is_disabled else None

        self.do(f"account {account.address}", act)

    def _list_late(self, session: Session) -> tuple[coverage.CoverageRow, ...]:
        return coverage.matrix(session, LATE_MONTH, None, now=self.now).late

    # The worker

    def refuse_letters(self, *, is_final: bool) -> None:
        """The mail server refuses the next letter of a mailing."""
        self.refusals.append(is_final)

    def _work_at(self, now: datetime) -> None:
        super()._work_at(now)
        self._send_mailings()

    def _send_mailings(self) -> None:
        before = {each.id for each in self.list_mailings()}
        given = (self.store, self.key_store, self.config, self._collect_mailings)
        with self.app.app_context():
            deliver(
                mailing_letters.letter_outlets(*given, server_key=server_key(self.app)),
                now=self.now,
            )
        self._judge_discarded(before)

    def _judge_discarded(self, before: set[int]) -> None:
        """A reminder is discarded only where it would not be true, or reach nobody."""
        rows = self.list_mailings()
        kept = {(each.organizer_id, each.made_at) for each in rows}
        for each in [e for e in self.reminders if (e.account.id, e.made_at) not in kept]:
            assert each.account.is_disabled or not self._is_late(each.account), self.say(
                f"a reminder to {each.account.address} is lost"
            )
            self.reminders.remove(each)
            self.discarded.append(each)
            self.log.append(f"  discarded: reminder to {each.account.address}")

    @contextmanager
    def _collect_mailings(self) -> Iterator[Callable[[EmailMessage], None]]:
        def send(letter: EmailMessage) -> None:
            payload = letter.get_payload(decode=True)
            assert isinstance(payload, bytes)
            text = f"{letter['Subject']}\n{payload.decode()}"
            to = str(letter["To"])
            account = next((each for each in self.accounts if each.address in to), None)
            if account is not None:
                self._judge_reminder(account)
                return
            self._judge_bulletin(next(e for e in self.readers if e.address in to), text)

        yield send

    def _judge_reminder(self, account: Account) -> None:
        waiting = [e for e in self.reminders if e.account is account and not e.is_done]
        assert waiting, self.say(f"{account.address} is reminded twice, or of what was undone")
        reminder = waiting[0]
        assert account.is_reachable, self.say(f"{account.address} is not to be written to")
        assert reminder.made_at + UNDO_WINDOW <= self.now, self.say("a reminder during its hold")
        assert self._is_late(account), self.say(f"{account.address} is reminded of nothing")
        reminder.tries += 1
        is_refused, is_final = self._is_refused()
        is_given_up = is_refused and (
            is_final or self._is_given_up(reminder.made_at, reminder.tries)
        )
        # Until a letter arrives or is given up, it is the one before that counts.
        account.is_lost = is_given_up or (is_refused and account.is_lost)
        reminder.is_done = is_given_up or not is_refused
        self.log.append(f"  reminder to {account.address}{' refused' if is_refused else ''}")
        if is_refused:
            raise DeliveryRefused(is_final=is_final)

    def _is_late(self, account: Account) -> bool:
        with self.store.read() as session:
            return any(row.slug in account.slugs for row in self._list_late(session))

    def _is_refused(self) -> tuple[bool, bool]:
        """Whether the mail server refuses this letter, and whether for good."""
        return (True, self.refusals.pop()) if self.refusals else (False, False)

    def _is_given_up(self, made_at: datetime, tries: int) -> bool:
        """Whether a letter that was refused now and then is not tried again."""
        return tries > 1 and self.now - made_at > GIVE_UP_AFTER + timedelta(hours=1)

    def _judge_bulletin(self, reader: Reader, text: str) -> None:
        assert not reader.is_gone, self.say(f"{reader.address} has unsubscribed")
        mark = next((each for each in self.editions if each in text), None)
        self.log.append(f"  to {reader.address}: {mark or 'confirm?'}")
        if mark is None:
            assert not reader.is_confirmed, self.say("a confirmed subscriber is asked to confirm")
            return
        number = self.editions[mark]
        edition = self._read_edition(bulletins.latest)
        assert edition is not None, self.say("nothing is published")
        assert edition.number == number, self.say(f"it is corrected by {edition.number}")
        assert edition.happened["es"] == mark, self.say("another text was published")
        assert edition.mail is EditionMail.QUEUED, self.say("nobody decided to send it")
        assert reader.is_confirmed, self.say(f"{reader.address} has not confirmed")
        assert reader in self.expected[number], self.say(f"{reader.address} was not among them")
        assert number not in reader.editions, self.say(f"{reader.address} gets it twice")
        assert edition.mail_decided_at is not None
        assert edition.mail_decided_at + UNDO_WINDOW <= self.now, self.say(
            "a bulletin during its hold"
        )
        tries = reader.tries[number] = reader.tries.get(number, 0) + 1
        is_refused, is_final = self._is_refused()
        reader.is_lost = is_refused and (
            is_final or self._is_given_up(edition.mail_decided_at, tries)
        )
        if is_refused:
            self.log.append("    refused")
            raise DeliveryRefused(is_final=is_final)
        reader.editions.append(number)
        self.since_decision.append(reader.address)

    # What came of it

    def list_mailings(self) -> list[Mailing]:
        with self.store.read() as session:
            return list(session.scalars(sa.select(Mailing).order_by(Mailing.id)))

    def check(self) -> None:
        super().check()
        self._check_bulletin()
        self._check_offices()

    def _check_bulletin(self) -> None:
        """What waits is of the published edition, and whoever is to get it will, or somebody has
        to decide."""
        edition = self._read_edition(bulletins.latest)
        rows = [e for e in self.list_mailings() if e.topic is MailingTopic.BULLETIN]
        waiting = [each for each in rows if each.done_at is None]
        if edition is None:
            assert not rows, self.say("letters of no bulletin")
            return
        for each in waiting:
            assert each.edition == edition.number, self.say(f"edition {each.edition} waits")
            assert edition.mail is EditionMail.QUEUED, self.say("letters without a decision")
        with self.store.read() as session:
            undecided = [each.number for each in bulletins.list_undecided(session)]
        is_undecided = edition.mail is EditionMail.UNDECIDED
        assert undecided == [edition.number] * is_undecided, self.say(f"{undecided} wait")
        queued = {e.subscriber_id for e in rows if e.edition == edition.number}
        for reader in self.expected.get(edition.number, []):
            is_served = reader.subscriber_id in queued or edition.number in reader.editions
            assert is_served or reader.is_gone or is_undecided, self.say(
                f"{reader.address} is forgotten"
            )

    def _check_offices(self) -> None:
        """The page says when an office was reminded last, where somebody of it was."""
        with self.store.read() as session:
            slugs = {each.id: each.slug for each in offices.list_offices(session)}
            stored = {
                slugs[each.office_id]: each.reminded_at
                for each in months.list_office_months(session, LATE_MONTH).values()
            }
        for slug in slugs.values():
            said = stored.get(slug)
            made = [e.made_at for e in self.reminders if slug in e.slugs]
            others = [
                each.made_at
                for each in (*self.reminders, *self.discarded)
                if slug in each.account.slugs
            ]
            expected = max(made, default=None)
            is_true = said == expected or said in others
            assert is_true, self.say(f"{slug} was reminded at {expected}, and not {said}")

    def finish(self) -> None:
        self.refusals.clear()
        self.decide_mail(NotifyMode.NOTIFY)
        super().finish()
        self.now += LONGEST_RETRY
        self._send_mailings()
        self.check()
        edition = self._read_edition(bulletins.latest)
        for reader in self.expected.get(edition.number, []) if edition is not None else []:
            assert edition is not None
            is_served = bool(reader.editions) and reader.editions[-1] == edition.number
            assert is_served or reader.is_gone or reader.is_lost, self.say(
                f"{reader.address} has {reader.editions}, and not {edition.number}"
            )
        for each in self.reminders:
            assert each.is_done, self.say(f"{each.account.address} was not reminded")
