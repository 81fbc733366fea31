"""What moves by itself with time: offers that run out, and the question whether people still come.

Each workshop is a change of its own: one that fails does not hold up the others.
"""

from datetime import datetime

from outreach.db.store import Store
from outreach.domain import circulars, unreported
from outreach.domain.registrations import rounds, waiting
from outreach.domain.workshops import Workshop


def pass_on_offers(store: Store, *, now: datetime) -> int:
    """Offers that nobody took go to the next who fits; says how many ran out."""
    with store.read() as session:
        late = waiting.with_late_offers(session, now)
    lapsed = 0
    for workshop_id in late:
        with store.change() as session:
            workshop = session.get_one(Workshop, workshop_id)
            lapsed += waiting.lapse_due(session, workshop, now=now)
    return lapsed


def ask_for_reports(store: Store, *, now: datetime) -> int:
    """Asks those of the staff who have not said how a workshop went; says how many."""
    with store.read() as session:
        if not unreported.due(session, now=now):
            return 0
    with store.change() as session:
        return len(circulars.ask_for_reports(session, now=now))


def ask_who_comes(store: Store, *, now: datetime) -> int:
    """Asks, and passes on the places of who did not answer; says how many parties were asked or
    lost their place."""
    with store.read() as session:
        asking = [
            each.id
            for each in rounds.with_question(session, now)
            if rounds.is_due(session, each, now)
        ]
    moved = 0
    for workshop_id in asking:
        with store.change() as session:
            workshop = session.get_one(Workshop, workshop_id)
            moved += rounds.ask(session, workshop, now=now)
            moved += rounds.free_silent(session, workshop, now=now)
    return moved
