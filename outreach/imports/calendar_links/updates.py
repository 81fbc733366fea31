"""Readings of calendars by address: those that staff ask for, and daily ones (SHEET02).

Nothing is fetched, expanded or compared within a transaction that changes. A reading changes drafts
that nobody has edited; of everything else it stores what differs.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from outreach.accounts.server_encryption import ServerEncryption
from outreach.config import Config
from outreach.db.base import Words
from outreach.db.store import Store
from outreach.domain.network import offices
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import calendar_links
from outreach.domain.scheduling.calendar_links import CalendarLink, CalendarReport, ReadCalendar
from outreach.domain.workshops import Workshop
from outreach.errors import DataErased, NotFound
from outreach.imports.calendar_links import addresses, comparison, event_list
from outreach.imports.calendar_links.addresses import FetchedCalendar, Validators
from outreach.imports.calendar_links.comparison import CalendarComparison
from outreach.imports.calendar_links.event_list import CalendarRows, ListedEvent
from outreach.imports.guess import loading, proposals
from outreach.imports.guess.proposals import RowProposal
from outreach.imports.import_errors import CalendarAddressErrorCode, UnreadableFile
from outreach.keystore import KeyStore
from outreach.outbound.guarded_client import FetchRule

log = logging.getLogger(__name__)

LOOKED_EVERY: Final = timedelta(minutes=1)
# A calendar that has not changed is read whole again after that: events that repeat without an end
# have new dates by then.
CONDITIONAL_FOR: Final = timedelta(days=7)


@dataclass(frozen=True)
class CalendarReading:
    """The result of a reading: the events that staff may tick, and how many drafts followed."""

    events: tuple[ListedEvent, ...] = field(repr=False)
    followed: int


@dataclass
class CalendarReader:
    """Reads the calendars of one installation."""

    store: Store
    key_store: KeyStore
    encryption: ServerEncryption
    rule: FetchRule
    own_host: str = ""
    should_stop: Callable[[], bool] = lambda: False
    seconds: float = addresses.FETCH_SECONDS
    _looked_at: datetime | None = field(default=None, init=False)

    # the secret

    def seal(self, address: str, office: Office, public_id: str) -> bytes:
        """Encrypts an address for storage. It is bound to office and link: copied to another
        office's link, it does not open."""
        return self.encryption.seal(address, _about(office.id, public_id))

    def mark(self, address: str) -> str:
        return self.encryption.mark(f"calendar {address}")

    def open(self, link: CalendarLink) -> str:
        """The address of a link. Raises UnreadableFile under another secret of the server."""
        try:
            return self.encryption.unseal(
                link.sealed_address, _about(link.office_id, link.public_id)
            )
        except DataErased:
            raise UnreadableFile(CalendarAddressErrorCode.UNREADABLE_LINK) from None

    # readings

    def fetch(self, address: str, validators: Validators | None = None) -> FetchedCalendar:
        """The calendar at a normalised address. Raises UnreadableFile."""
        return addresses.read(
            self.rule,
            address,
            own_host=self.own_host,
            validators=validators,
            seconds=self.seconds,
        )

    def require_readable(self, slug: str, fetched: FetchedCalendar, *, now: datetime) -> None:
        """Raises UnreadableFile for a calendar that no page can show: its link is not kept."""
        with self.store.read() as session:
            office = offices.find(session, slug)
            _read_rows(session, office, {}, fetched, now=now)

    def fetch_rows(self, slug: str, public_id: str, *, now: datetime) -> CalendarRows:
        """Fetches the calendar of a link and returns its rows. Nothing is compared; nothing is
        stored but the error of a failed reading. Raises UnreadableFile and NotFound."""
        with self.store.read() as session:
            link = calendar_links.find(session, slug, public_id)
        fetched = self._fetch_of(link, None, now=now)
        assert fetched.source is not None  # it was asked for without a condition
        with self.store.read() as session:
            office = offices.find(session, slug)
            return _read_rows(session, office, link.taken, fetched, now=now)

    def read(
        self,
        slug: str,
        public_id: str,
        *,
        now: datetime,
        staff_id: int | None = None,
        is_conditional: bool = False,
    ) -> CalendarReading | None:
        """Reads the calendar of a link and stores the result; returns None where it has not changed
        since. Raises UnreadableFile, which is stored with the link, and NotFound."""
        with self.store.read() as session:
            link = calendar_links.find(session, slug, public_id)
        validators = _choose_validators(link, now) if is_conditional else None
        fetched = self._fetch_of(link, validators, now=now)
        if fetched.source is None:
            self._record_asked(link, "", now)
            return None
        return self.store_reading(slug, public_id, fetched, now=now, staff_id=staff_id)

    def store_reading(
        self,
        slug: str,
        public_id: str,
        fetched: FetchedCalendar,
        *,
        now: datetime,
        staff_id: int | None = None,
    ) -> CalendarReading:
        """Compares what was fetched with the workshops of the office, and stores the result.
        Raises UnreadableFile and NotFound."""
        with self.store.read() as session:
            link = calendar_links.find(session, slug, public_id)
        try:
            with self.store.read() as session:
                office = offices.find(session, slug)
                rows = _read_rows(session, office, link.taken, fetched, now=now)
                found = comparison.compare(session, office, rows, link.taken, now=now)
        except UnreadableFile as error:
            self._record_asked(link, error.code.name, now)
            raise
        with self.store.change() as session:
            current = calendar_links.find(session, slug, public_id, is_locked=True)
            if current.read_at is not None and current.read_at > now:
                return CalendarReading(tuple(found.events), 0)  # a later reading was faster
            followed, moved = _follow(session, current, found, now=now, staff_id=staff_id)
            kept = ReadCalendar(
                found.report,
                # What was ticked meanwhile is not lost.
                {**_list_new(current, link), **found.taken},
                fetched.validators.etag,
                fetched.validators.last_modified,
            )
            calendar_links.record_read(current, kept, now=now)
        self._move_keys(moved)
        return CalendarReading(tuple(found.events), followed)

    def _fetch_of(
        self, link: CalendarLink, validators: Validators | None, *, now: datetime
    ) -> FetchedCalendar:
        try:
            return self.fetch(self.open(link), validators)
        except UnreadableFile as error:
            self._record_asked(link, error.code.name, now)
            raise

    def _record_asked(self, link: CalendarLink, fault: str, now: datetime) -> None:
        with self.store.change() as session:
            row = session.get(CalendarLink, link.id, with_for_update=True)
            if row is not None:  # else removed meanwhile
                calendar_links.record_asked(row, fault, now=now)

    def _move_keys(self, moved: Mapping[int, date]) -> None:
        """Moves the day on which keys of moved workshops are destroyed. The rows are committed by
        then: if the key store is unavailable, the next purge corrects it."""
        for workshop_id, day in moved.items():
            try:
                self.key_store.move(workshop_id, day)
            except Exception as error:
                log.error("keys of workshop %s not moved: %s", workshop_id, type(error).__name__)

    # every day

    def run_round(self, *, now: datetime, is_leading: bool = True) -> int:
        """Reads what is read daily and is due; returns how many calendars were asked."""
        is_time = self._looked_at is None or now - self._looked_at >= LOOKED_EVERY
        if not is_leading or not is_time:
            return 0
        self._looked_at = now
        with self.store.read() as session:
            due = [(each, each.office.slug) for each in calendar_links.list_due(session, now=now)]
        for count, (link, slug) in enumerate(due):
            if self.should_stop():
                return count
            try:
                self.read(slug, link.public_id, now=now, is_conditional=True)
            except (UnreadableFile, NotFound):
                pass  # stored with the link, or removed meanwhile
            except Exception as error:
                # A calendar that finds a bug of ours must not keep us from the others. The type
                # only: the text may have the address.
                log.error("calendar %s failed: %s", link.public_id, type(error).__name__)
                self._record_asked(link, link.fault, now)
        return len(due)


def of_app(app: Flask, should_stop: Callable[[], bool] = lambda: False) -> CalendarReader:
    config: Config = app.extensions["outreach_config"]
    return CalendarReader(
        app.extensions["outreach_store"],
        app.extensions["outreach_key_store"],
        ServerEncryption(app.extensions["outreach_secret"]),
        app.extensions.get(addresses.RULE, FetchRule()),
        config.host,
        should_stop,
    )


def _about(office_id: int, public_id: str) -> str:
    return f"calendar link {office_id} {public_id}"


def _choose_validators(link: CalendarLink, now: datetime) -> Validators | None:
    """Returns the validators with which a calendar is asked for only if it has changed. While
    something differs there are none, and it is read whole: staff may have mended it here."""
    if link.read_at is None or now - link.read_at >= CONDITIONAL_FOR:
        return None
    if CalendarReport.read(link.report).has_open or link.fault:
        return None
    return Validators(link.etag, link.last_modified)


def _read_rows(
    session: Session,
    office: Office,
    taken: Mapping[str, Words],
    fetched: FetchedCalendar,
    *,
    now: datetime,
) -> CalendarRows:
    assert fetched.source is not None
    today = now.astimezone(office.zone).date()
    until = event_list.compute_until(today, taken)
    return event_list.read_rows(session, office, fetched.source, now=now, until=until)


def _follow(
    session: Session,
    link: CalendarLink,
    found: CalendarComparison,
    *,
    now: datetime,
    staff_id: int | None,
) -> tuple[int, Mapping[int, date]]:
    """Changes the drafts that follow the calendar. One that somebody has edited since it was
    compared is a difference instead. Returns how many were changed, and the new days of erasure by
    id of a workshop."""
    ids = [each.workshop_id for each in found.followed]
    locked = {
        each.id: each
        for each in session.scalars(
            sa.select(Workshop)
            .where(Workshop.id.in_(ids))
            .order_by(Workshop.id)
            .with_for_update(of=Workshop)
            .execution_options(populate_existing=True)
        )
    }
    ready: list[RowProposal] = []
    for proposal in found.followed:
        workshop = locked.get(proposal.workshop_id or 0)
        if workshop is not None and comparison.is_untouched(
            session, workshop, link.office, proposal.fingerprint
        ):
            ready.append(proposal)
        elif workshop is not None:
            _tell(link, found, proposal)
    done = loading.write(
        session, link.office.slug, ready, now=now, staff_id=staff_id, file=link.public_id
    )
    for proposal, _outcome, _error in done.left_out:
        _tell(link, found, proposal)
    return len(done.workshop_ids), done.moved


def _tell(link: CalendarLink, found: CalendarComparison, proposal: RowProposal) -> None:
    """Adds a draft that does not follow to the differences, and keeps what the calendar said of it
    before."""
    said = found.taken.get(proposal.fingerprint, proposals.list_said(proposal.parsed))
    found.differing.append(comparison.make_difference(proposal, said))
    before = link.taken.get(proposal.fingerprint)
    if before is not None:
        found.taken[proposal.fingerprint] = before
    else:
        found.taken.pop(proposal.fingerprint, None)


def _list_new(current: CalendarLink, compared: CalendarLink) -> dict[str, dict[str, str]]:
    """Returns what was ticked since the link was compared, by fingerprint."""
    return {name: said for name, said in current.taken.items() if name not in compared.taken}
