"""Test data: venues, and the dates of a course that is too far ahead for public lists."""

from datetime import timedelta

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network import kinds, offices
from outreach.domain.workshops import series as all_series
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat, venue

VENUES = ("Biblioteca Lozano", "Parroquia San Pío", "Consulado, sala B")
DAYS_AHEAD = range(300, 322, 7)  # beyond public lists


def make(store: Store, key_store: KeyStore) -> dict[str, str]:
    """Returns public ids of two dates of a course: the first, and a later one with
    registrations."""
    today = clock.now().date()
    with store.change() as session:
        chicago, kind = offices.find(session, "chicago"), kinds.find(session, "laboral")
        rooms = [venue(session, chicago, name=name) for name in VENUES]
        course = all_series.find_or_create(session, chicago, "Curso de otoño", is_joint=False)
        dates = [
            make_workshop(
                session,
                chicago,
                kind,
                title={"es": "Tu trabajo, tus derechos"},
                day=today + timedelta(days=ahead),
                venue=rooms[1],
                series=course,
                capacity=30 if number == 0 else 12,
            )
            for number, ahead in enumerate(DAYS_AHEAD)
        ]
    seat(store, key_store, dates[1], people=3, contact="email", address="rosa@ejemplo.com")
    seat(store, key_store, dates[2], name="Luz", contact="phone", address="+13125550142")
    return {"course": dates[0].public_id, "course, later": dates[2].public_id}
