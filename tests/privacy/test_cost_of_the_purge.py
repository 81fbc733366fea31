"""The daily purge reads what is due and who is stored, never all that ten years have left."""

from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from outreach import clock
from outreach.domain.registrations import Registration
from outreach.privacy import retention
from tests.privacy.test_erasure import Aviary, aviary
from tests.support.index_use import collect_statements, list_scans, prefer_indexes

__all__ = ["aviary"]

# Tables that keep a row for each workshop and each person there ever was.
GROWING: Final = frozenset({"registration", "workshop"})
# Partial indexes: of the living, and of the erased whose rows are not cleared yet.
SMALL_INDEXES: Final = frozenset({"ix_registration_key_id", "ix_registration_registered_at"})


def test_purge_scans_neither_registrations_nor_workshops(aviary: Aviary) -> None:
    store = aviary.store
    with collect_statements(store.engine) as statements:
        aviary.purge_on(aviary.women)
        day, rights = aviary.rights.forget_on, aviary.rights
        now = clock.instant(day, rights.starts, rights.zone)
        retention.preview(store, aviary.on(day), aviary.config, now=now)
        aviary.purge_on(rights)
        # Rows of erased people are cleared once no form of theirs can be sent.
        tomorrow = aviary.on(day + timedelta(days=1))
        retention.purge(store, tomorrow, aviary.config, now=now + timedelta(days=1))
    with store.read() as session:
        erased = sa.select(sa.func.count()).where(Registration.key_id.is_(None))
        assert session.scalar(erased) == 3
    with store.engine.connect() as connection:
        prefer_indexes(connection)
        found = {
            statement: scans
            for statement, values in statements.items()
            if (scans := list_scans(connection, statement, values, GROWING, SMALL_INDEXES))
        }
    assert len(statements) > 60
    assert found == {}
