"""The hash chain of the audit log: tampering is found, and `outreach doctor` reports it."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.audit import audit_log, hash_chain
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.audit.hash_chain import AuditChain
from outreach.domain.network import staff
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.scheduling import workshop_service
from outreach.domain.text import code
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore, audit_anchor
from outreach.maintenance import audit_check as watch
from outreach.maintenance import doctor
from outreach.maintenance.check_result import CheckResult
from outreach.maintenance.worker import Worker
from outreach.privacy import audit_verification, retention
from tests.conftest import make_workshop, office
from tests.support.staff_client import employ

ROW_COUNT = 6
YEAR_AND_A_DAY = timedelta(days=366)


@pytest.fixture
def six_rows(store: Store) -> Store:
    """Returns a store with six audit rows of Ana."""
    organizer_id = employ(store)
    for number in range(1, ROW_COUNT + 1):
        with store.change() as session:
            _record(session, organizer_id, number)
    return store


def test_recorded_actions_form_one_chain(six_rows: Store, key_store: KeyStore) -> None:
    assert _examine(six_rows, key_store) == CheckResult("journal", True, "6 lines, one chain")
    with six_rows.read() as session:
        rows = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.number)).all()
    assert [row.number for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row.previous for row in rows[1:]] == [row.hash for row in rows[:-1]]


def test_empty_log_is_valid(store: Store, key_store: KeyStore) -> None:
    assert _examine(store, key_store) == CheckResult("journal", True, "0 lines, one chain")
    assert audit_verification.move_anchor(store, key_store, now=clock.now()) == 0


TAMPERING: dict[str, Callable[[Session], object]] = {
    "a line that says something else": lambda s: _update(s, 3, details='{"day":"nothing"}'),
    "a line of another day": lambda s: _update(s, 3, at=clock.now() - timedelta(days=2)),
    "a line of another action": lambda s: _update(s, 3, action="list seen"),
    "a line of nobody": lambda s: _update(s, 3, who=None, organizer_id=None),
    "a line that names somebody else": lambda s: _update(s, 3, who=77),
    "a line shown as somebody else's": lambda s: _set_account(s, 3),
    "a line of another office": lambda s: _update(s, 3, office="calgary"),
    "the first line changed": lambda s: _update(s, 1, details='{"day":"nothing"}'),
    "the newest line changed": lambda s: _update(s, ROW_COUNT, details='{"day":"nothing"}'),
    "a line with the hash it should have": lambda s: (
        _update(s, 3, details='{"day":"no"}'),
        _rebuild(s, 3, 3),
    ),
    "a line taken out": lambda s: _delete(s, 3),
    "two lines taken out": lambda s: (_delete(s, 3), _delete(s, 4)),
    "the first line taken out": lambda s: _delete(s, 1),
    "the newest line taken out": lambda s: _delete(s, ROW_COUNT),
    "a line taken out, and the others moved up": lambda s: (_delete(s, 3), _renumber(s, 3)),
    "two lines in each other's place": lambda s: _swap(s, 3, 4),
    "a line put beside the chain": lambda s: s.add(_unchained_row()),
    "a line put into the chain": lambda s: _insert_row(s, 3),
    "the ends of the chain gone": lambda s: s.execute(sa.delete(AuditChain)),
    "everything gone": lambda s: s.execute(sa.delete(AuditEntry)),
}
# Rebuilt chains are valid; only the anchor in the key store shows the change.
REBUILDING: dict[str, Callable[[Session], object]] = {
    "a line changed, and all after it made anew": lambda s: (
        _update(s, 3, details='{"day":"nothing"}'),
        _rebuild(s, 3, ROW_COUNT),
    ),
    "the newest line taken out, and the end with it": lambda s: _delete_after(s, ROW_COUNT - 1),
    "everything taken out, and the ends too": lambda s: (
        s.execute(sa.delete(AuditEntry)),
        s.execute(sa.delete(AuditChain)),
    ),
    "the oldest lines taken out as if they were old": lambda s: _delete_as_expired(s, 3),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_found(six_rows: Store, key_store: KeyStore, what: str) -> None:
    with six_rows.change() as session:
        TAMPERING[what](session)
    found = _examine(six_rows, key_store)
    assert not found.is_well
    assert found.words.endswith("See: outreach guide journal")


@pytest.mark.parametrize("what", REBUILDING)
def test_rebuilt_chain_differs_from_the_anchor_in_the_key_store(
    six_rows: Store, key_store: KeyStore, what: str
) -> None:
    assert audit_verification.move_anchor(six_rows, key_store, now=clock.now()) == ROW_COUNT
    assert _examine(six_rows, key_store).is_well
    with six_rows.change() as session:
        REBUILDING[what](session)
    with six_rows.read() as session:
        assert list(hash_chain.breaks(session)) == [], "the rebuilt chain is valid"
    assert not _examine(six_rows, key_store).is_well
    # The worker does not anchor the rebuilt chain.
    with six_rows.change() as session:
        _record(session, None, 7)
    audit_verification.move_anchor(six_rows, key_store, now=clock.now())
    assert not _examine(six_rows, key_store).is_well


def test_doctor_names_the_changed_row(six_rows: Store, key_store: KeyStore, config: Config) -> None:
    assert _examine(six_rows, key_store) in list(doctor.examine(config))
    with six_rows.change() as session:
        _update(session, 3, details='{"day":"nothing"}')
        _delete(session, 5)
    assert _examine(six_rows, key_store) in list(doctor.examine(config))
    words = _examine(six_rows, key_store).words
    assert words == "line 3 was changed; line 5 is missing. See: outreach guide journal"


def test_worker_anchors_valid_rows_only(six_rows: Store, key_store: KeyStore, app: Flask) -> None:
    worker = Worker(app)
    worker.round()
    anchor = audit_anchor.read(key_store.store)
    assert anchor is not None
    assert anchor.number == ROW_COUNT
    with six_rows.change() as session:
        _record(session, None, 7)
        _record(session, None, 8)
    with six_rows.change() as session:
        _update(session, 7, details='{"day":"nothing"}')
    worker.round()
    anchor_after = audit_anchor.read(key_store.store)
    assert anchor_after is not None
    assert anchor_after.number == ROW_COUNT


def test_eight_simultaneous_writers_make_one_chain(store: Store, key_store: KeyStore) -> None:
    start, failed = threading.Barrier(8), []

    def write(writer: int) -> None:
        start.wait()
        try:
            for number in range(10):
                with store.change() as session:
                    _record(session, None, number)
                    _record(session, None, writer)
        except Exception as error:  # asserted below
            failed.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert _examine(store, key_store) == CheckResult("journal", True, "160 lines, one chain")


def test_audit_rows_and_change_counters_do_not_deadlock(
    store: Store, key_store: KeyStore, chicago: Office, calgary: Office, rights: Kind
) -> None:
    """All transactions lock the chain and the change counters in the same order."""
    with store.change() as session:
        workshops = [make_workshop(session, office, rights).id for office in (chicago, calgary)] * 2
    start, failed = threading.Barrier(4), []

    def change(workshop_id: int) -> None:
        start.wait()
        try:
            for number in range(8):
                with store.change() as session:
                    if number % 2:  # locks the row against new references
                        workshop = session.get_one(Workshop, workshop_id)
                        with session.begin_nested():
                            workshop.public_id = code(26)
                            workshop_service.mark_changed(
                                workshop, clock.now(), is_new_version=False
                            )
                    audit_log.record(
                        session, None, "workshop changed", now=clock.now(), workshop_id=workshop_id
                    )
        except Exception as error:  # asserted below
            failed.append(error)

    threads = [threading.Thread(target=change, args=(each,)) for each in workshops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert _examine(store, key_store).words == "32 lines, one chain"


def test_rollback_leaves_no_row_and_no_gap(six_rows: Store, key_store: KeyStore) -> None:
    with pytest.raises(ZeroDivisionError), six_rows.change() as session:
        _record(session, None, 7)
        raise ZeroDivisionError
    with six_rows.change() as session:
        with pytest.raises(IntegrityError), session.begin_nested():
            _record(session, None, 8)
            for _ in range(2):
                session.add(office("chicago", "Chicago", "IL", "America/Chicago"))
        _record(session, None, 9)
    assert _examine(six_rows, key_store) == CheckResult("journal", True, "7 lines, one chain")


def test_rows_before_a_failed_savepoint_are_in_the_chain(
    six_rows: Store, key_store: KeyStore, chicago: Office
) -> None:
    with six_rows.change() as session:
        _record(session, None, 7)
        with pytest.raises(IntegrityError), session.begin_nested():
            _record(session, None, 8)
            session.add(office("chicago", "Chicago", "IL", "America/Chicago"))
        _record(session, None, 9)
    assert _examine(six_rows, key_store) == CheckResult("journal", True, "8 lines, one chain")


def test_deleted_account_or_workshop_keeps_the_chain_valid(
    six_rows: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with six_rows.change() as session:
        workshop = make_workshop(session, chicago, rights)
        audit_log.record(session, None, "list seen", now=clock.now(), workshop_id=workshop.id)
    with six_rows.change() as session:
        session.execute(sa.delete(Workshop))
        session.execute(sa.text("DELETE FROM staff_member"))
    with six_rows.read() as session:
        assert not session.scalar(sa.select(sa.func.count(AuditEntry.organizer_id)))
        assert not session.scalar(sa.select(sa.func.count(AuditEntry.workshop_id)))
        assert session.scalar(sa.select(sa.func.count(AuditEntry.who))) == ROW_COUNT
    assert _examine(six_rows, key_store).is_well


def test_rows_are_deleted_after_a_year_and_the_rest_stays_valid(
    six_rows: Store, key_store: KeyStore
) -> None:
    with six_rows.change() as session:  # a row with a date far in the future
        audit_log.record(session, None, "list seen", now=clock.now() + timedelta(days=4000))
        _record(session, None, 8)
    audit_verification.move_anchor(six_rows, key_store, now=clock.now())
    later = clock.now() + YEAR_AND_A_DAY
    with six_rows.change() as session:
        audit_log.record(session, None, "list seen", now=later - timedelta(days=3))
    assert retention.purge(six_rows, key_store, now=later).rows["journal entries"] == 8
    assert _examine(six_rows, key_store) == CheckResult("journal", True, "1 lines, one chain")
    assert retention.purge(six_rows, key_store, now=later).rows["journal entries"] == 0
    assert audit_verification.move_anchor(six_rows, key_store, now=later) == 1
    with six_rows.change() as session:
        _record(session, None, 9)
    assert _examine(six_rows, key_store) == CheckResult("journal", True, "2 lines, one chain")
    with six_rows.change() as session:
        _update(session, 9, details='{"day":"nothing"}')
    assert not _examine(six_rows, key_store).is_well


def test_restored_backup_records_its_missing_rows(six_rows: Store, key_store: KeyStore) -> None:
    audit_verification.move_anchor(six_rows, key_store, now=clock.now())
    with six_rows.change() as session:
        _delete_after(session, 4)
    assert "5 to 6, are missing" in _examine(six_rows, key_store).words
    retention.purge_after_restore(six_rows, key_store, now=clock.now())
    assert _examine(six_rows, key_store) == CheckResult("journal", True, "5 lines, one chain")
    with six_rows.read() as session:
        newest = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert newest is not None
    assert (newest.action, newest.details) == (
        "copy restored",
        '{"first_line":5,"last_line":6}',
    )


def _examine(store: Store, key_store: KeyStore) -> CheckResult:
    return watch.examine(store, key_store)


def _record(session: Session, organizer_id: int | None, number: int) -> None:
    audit_log.record(
        session,
        organizer_id,
        "workshop changed",
        now=clock.now(),
        office="chicago",
        details={"day": f"día {number}"},
    )


def _update(session: Session, number: int, /, **values: object) -> object:
    return session.execute(
        sa.update(AuditEntry).where(AuditEntry.number == number).values(**values)
    )


def _delete(session: Session, number: int) -> object:
    return session.execute(sa.delete(AuditEntry).where(AuditEntry.number == number))


def _set_account(session: Session, number: int) -> None:
    luz = staff.add(session, "luz@example.org", Role.ORGANIZER, ["chicago"])
    _update(session, number, organizer_id=luz.id)


def _renumber(session: Session, number: int) -> object:
    for each in range(number + 1, ROW_COUNT + 1):
        _update(session, each, number=each - 1)
    return session


def _swap(session: Session, first_number: int, second_number: int) -> None:
    _update(session, first_number, number=99)
    _update(session, second_number, number=first_number)
    _update(session, 99, number=second_number)


def _unchained_row() -> AuditEntry:
    return AuditEntry(at=clock.now(), organizer_id=None, action="list seen")


def _insert_row(session: Session, number: int) -> None:
    """Inserts a row and renumbers the rows after it."""
    for each in range(ROW_COUNT, number - 1, -1):
        _update(session, each, number=each + 1)
    line = _unchained_row()
    line.number = number
    session.add(line)
    session.flush()
    _rebuild(session, number, number)


def _rebuild(session: Session, first: int, last: int) -> object:
    """Recomputes the hashes of these rows, as an attacker who knows the algorithm would."""
    session.flush()
    session.expire_all()
    for number in range(first, last + 1):
        line = session.scalars(sa.select(AuditEntry).where(AuditEntry.number == number)).one()
        before = hash_chain.find_link(session, number - 1)
        line.previous = before.hash if before else ""
        line.hash = hash_chain.digest(
            number,
            line.previous,
            at=line.at,
            who=line.who,
            action=line.action,
            what=line.what,
            office=line.office,
            details=line.details,
        )
        session.flush()
    if last == ROW_COUNT and first < last:
        session.execute(sa.update(AuditChain).values(hash=line.hash))
    return session


def _delete_after(session: Session, newest: int) -> None:
    session.execute(sa.delete(AuditEntry).where(AuditEntry.number > newest))
    link = hash_chain.find_link(session, newest)
    assert link is not None
    session.execute(sa.update(AuditChain).values(number=link.number, hash=link.hash))


def _delete_as_expired(session: Session, number: int) -> None:
    link = hash_chain.find_link(session, number)
    assert link is not None
    session.execute(sa.delete(AuditEntry).where(AuditEntry.number <= number))
    session.execute(sa.update(AuditChain).values(gone=link.number, gone_hash=link.hash))
