"""Jobs of the worker: expired offers, holds, doubtful seats, reviews, reconfirmation, broken calls,
links that people asked for, reports, digests and alerts of the staff.

Each workshop has a transaction of its own: one that fails does not stop the others.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.audit import audit_log
from outreach.domain.call_centre import call_holds
from outreach.domain.dashboard import digests, staff_alerts
from outreach.domain.newsletter import mailings
from outreach.domain.outbox import link_recovery
from outreach.domain.registrations import (
    address_approval,
    doubtful,
    notify,
    public_seats,
    reconfirmation,
    review,
    waitlist,
)
from outreach.domain.registrations.public_seats import DelayedStates
from outreach.domain.reporting import missing_reports
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore, bursts
from outreach.privacy import erasure

log = logging.getLogger(__name__)


def expire_offers(store: Store, *, now: datetime) -> int:
    """Passes expired offers to the next on the waitlist; returns how many expired."""
    with store.read() as session:
        workshop_ids = waitlist.list_workshops_with_expired_offers(session, now)
    return _each(
        store,
        workshop_ids,
        "offers",
        lambda session, each: waitlist.expire_offers(session, each, now=now),
    )


def end_undo_windows(store: Store, *, now: datetime) -> int:
    """Offers the seats of changed workshops once the change cannot be undone any more; returns to
    how many parties."""
    with store.read() as session:
        workshop_ids = waitlist.list_workshops_to_end_hold(session, now)
    return _each(
        store,
        workshop_ids,
        "holds",
        lambda session, each: waitlist.end_hold(session, each, now=now),
    )


def end_approval_undo_windows(store: Store, *, now: datetime) -> int:
    """Puts decisions on addresses into force that cannot be undone any more; returns how many."""
    with store.read() as session:
        workshop_ids = address_approval.list_workshops_to_end_hold(session, now)
    return _each(
        store,
        workshop_ids,
        "approvals",
        lambda session, each: address_approval.end_hold(session, each, now=now),
    )


def carry_out_decisions(store: Store, key_store: KeyStore, *, now: datetime) -> int:
    """Carries out what staff decided about bursts, once it can no longer be undone; returns about
    how many parties.

    A burst ends after that: what a crash leaves is done again, and changes nothing a second
    time."""
    known = bursts.list_bursts(key_store.store, key_store.today())
    due = [each for each in known if each.due_at is not None and each.due_at <= now]
    total, failed = 0, set[bytes]()
    for burst in due:
        try:
            with store.change() as session:
                workshop = session.get(Workshop, burst.workshop)
                if workshop is not None:
                    total += doubtful.carry_out(session, workshop, burst, now=now)
        except Exception as error:
            failed.add(burst.id)
            # Only the class: the text of an error may name a person (S10).
            log.error("doubtful seats of %s: %s", burst.workshop, type(error).__name__)
    ended = {each.id for each in due} - failed
    if ended:
        bursts.end(key_store.store, ended)
    return total


def show_seats(store: Store, delayed: DelayedStates, *, now: datetime) -> int:
    """Shows the public how full discreet workshops are, each after its delay; returns of how
    many."""
    with store.read() as session:
        due = delayed.find_due(public_seats.list_states(session, now=now), now=now)
    if due:
        with store.change() as session:
            public_seats.show(session, due)
    return len(due)


def run_reviews(store: Store, key_store: KeyStore, *, now: datetime) -> int:
    """Seats or leaves the parties beyond their share whose review is due; returns how many were
    seated."""
    with store.read() as session:
        workshop_ids = review.list_workshops_due(session, now)
    if not workshop_ids:
        return 0
    known = bursts.list_bursts(key_store.store, key_store.today(), workshops=workshop_ids)
    return _each(
        store,
        workshop_ids,
        "reviews",
        lambda session, workshop: review.run(
            session, workshop, [each for each in known if each.workshop == workshop.id], now=now
        ),
    )


def ask_for_reports(store: Store, *, now: datetime) -> int:
    """Asks staff for the reports of past workshops; returns how many letters were enqueued."""
    with store.read() as session:
        if not missing_reports.list_due(session, now=now):
            return 0
    with store.change() as session:
        return len(mailings.ask_for_reports(session, now=now))


def ask_for_approvals(store: Store, *, now: datetime) -> int:
    """Tells staff that people of near workshops may not read the address yet; returns how many
    letters were enqueued."""
    with store.read() as session:
        if not address_approval.list_overdue(session, now=now):
            return 0
    with store.change() as session:
        return len(mailings.ask_for_approvals(session, now=now))


def end_calls(store: Store, key_store: KeyStore, config: Config, *, now: datetime) -> int:
    """Erases the places whose call broke off and that nobody confirmed, and forgets which places
    were of calls that are over; returns how many places."""
    with store.read() as session:
        ended = call_holds.list_ended(session, key_store, now=now)
    count = 0
    for registration_id, workshop_id in ended:
        try:
            # What a crash leaves in between is found again: the row goes with the registration.
            erased = erasure.erase(store, key_store, config, [registration_id], now=now)
            with store.change() as session:
                call_holds.delete_of(session, [registration_id])
                if erased:
                    _record_end(session, session.get_one(Workshop, workshop_id), now)
            count += erased
        except Exception as error:
            # Only the class: the text of an error may name a person (S10).
            log.error("a call at workshop %s: %s", workshop_id, type(error).__name__)
    with store.read() as session:
        has_old = call_holds.has_over(session, now=now)
    if has_old:
        with store.change() as session:
            call_holds.delete_over(session, now=now)
    return count


def _record_end(session: Session, workshop: Workshop, now: datetime) -> None:
    """Writes in the audit log that a hold has ended; not at which discreet workshop."""
    is_quiet = workshop.is_discreet
    workshop_id, office = (None, "") if is_quiet else (workshop.id, workshop.office.slug)
    audit_log.record(
        session, None, "call hold ended", now=now, office=office, workshop_id=workshop_id
    )


def send_digests(store: Store, key_store: KeyStore, *, has_texts: bool, now: datetime) -> int:
    """Queues the digests of this morning for whom something waits; returns how many. Each is a
    transaction of its own. An empty one is recorded too: nothing comes later that morning."""
    with store.read() as session:
        due = digests.list_due(session, now=now)
    if not due:
        return 0
    known = bursts.list_bursts(key_store.store, key_store.today())
    count = 0
    for morning in due:
        try:
            with store.read() as session:
                digest = digests.compute(
                    session, morning, bursts=known, has_texts=has_texts, now=now
                )
            with store.change() as session:
                count += digests.enqueue(session, morning, is_empty=digest.is_empty, now=now)
        except Exception as error:
            # Only the class: the text of an error may name a person (S10).
            log.error("digest of account %s: %s", morning.organizer_id, type(error).__name__)
    return count


def send_alerts(store: Store, key_store: KeyStore, *, now: datetime) -> int:
    """Queues letters to staff about what they have to look at soon; returns how many."""
    known = bursts.list_bursts(key_store.store, key_store.today())
    with store.read() as session:
        occasions = staff_alerts.list_occasions(session, known, now=now)
        if not staff_alerts.has_work(session, occasions, now=now):
            return 0
    with store.change() as session:
        occasions = staff_alerts.list_occasions(session, known, now=now)
        return staff_alerts.enqueue(session, occasions, now=now)


def enqueue_links(store: Store, key_store: KeyStore, *, has_texts: bool, now: datetime) -> int:
    """Queues the links that people asked for, each to the address it belongs to; returns how
    many."""
    count, recent = 0, link_recovery.RecentLinks(key_store)
    for ask in key_store.link_requests():
        key_ids = recent.leave_out(ask.key_ids)
        with store.change() as session:
            count += link_recovery.enqueue_links(session, key_ids, now=now, has_texts=has_texts)
        recent.remember(key_ids)
        key_store.delete_link_request(ask.id)
    return count


def request_reconfirmations(store: Store, *, now: datetime) -> int:
    """Asks people whether they still come and releases the seats of those who did not answer in
    time; returns how many parties were asked or lost their seat."""
    with store.read() as session:
        workshop_ids = [
            each.id
            for each in reconfirmation.list_workshops_to_ask(session, now)
            if reconfirmation.has_work_to_do(session, each, now)
        ]

    def ask(session: Session, workshop: Workshop) -> int:
        asked = reconfirmation.request_reconfirmation(session, workshop, now=now)
        return asked + reconfirmation.release_unanswered(session, workshop, now=now)

    return _each(store, workshop_ids, "questions", ask)


def enqueue_follow_ups(store: Store, *, now: datetime) -> int:
    """Queues the messages that follow a workshop; returns how many."""
    with store.read() as session:
        workshop_ids = notify.list_workshops_to_follow_up(session, now=now)

    def enqueue(session: Session, workshop: Workshop) -> int:
        return notify.enqueue_follow_ups(session, workshop, now=now)

    return _each(store, workshop_ids, "messages after the end", enqueue)


def _each(
    store: Store,
    workshop_ids: Iterable[int],
    what: str,
    job: Callable[[Session, Workshop], int],
) -> int:
    """Calls `job` for each workshop; returns the sum of its results."""
    total = 0
    for workshop_id in workshop_ids:
        try:
            with store.change() as session:
                total += job(session, session.get_one(Workshop, workshop_id))
        except Exception as error:
            # Only the class: the text of an error may name a person (S10).
            log.error("%s of workshop %s: %s", what, workshop_id, type(error).__name__)
    return total
