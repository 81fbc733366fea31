"""Erasure of roster members: a year after they were retired, at once in every copy."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
import sqlalchemy as sa

from outreach import clock, keystore
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.roster import assignments, members
from outreach.domain.roster.models import (
    RosterAbsence,
    RosterAssignment,
    RosterLetter,
    RosterMember,
    WorkingHours,
)
from outreach.domain.workshops import Workshop
from outreach.errors import DataErased
from outreach.keystore import KeyStore, MasterKeys
from outreach.privacy import mail_folder, reconcile, retention, roster_erasure
from outreach.privacy.reconcile import MAX_UNEXPECTED, TooManyBlind
from tests.conftest import make_workshop
from tests.support.daytime import noon_of
from tests.support.fixed_clock import fixed_clock
from tests.support.roster import EMAIL, NAME, add_member

pytestmark = fixed_clock

TABLES = (RosterMember, RosterAssignment, RosterLetter, WorkingHours, RosterAbsence)


def key_store_on(key_store: KeyStore, config: Config, today: date) -> KeyStore:
    """The same key store on a later day."""
    return KeyStore(key_store.store, MasterKeys(config.keys), noon_of(today))


def count_rows(store: Store) -> list[int]:
    with store.read() as session:
        return [
            session.scalar(sa.select(sa.func.count()).select_from(each)) or 0 for each in TABLES
        ]


def retire(store: Store, key_store: KeyStore, member: RosterMember) -> date:
    """Retires a member as the page does; returns the day on which they are erased."""
    with store.change() as session:
        members.retire(session.get_one(RosterMember, member.id), now=clock.now())
    day = members.compute_forget_day(clock.now())
    key_store.expire_by([member.key_id], day)
    return day


def test_retired_member_is_erased_after_a_year(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    member = add_member(
        store, key_store, chicago,
        hours=[(0, time(9), time(12))],
        absences=[(date(2026, 12, 24), date(2026, 12, 25))],
    )  # fmt: skip
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
        found = session.get_one(RosterMember, member.id)
        assignments.ask(session, session.get_one(Workshop, workshop.id), found, now=clock.now())
    day = retire(store, key_store, member)
    assert day - clock.now().date() == timedelta(days=365)
    eve, due = day - timedelta(days=1), day
    later = clock.now() + timedelta(days=364)
    purged = retention.purge(store, key_store_on(key_store, config, eve), now=later, sure=True)
    assert purged.rows["roster members"] == 0
    assert count_rows(store)[0] == 1
    seen = retention.preview(
        store, key_store_on(key_store, config, due), config, now=later + timedelta(days=1)
    )
    assert seen.rows["roster members"] == 1
    purged = retention.purge(
        store, key_store_on(key_store, config, due), now=later + timedelta(days=1), sure=True
    )
    assert purged.rows["roster members"] == purged.keys == 1
    assert count_rows(store) == [0] * len(TABLES)
    with pytest.raises(DataErased):
        key_store.get(member.key_id)


def test_member_in_use_is_kept_by_the_purge(
    config: Config, store: Store, key_store: KeyStore, chicago: Office
) -> None:
    member = add_member(store, key_store, chicago)
    later = clock.now() + timedelta(days=2000)
    retention.purge(store, key_store_on(key_store, config, later.date()), now=later, sure=True)
    assert members.read_details(key_store, member).name == NAME
    assert member.key_id not in reconcile.find_unused_keys(store, key_store)


def test_copy_of_the_database_is_unreadable_after_erasure(
    store: Store, key_store: KeyStore, chicago: Office
) -> None:
    member = add_member(store, key_store, chicago)
    copied = member.sealed
    key = key_store.get(member.key_id)
    assert NAME in keystore.decrypt(key, copied, f"roster member {member.key_id.hex()}")
    for secret in (NAME.encode(), EMAIL.encode()):
        assert secret not in copied
    key_store.destroy(member.key_id)
    with pytest.raises(DataErased):
        members.read_details(key_store, member)
    assert members.open_details(key_store, [member]) == {}


def test_restored_row_of_an_erased_member_is_deleted(
    store: Store, key_store: KeyStore, chicago: Office
) -> None:
    member = add_member(store, key_store, chicago)
    key_store.destroy(member.key_id)
    assert roster_erasure.purge(store, key_store, now=clock.now()) == 1
    assert count_rows(store)[0] == 0


def test_lost_key_store_erases_nobody_by_itself(
    store: Store, key_store: KeyStore, chicago: Office
) -> None:
    count = MAX_UNEXPECTED + 1
    listed = [add_member(store, key_store, chicago, name=f"Ruiz {n}") for n in range(count)]
    key_store.destroy(*(each.key_id for each in listed))
    with pytest.raises(TooManyBlind):
        retention.purge(store, key_store, now=clock.now())
    assert count_rows(store)[0] == count


def test_letters_of_an_erased_member_leave_the_mail_folder(
    config: Config, store: Store, key_store: KeyStore, chicago: Office
) -> None:
    folder = config.data / "letters"
    folder.mkdir()
    config = replace(config, mail_folder=folder)
    member = add_member(store, key_store, chicago)
    letter_id = key_store.letter_id("roster 1-0", member.recipient_id)
    letter = folder / "1.eml"
    letter.write_text(f"Message-ID: <{letter_id}@example.org>\n\nHola\n")
    with store.read() as session:
        assert mail_folder.find_expired(session, key_store, folder) == []
    with store.change() as session:
        session.execute(sa.delete(RosterMember))
    with store.read() as session:
        assert mail_folder.find_expired(session, key_store, folder) == [letter]
