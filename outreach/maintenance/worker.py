"""The worker: runs `STEPS` one after the other, in rounds; a step that fails stops no other.

A step is a function that returns how many things it did. Of several workers, only the leader runs
the steps in `LED`. All of them deliver: messages are claimed one by one.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from flask import Flask

from outreach import clock, logs
from outreach.accounts.server_encryption import ServerEncryption
from outreach.activitypub import publisher
from outreach.answers import replies
from outreach.config import Config
from outreach.db import error_classes
from outreach.db.store import Store
from outreach.domain.follows import matching
from outreach.domain.network import installation_settings
from outreach.domain.outbox import link_recovery
from outreach.domain.registrations.public_seats import DelayedStates
from outreach.domain.trials import assignment
from outreach.imports.calendar_links import updates
from outreach.joint import network_puller
from outreach.keystore import KeyStore
from outreach.mail import delivery, follow_messages, mailings, roster_letters
from outreach.maintenance import scheduled_jobs
from outreach.maintenance.event_cache_warmup import EventCacheWarmer
from outreach.maintenance.leader import Leader
from outreach.maintenance.round_thread import RoundThread
from outreach.privacy import audit_verification, follow_erasure, link_renewal, retention
from outreach.push import push_delivery, push_subscriptions
from outreach.push.push_delivery import PushSender
from outreach.signing import revision_log
from outreach.websub import hub

log = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 5.0  # between rounds
HUB: Final = "hub"
FEDIVERSE: Final = "fediverse"
JOINT: Final = "joint"
CALENDARS: Final = "calendars"
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
TEN_MINUTES: Final = timedelta(minutes=10)


class Worker:
    """Runs rounds over the databases of one application."""

    def __init__(self, app: Flask, *, purged_on: date | None = None) -> None:
        self.app = app
        self.config: Config = app.extensions["outreach_config"]
        self.store: Store = app.extensions["outreach_store"]
        self.key_store: KeyStore = app.extensions["outreach_key_store"]
        self.cache_warmer = EventCacheWarmer(self.store, self.config)
        self.seen_at: datetime | None = None
        self.purged_on = purged_on  # the day of the last purge, of this worker or one before it
        self.tidied_at: datetime | None = None
        self.delayed_states = DelayedStates()
        self.reports_asked_at: datetime | None = None
        self.digests_made_at: datetime | None = None
        self.alerts_made_at: datetime | None = None
        self.followers_notified_at: datetime | None = None
        self.news_looked_for_at: datetime | None = None
        self.push_sender = PushSender(
            self.key_store,
            app.extensions[push_subscriptions.RULE],
            push_delivery.make_signer(self.key_store, self.config),
        )
        self.leader = Leader(self.store, LED, warn=self.warn)
        self.is_stopping = threading.Event()
        self.hub_thread = RoundThread(self.leader, HUB, partial(hub.of_app, app))
        self.fediverse_thread = RoundThread(self.leader, FEDIVERSE, partial(publisher.of_app, app))
        self.joint_thread = RoundThread(self.leader, JOINT, partial(network_puller.of_app, app))
        self.calendar_thread = RoundThread(self.leader, CALENDARS, partial(updates.of_app, app))
        self._warned_at: dict[str, datetime] = {}
        self._repeats = logs.Repeats()

    def round(self) -> int:
        """Runs all steps once; returns how many letters and texts were sent."""
        sent = 0
        try:
            self.leader.acquire()
        except Exception as error:
            self._log_failure("leases", error)
        for name, step in STEPS:
            if self.is_stopping.is_set():
                break
            if name in LED and not self.leader.leads(name):
                continue
            try:
                done = step(self, clock.now())
            except Exception as error:
                self._log_failure(name, error)
                continue
            sent += done if name in SENDING else 0
        return sent

    def _log_failure(self, name: str, error: Exception) -> None:
        """Once a minute: with a full disk each step of each round fails. Without the error's text,
        which may hold an address."""
        what = error_classes.describe(error)
        key = error_classes.classify(error) or (name, what)
        more = self._repeats.admit(key, now=time.monotonic())
        if more is not None:
            log.error("%s failed: %s%s", name, what, logs.say_left_out(more))
            logs.tracebacks.debug("%s failed", name, exc_info=error)

    def warn(self, text: str) -> None:
        """Logs why messages wait: at once, then once an hour."""
        now = clock.now()
        if text not in self._warned_at or now - self._warned_at[text] >= HOUR:
            self._warned_at[text] = now
            log.warning("%s", text)

    def once(self) -> int:
        """Runs rounds until one sends nothing."""
        sent = 0
        with self.leader.renewing():
            while count := self.round():
                sent += count
        return sent

    def run(
        self,
        stop: threading.Event,
        *,
        after: Callable[[int], None] = lambda sent: None,
        ends_after_purge: bool = False,
    ) -> None:
        """Runs rounds until `stop` is set; a message that is being sent is finished first. With
        `ends_after_purge` it returns after a round in which it purged, too."""
        self.is_stopping = stop
        purged_on = self.purged_on
        with (
            self.leader.renewing(),
            self.hub_thread.running(),
            self.fediverse_thread.running(),
            self.joint_thread.running(),
            self.calendar_thread.running(),
        ):
            while not stop.is_set():
                after(self.round())
                if ends_after_purge and self.purged_on != purged_on:
                    return
                stop.wait(PAUSE_SECONDS)


def _record_heartbeat(worker: Worker, now: datetime) -> int:
    """Once a minute only: each commit invalidates the caches of every process."""
    if worker.seen_at is None or now - worker.seen_at >= MINUTE:
        with worker.store.change() as session:
            installation_settings.record_worker_seen(session, now=now)
        worker.seen_at = now
    return 0


def _purge_expired(worker: Worker, now: datetime) -> int:
    """At the start, when this worker becomes the leader, and once a day."""
    if worker.purged_on == now.date():
        return 0
    done = retention.daily(worker.store, worker.key_store, worker.config, now=now)
    worker.purged_on, worker.tidied_at = now.date(), now
    return 0 if done is None else done.keys


def _clean_host(worker: Worker, now: datetime) -> int:
    """Hourly and by every worker: only it can delete files on its host."""
    if worker.tidied_at is None or now - worker.tidied_at >= HOUR:
        retention.hourly(worker.key_store, now=now)
        retention.delete_letters(worker.store, worker.key_store, worker.config)
        worker.tidied_at = now
    return 0


def _verify_audit_log(worker: Worker, now: datetime) -> int:
    return audit_verification.move_anchor(worker.store, worker.key_store, now=now)


def _expire_offers(worker: Worker, now: datetime) -> int:
    return scheduled_jobs.expire_offers(worker.store, now=now)


def _end_calls(worker: Worker, now: datetime) -> int:
    return scheduled_jobs.end_calls(worker.store, worker.key_store, worker.config, now=now)


def _end_holds(worker: Worker, now: datetime) -> int:
    offered = scheduled_jobs.end_holds(worker.store, now=now)
    return offered + scheduled_jobs.end_approval_holds(worker.store, now=now)


def _carry_out_decisions(worker: Worker, now: datetime) -> int:
    return scheduled_jobs.carry_out_decisions(worker.store, worker.key_store, now=now)


def _end_interrupted_renewals(worker: Worker, now: datetime) -> int:
    return link_renewal.end_interrupted(worker.store, worker.key_store, now=now)


def _run_reviews(worker: Worker, now: datetime) -> int:
    return scheduled_jobs.run_reviews(worker.store, worker.key_store, now=now)


def _show_seats(worker: Worker, now: datetime) -> int:
    return scheduled_jobs.show_seats(worker.store, worker.delayed_states, now=now)


def _ask_for_reconfirmation(worker: Worker, now: datetime) -> int:
    return scheduled_jobs.request_reconfirmations(worker.store, now=now)


def _ask_for_reports(worker: Worker, now: datetime) -> int:
    """Every ten minutes: it is not urgent."""
    if worker.reports_asked_at is not None and now - worker.reports_asked_at < TEN_MINUTES:
        return 0
    worker.reports_asked_at = now
    return scheduled_jobs.ask_for_reports(worker.store, now=now)


def _ask_for_approvals(worker: Worker, now: datetime) -> int:
    return scheduled_jobs.ask_for_approvals(worker.store, now=now)


def _send_digests(worker: Worker, now: datetime) -> int:
    """Once a minute: it reads all accounts."""
    if worker.digests_made_at is not None and now - worker.digests_made_at < MINUTE:
        return 0
    worker.digests_made_at = now
    has_texts = bool(worker.config.texts.url)
    return scheduled_jobs.send_digests(worker.store, worker.key_store, has_texts=has_texts, now=now)


def _send_alerts(worker: Worker, now: datetime) -> int:
    """Each half minute: it looks at all upcoming workshops."""
    if worker.alerts_made_at is not None and now - worker.alerts_made_at < MINUTE / 2:
        return 0
    worker.alerts_made_at = now
    return scheduled_jobs.send_alerts(worker.store, worker.key_store, now=now)


def _send_links(worker: Worker, now: datetime) -> int:
    """Queues the links that people asked for, each to the address it belongs to."""
    count, recent = 0, link_recovery.RecentLinks(worker.key_store)
    for ask in worker.key_store.link_requests():
        key_ids = recent.leave_out(ask.key_ids)
        with worker.store.change() as session:
            count += link_recovery.enqueue_links(
                session, key_ids, now=now, has_texts=bool(worker.config.texts.url)
            )
        recent.remember(key_ids)
        worker.key_store.delete_link_request(ask.id)
    return count


def _notify_followers(worker: Worker, now: datetime) -> int:
    """Each minute who waits for one workshop, and each hour who follows an area: it decrypts what
    everybody has chosen."""
    looked_at = worker.followers_notified_at
    if looked_at is not None and now - looked_at < MINUTE:
        return 0
    worker.followers_notified_at = now
    count = matching.enqueue_single(worker.store, worker.key_store, now=now)
    if worker.news_looked_for_at is None or now - worker.news_looked_for_at >= HOUR:
        worker.news_looked_for_at = now
        count += matching.enqueue_news(worker.store, worker.key_store, now=now)
        count += matching.enqueue_endings(worker.key_store, now=now)
        follow_erasure.purge(worker.key_store, now=now)
    return count


def _log_revisions(worker: Worker, now: datetime) -> int:
    """One a round: the files of a revision take seconds, and letters wait meanwhile."""
    return revision_log.append_missing(
        worker.store, worker.key_store, worker.config, most=1, now=now
    )


def _assign_wordings(worker: Worker, now: datetime) -> int:
    return assignment.assign(worker.store, worker.key_store, now=now)


def _deliver_to_followers(worker: Worker, now: datetime) -> int:
    """Letters, texts and push messages to those who follow workshops. What was one notice is erased
    after it."""
    letters, texts = (
        delivery.letter_transport(worker.config),
        delivery.text_transport(worker.config),
    )
    stop, warn, sent = worker.is_stopping.is_set, worker.warn, 0
    with worker.app.app_context():
        if letters is not None:
            sent += follow_messages.deliver_letters(
                worker.store, worker.key_store, worker.config, letters,
                now=now, should_stop=stop, warn=warn,
            )  # fmt: skip
        if texts is not None:
            sent += follow_messages.deliver_texts(
                worker.store, worker.key_store, worker.config, texts,
                now=now, should_stop=stop, warn=warn,
            )  # fmt: skip
    sent += push_delivery.deliver(
        worker.store, worker.key_store, worker.push_sender, now=now, should_stop=stop, warn=warn
    )
    if sent:
        follow_erasure.purge(worker.key_store, now=now)
    return sent


def _deliver_letters(worker: Worker, now: datetime) -> int:
    transport = delivery.letter_transport(worker.config)
    if transport is None:
        return 0
    with worker.app.app_context():
        return delivery.deliver(
            worker.store, worker.key_store, worker.config, transport,
            now=now, should_stop=worker.is_stopping.is_set, warn=worker.warn,
        )  # fmt: skip


def _deliver_texts(worker: Worker, now: datetime) -> int:
    transport = delivery.text_transport(worker.config)
    if transport is None:
        return 0
    with worker.app.app_context():
        return delivery.deliver_texts(
            worker.store, worker.key_store, worker.config, transport,
            now=now, should_stop=worker.is_stopping.is_set, warn=worker.warn,
        )  # fmt: skip


def _deliver_replies(worker: Worker, now: datetime) -> int:
    if not (worker.config.answers.is_on or worker.config.whatsapp.is_on):
        return 0
    with worker.app.app_context():
        return replies.deliver(
            worker.store, worker.key_store, worker.config,
            now=now, should_stop=worker.is_stopping.is_set, warn=worker.warn,
        )  # fmt: skip


def _deliver_mailings(worker: Worker, now: datetime) -> int:
    transport = delivery.letter_transport(worker.config)
    if transport is None:
        return 0
    with worker.app.app_context():
        return mailings.deliver(
            worker.store, worker.key_store, worker.config, transport,
            server_key=ServerEncryption(worker.app.extensions["outreach_secret"]),
            now=now, should_stop=worker.is_stopping.is_set, warn=worker.warn,
        )  # fmt: skip


def _deliver_roster_letters(worker: Worker, now: datetime) -> int:
    transport = delivery.letter_transport(worker.config)
    if transport is None:
        return 0
    with worker.app.app_context():
        return roster_letters.deliver(
            worker.store, worker.key_store, worker.config, transport,
            now=now, should_stop=worker.is_stopping.is_set, warn=worker.warn,
        )  # fmt: skip


def _push_feeds(worker: Worker, now: datetime) -> int:
    """Where no thread does it more often."""
    return 0 if worker.hub_thread.is_running else worker.hub_thread.run_round(now)


def _push_events(worker: Worker, now: datetime) -> int:
    """Where no thread does it more often."""
    thread = worker.fediverse_thread
    return 0 if thread.is_running else thread.run_round(now)


def _pull_networks(worker: Worker, now: datetime) -> int:
    """Where no thread does it: a network that does not answer delays no letter."""
    thread = worker.joint_thread
    return 0 if thread.is_running else thread.run_round(now)


def _read_calendars(worker: Worker, now: datetime) -> int:
    """Where no thread does it: a calendar that does not answer delays no letter."""
    thread = worker.calendar_thread
    return 0 if thread.is_running else thread.run_round(now)


def _warm_event_cache(worker: Worker, now: datetime) -> int:
    return worker.cache_warmer.write(now=now)


# Erasure is first, and steps that must not wait for a mail server come before delivery.
STEPS: Final[tuple[tuple[str, Callable[[Worker, datetime], int]], ...]] = (
    ("purge", _purge_expired),
    ("host", _clean_host),
    ("sign of life", _record_heartbeat),
    ("journal", _verify_audit_log),
    ("offers", _expire_offers),
    ("holds", _end_holds),
    ("calls", _end_calls),
    ("new links", _end_interrupted_renewals),
    ("doubtful seats", _carry_out_decisions),
    ("reviews", _run_reviews),
    ("seats shown", _show_seats),
    ("who comes", _ask_for_reconfirmation),
    ("reports", _ask_for_reports),
    ("approvals", _ask_for_approvals),
    ("digests", _send_digests),
    ("alerts", _send_alerts),
    ("links", _send_links),
    ("followers", _notify_followers),
    ("trials", _assign_wordings),
    ("letters", _deliver_letters),
    ("replies", _deliver_replies),
    ("texts", _deliver_texts),
    ("circulars", _deliver_mailings),
    ("roster", _deliver_roster_letters),
    ("notices of followers", _deliver_to_followers),
    (HUB, _push_feeds),
    (FEDIVERSE, _push_events),
    (JOINT, _pull_networks),
    (CALENDARS, _read_calendars),
    ("entries", _warm_event_cache),
    ("revision log", _log_revisions),
)
SENDING: Final = frozenset(
    {"letters", "texts", "replies", "circulars", "roster", "notices of followers"}
)
LED: Final = frozenset(
    {
        "purge",
        "journal",
        "offers",
        "holds",
        "calls",
        "new links",
        "doubtful seats",
        "reviews",
        "seats shown",
        "who comes",
        "reports",
        "approvals",
        "digests",
        "alerts",
        "links",
        "followers",
        "trials",
        "revision log",
        HUB,
        FEDIVERSE,
        JOINT,
        CALENDARS,
        "entries",
    }
)
