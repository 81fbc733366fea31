"""What moves by itself with time: offers that run out, and the question whether people still come.

Each workshop is a change of its own: one that fails does not hold up the others.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.domain.newsletter import mailings
from outreach.domain.registrations import reconfirmation, waitlist
from outreach.domain.reporting import missing_reports
from outreach.domain.workshops import Workshop

log = logging.getLogger(__name__)


def pass_on_offers(store: Store, *, now: datetime) -> int:
    """Offers that nobody took go to the next who fits; says how many ran out."""
    with store.read() as session:
        late = waitlist.list_workshops_with_expired_offers(session, now)
    return _each(
        store, late, "offers", lambda session, each: waitlist.expire_offers(session, each, now=now)
    )


def ask_for_reports(store: Store, *, now: datetime) -> int:
    """Asks those of the staff who have not said how a workshop went; says how many."""
    with store.read() as session:
        if not missing_reports.list_due(session, now=now):
            return 0
    with store.change() as session:
        return len(mailings.ask_for_reports(session, now=now))


def ask_who_comes(store: Store, *, now: datetime) -> int:
    """Asks, and passes on the places of who did not answer; says how many parties were asked or
    lost their place."""
    with store.read() as session:
        asking = [
            each.id
            for each in reconfirmation.list_workshops_to_ask(session, now)
            if reconfirmation.has_work_to_do(session, each, now)
        ]

    def ask(session: Session, workshop: Workshop) -> int:
        asked = reconfirmation.request_reconfirmation(session, workshop, now=now)
        return asked + reconfirmation.release_unanswered(session, workshop, now=now)

    return _each(store, asking, "questions", ask)


def _each(
    store: Store,
    workshop_ids: Iterable[int],
    what: str,
    do: Callable[[Session, Workshop], int],
) -> int:
    """Does it for each of the workshops; the sum of what it says."""
    done = 0
    for workshop_id in workshop_ids:
        try:
            with store.change() as session:
                done += do(session, session.get_one(Workshop, workshop_id))
        except Exception as error:
            # The kind of error only: its text might say who.
            log.error("%s of workshop %s: %s", what, workshop_id, type(error).__name__)
    return done
