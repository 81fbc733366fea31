"""What the worker does: `STEPS`, one declaration a step, in the order in which a round runs them.

To add a step, write a function that is given what it needs and returns how many things it did, and
add a `Step` to `STEPS`.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from flask import Flask

from outreach import clock
from outreach.accounts.server_encryption import ServerEncryption
from outreach.activitypub import publisher
from outreach.answers import replies
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.follows import matching
from outreach.domain.network import installation_settings
from outreach.domain.registrations.public_seats import DelayedStates
from outreach.domain.trials import assignment
from outreach.imports.calendar_links import updates
from outreach.joint import network_puller
from outreach.keystore import KeyStore
from outreach.mail import delivery, delivery_round, follow_messages, mailings, roster_letters
from outreach.mail.delivery import LetterTransport, TextTransport
from outreach.mail.delivery_round import Outlet
from outreach.maintenance import scheduled_jobs
from outreach.maintenance.event_cache_warmup import EventCacheWarmer
from outreach.maintenance.round_thread import RoundRunner
from outreach.privacy import audit_verification, follow_erasure, link_renewal, retention
from outreach.push import push_delivery, push_subscriptions
from outreach.push.push_delivery import PushSender
from outreach.signing import revision_log
from outreach.websub import hub

log = logging.getLogger(__name__)

EVERY_ROUND: Final = timedelta(0)
HALF_MINUTE: Final = timedelta(seconds=30)
MINUTE: Final = timedelta(minutes=1)
TEN_MINUTES: Final = timedelta(minutes=10)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
PURGE: Final = "purge"


class StepContext:
    """What steps work with: the databases and the settings of one application, what they remember
    between rounds, and how they warn and learn that they have to end."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.config: Config = app.extensions["outreach_config"]
        self.store: Store = app.extensions["outreach_store"]
        self.key_store: KeyStore = app.extensions["outreach_key_store"]
        self.server_key = ServerEncryption(app.extensions["outreach_secret"])
        self.cache_warmer = EventCacheWarmer(self.store, self.config)
        self.delayed_states = DelayedStates()
        self.push_sender = PushSender(
            self.key_store,
            app.extensions[push_subscriptions.RULE],
            push_delivery.make_signer(self.key_store, self.config),
        )
        self.is_stopping = threading.Event()
        self._warned_at: dict[str, datetime] = {}

    @property
    def has_texts(self) -> bool:
        """Whether a gateway sends texts."""
        return bool(self.config.texts.url)

    def should_stop(self) -> bool:
        """Whether the worker was stopped: a step ends after the message that it is sending."""
        return self.is_stopping.is_set()

    def warn(self, text: str) -> None:
        """Logs why messages wait: at once, then once an hour."""
        now = clock.now()
        if text not in self._warned_at or now - self._warned_at[text] >= HOUR:
            self._warned_at[text] = now
            log.warning("%s", text)


@dataclass(frozen=True)
class InThread:
    """Rounds with other sites, which a thread of the worker runs each second: a site that does not
    answer delays no letter. `outreach worker --once` has no threads and runs a round as a step.

    `make` is given the application and a function that says that a round has to end. The thread
    runs also where this worker does not lead: every worker delivers, and the leader looks for what
    has changed."""

    make: Callable[[Flask, Callable[[], bool]], RoundRunner]


@dataclass(frozen=True)
class Step:
    """One task of the worker."""

    name: str
    """Its name in the log. Where `is_led`, also the name of its lease in `db.job_locks`."""
    run: Callable[[StepContext, datetime], int] | InThread
    """Is given the time of the call, and returns how many things it did."""
    is_led: bool
    """Whether, of several workers, only the one that holds its lease runs it. A step that is not
    led claims what it works on, or works on its own host."""
    every: timedelta = EVERY_ROUND
    """The shortest time between two runs of one worker. `DAY` means once on each day in UTC."""
    sends: bool = False
    """Whether it sends messages to people. `outreach worker --once` ends after a round in which no
    step sent any."""
    is_retried_at_once: bool = False
    """Whether it runs again in the next round after it failed, rather than after `every`."""

    def is_due(self, ran_at: datetime | None, now: datetime) -> bool:
        """Whether it runs at `now` when its last run was at `ran_at`."""
        if ran_at is None or self.every == EVERY_ROUND:
            return True
        if self.every == DAY:
            return ran_at.date() != now.date()
        return now - ran_at >= self.every


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


def _notify_followers_of_areas(context: StepContext, now: datetime) -> int:
    count = matching.enqueue_news(context.store, context.key_store, now=now)
    count += matching.enqueue_endings(context.key_store, now=now)
    follow_erasure.purge(context.key_store, now=now)
    return count


def _deliver(context: StepContext, now: datetime, outlets: Sequence[Outlet[Any, Any]]) -> int:
    with context.app.app_context():
        return delivery_round.deliver(
            outlets, now=now, should_stop=context.should_stop, warn=context.warn
        )


def _by_mail(
    make_outlets: Callable[[Store, KeyStore, Config, LetterTransport], Sequence[Outlet[Any, Any]]],
) -> Callable[[StepContext, datetime], int]:
    """Returns a step that delivers the letters of some outboxes, where letters can be sent."""

    def run(context: StepContext, now: datetime) -> int:
        transport = delivery.letter_transport(context.config)
        if transport is None:
            return 0
        given = context.store, context.key_store, context.config
        return _deliver(context, now, make_outlets(*given, transport))

    return run


def _by_text(
    make_outlets: Callable[[Store, KeyStore, Config, TextTransport], Sequence[Outlet[Any, Any]]],
) -> Callable[[StepContext, datetime], int]:
    """Returns a step that delivers the texts of some outboxes, where texts can be sent."""

    def run(context: StepContext, now: datetime) -> int:
        transport = delivery.text_transport(context.config)
        if transport is None:
            return 0
        given = context.store, context.key_store, context.config
        return _deliver(context, now, make_outlets(*given, transport))

    return run


def _deliver_mailings(context: StepContext, now: datetime) -> int:
    make = partial(mailings.letter_outlets, server_key=context.server_key)
    return _by_mail(make)(context, now)


def _deliver_replies(context: StepContext, now: datetime) -> int:
    if not (context.config.answers.is_on or context.config.whatsapp.is_on):
        return 0
    given = context.store, context.key_store, context.config
    return _deliver(context, now, replies.text_outlets(*given))


def _deliver_to_followers(context: StepContext, now: datetime) -> int:
    """Sends letters, texts and push messages to those who follow workshops. A follow that ends with
    its one notice is erased after it."""
    sent = _by_mail(follow_messages.letter_outlets)(context, now)
    sent += _by_text(follow_messages.text_outlets)(context, now)
    sent += push_delivery.deliver(
        context.store, context.key_store, context.push_sender,
        now=now, should_stop=context.should_stop, warn=context.warn,
    )  # fmt: skip
    if sent:
        follow_erasure.purge(context.key_store, now=now)
    return sent


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
            context.store, context.delayed_states, now=now
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
    Step(
        "followers",
        lambda context, now: matching.enqueue_single(context.store, context.key_store, now=now),
        is_led=True,
        every=MINUTE,
    ),
    # Each hour only: it decrypts what everybody has chosen.
    Step("followers of areas", _notify_followers_of_areas, is_led=True, every=HOUR),
    Step(
        "trials",
        lambda context, now: assignment.assign(context.store, context.key_store, now=now),
        is_led=True,
    ),
    Step("letters", _by_mail(delivery.letter_outlets), is_led=False, sends=True),
    Step("replies", _deliver_replies, is_led=False, sends=True),
    Step("texts", _by_text(delivery.text_outlets), is_led=False, sends=True),
    Step("circulars", _deliver_mailings, is_led=False, sends=True),
    Step("roster", _by_mail(roster_letters.letter_outlets), is_led=False, sends=True),
    Step("notices of followers", _deliver_to_followers, is_led=False, sends=True),
    Step("hub", InThread(hub.of_app), is_led=True),
    Step("fediverse", InThread(publisher.of_app), is_led=True),
    Step("joint", InThread(network_puller.of_app), is_led=True),
    Step("calendars", InThread(updates.of_app), is_led=True),
    Step(
        "entries",
        lambda context, now: context.cache_warmer.write(now=now),
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
LED: Final = frozenset(step.name for step in STEPS if step.is_led)
