"""What the worker does: `STEPS`, one declaration a step, in the order in which a round runs them.

To add a step, write a function that is given what it needs and returns how many things it did, and
add a `Step` to `STEPS`.
"""

from datetime import datetime
from functools import partial
from typing import Final

from outreach.accounts.server_encryption import ServerEncryption
from outreach.answers import replies
from outreach.domain.network import installation_settings
from outreach.domain.registrations.public_seats import DelayedStates
from outreach.imports.calendar_links import updates
from outreach.joint import network_puller
from outreach.mail import delivery, mailings, roster_letters
from outreach.maintenance import scheduled_jobs, steps
from outreach.maintenance.event_cache_warmup import EventCacheWarmer
from outreach.maintenance.steps import (
    DAY,
    HALF_MINUTE,
    HOUR,
    MINUTE,
    TEN_MINUTES,
    InThread,
    Step,
    StepContext,
)
from outreach.privacy import audit_verification, link_renewal, retention
from outreach.signing import revision_log

PURGE: Final = "purge"


def _make_server_key(context: StepContext) -> ServerEncryption:
    return ServerEncryption(context.app.extensions["outreach_secret"])


def _make_cache_warmer(context: StepContext) -> EventCacheWarmer:
    return EventCacheWarmer(context.store, context.config)


def _make_delayed_states(_context: StepContext) -> DelayedStates:
    return DelayedStates()


def _purge(context: StepContext, now: datetime) -> int:
    done = retention.daily(context.store, context.key_store, context.config, now=now)
    return 0 if done is None else done.keys


def _clean_host(context: StepContext, now: datetime) -> int:
    """Deletes older master keys and letters of erased people on this host, and refreshes its key
    backup: only a worker of the host can. Returns how many letters."""
    retention.hourly(context.key_store, now=now)
    return retention.delete_letters(context.store, context.key_store, context.config)


def _record_heartbeat(context: StepContext, now: datetime) -> int:
    with context.store.change() as session:
        installation_settings.record_worker_seen(session, now=now)
    return 0


def _end_undo_windows(context: StepContext, now: datetime) -> int:
    offered = scheduled_jobs.end_undo_windows(context.store, now=now)
    return offered + scheduled_jobs.end_approval_undo_windows(context.store, now=now)


def _deliver_mailings(context: StepContext, now: datetime) -> int:
    make = partial(mailings.letter_outlets, server_key=context.remember(_make_server_key))
    return steps.by_mail(make)(context, now)


def _deliver_replies(context: StepContext, now: datetime) -> int:
    if not (context.config.answers.is_on or context.config.whatsapp.is_on):
        return 0
    given = context.store, context.key_store, context.config
    return steps.deliver(context, now, replies.text_outlets(*given))


# Erasure is first, and steps that must not wait for a mail server come before delivery.
STEPS: Final[tuple[Step, ...]] = (
    Step(PURGE, _purge, is_led=True, every=DAY, is_retried_at_once=True),
    Step("host", _clean_host, is_led=False, every=HOUR, is_retried_at_once=True),
    # Not in each round: each commit invalidates the caches of every process.
    Step("sign of life", _record_heartbeat, is_led=False, every=MINUTE, is_retried_at_once=True),
    Step(
        "journal",
        lambda context, now: audit_verification.move_anchor(
            context.store, context.key_store, now=now
        ),
        is_led=True,
    ),
    Step(
        "offers",
        lambda context, now: scheduled_jobs.expire_offers(context.store, now=now),
        is_led=True,
    ),
    Step("holds", _end_undo_windows, is_led=True),
    Step(
        "calls",
        lambda context, now: scheduled_jobs.end_calls(
            context.store, context.key_store, context.config, now=now
        ),
        is_led=True,
    ),
    Step(
        "new links",
        lambda context, now: link_renewal.end_interrupted(
            context.store, context.key_store, now=now
        ),
        is_led=True,
    ),
    Step(
        "doubtful seats",
        lambda context, now: scheduled_jobs.carry_out_decisions(
            context.store, context.key_store, now=now
        ),
        is_led=True,
    ),
    Step(
        "reviews",
        lambda context, now: scheduled_jobs.run_reviews(context.store, context.key_store, now=now),
        is_led=True,
    ),
    Step(
        "seats shown",
        lambda context, now: scheduled_jobs.show_seats(
            context.store, context.remember(_make_delayed_states), now=now
        ),
        is_led=True,
    ),
    Step(
        "who comes",
        lambda context, now: scheduled_jobs.request_reconfirmations(context.store, now=now),
        is_led=True,
    ),
    Step(  # nobody waits for a message that comes days after
        "follow-ups",
        lambda context, now: scheduled_jobs.enqueue_follow_ups(context.store, now=now),
        is_led=True,
        every=HOUR,
    ),
    Step(  # it is not urgent
        "reports",
        lambda context, now: scheduled_jobs.ask_for_reports(context.store, now=now),
        is_led=True,
        every=TEN_MINUTES,
    ),
    Step(
        "approvals",
        lambda context, now: scheduled_jobs.ask_for_approvals(context.store, now=now),
        is_led=True,
    ),
    Step(  # it reads all accounts
        "digests",
        lambda context, now: scheduled_jobs.send_digests(
            context.store, context.key_store, has_texts=context.has_texts, now=now
        ),
        is_led=True,
        every=MINUTE,
    ),
    Step(  # it looks at all upcoming workshops
        "alerts",
        lambda context, now: scheduled_jobs.send_alerts(context.store, context.key_store, now=now),
        is_led=True,
        every=HALF_MINUTE,
    ),
    Step(
        "links",
        lambda context, now: scheduled_jobs.enqueue_links(
            context.store, context.key_store, has_texts=context.has_texts, now=now
        ),
        is_led=True,
    ),
    Step("letters", steps.by_mail(delivery.letter_outlets), is_led=False, sends=True),
    Step("replies", _deliver_replies, is_led=False, sends=True),
    Step("texts", steps.by_text(delivery.text_outlets), is_led=False, sends=True),
    Step("circulars", _deliver_mailings, is_led=False, sends=True),
    Step("roster", steps.by_mail(roster_letters.letter_outlets), is_led=False, sends=True),
    Step("joint", InThread(network_puller.of_app), is_led=True),
    Step("calendars", InThread(updates.of_app), is_led=True),
    Step(
        "entries",
        lambda context, now: context.remember(_make_cache_warmer).write(now=now),
        is_led=True,
    ),
    Step(  # one a round: the files of a revision take seconds, and letters wait meanwhile
        "revision log",
        lambda context, now: revision_log.append_missing(
            context.store, context.key_store, context.config, most=1, now=now
        ),
        is_led=True,
    ),
)
