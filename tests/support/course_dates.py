"""Builds the dates of a course, and reads what was stored."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from outreach import clock
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.workshops import Workshop, series
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat, venue


def make(store: Store, chicago: Office, rights: Kind) -> list[Workshop]:
    """Four dates of a series, a week apart, at 6 in the evening."""
    with store.change() as session:
        office = session.merge(chicago, load=False)
        course = series.find_or_create(session, office, "Curso", is_joint=False)
        room = venue(session, chicago)
        return [
            make_workshop(session, chicago, rights, day=in_weeks(n), series=course, venue=room)
            for n in range(1, 5)
        ]


def in_weeks(number: int) -> date:
    return clock.now().date() + timedelta(weeks=number)


def fresh(store: Store, workshops: Sequence[Workshop]) -> list[Workshop]:
    with store.read() as session:
        return [session.get_one(Workshop, each.id) for each in workshops]


def notified(store: Store, cause: NotificationType = NotificationType.CHANGED) -> list[str]:
    """The ids of the registrations with a pending notification."""
    with store.read() as session:
        return sorted(
            session.scalars(
                sa.select(Notification.registration_id).where(Notification.cause == cause)
            )
        )


def journal(store: Store) -> list[tuple[str, int | None, str]]:
    with store.read() as session:
        rows = session.execute(
            sa.select(AuditEntry.action, AuditEntry.workshop_id, AuditEntry.details).order_by(
                AuditEntry.id
            )
        )
        return [(row[0], row[1], row[2]) for row in rows]


def by_mail(store: Store, key_store: KeyStore, workshop: Workshop, **changes: Any) -> Registration:
    return seat(
        store,
        key_store,
        workshop,
        contact=ContactMethod.EMAIL,
        address="rosa@ejemplo.com",
        **changes,
    )


def ids(workshops: Sequence[Workshop]) -> list[str]:
    return [each.public_id for each in workshops]
