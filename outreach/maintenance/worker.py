"""The worker's round: one step after the other, and a step that fails stops no other.

A new duty is one more line in `STEPS`: what to do now, and how many times it was done. Of several
workers only the one that leads does what is in `LED`; letters are taken one by one, so all send.
"""

import logging
import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final

from flask import Flask

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network import installation_settings
from outreach.domain.outbox import link_recovery
from outreach.keystore import KeyStore
from outreach.mail import delivery, mailings
from outreach.maintenance import scheduled_jobs
from outreach.maintenance.event_cache_warmup import EventCacheWarmer
from outreach.maintenance.leader import Leader
from outreach.privacy import audit_verification, retention

log = logging.getLogger(__name__)

PAUSE: Final = 5.0  # seconds between rounds
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
TEN_MINUTES: Final = timedelta(minutes=10)


class Worker:
    """Does rounds over one application's databases."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.config: Config = app.extensions["outreach_config"]
        self.store: Store = app.extensions["outreach_store"]
        self.key_store: KeyStore = app.extensions["outreach_key_store"]
        self.scribe = EventCacheWarmer(self.store, self.config)
        self.seen_at: datetime | None = None
        self.purged_on: date | None = None
        self.tidied_at: datetime | None = None
        self.reports_asked_at: datetime | None = None
        self.leader = Leader(self.store, LED, warn=self.tell)
        self.is_stopping = threading.Event()
        self._told: dict[str, datetime] = {}

    def round(self) -> int:
        """One round of all the steps; says how many letters and texts went out."""
        sent = 0
        try:
            self.leader.acquire()
        except Exception as error:
            log.error("leases failed: %s", type(error).__name__)
        for name, step in STEPS:
            if self.is_stopping.is_set():
                break
            if name in LED and not self.leader.leads(name):
                continue
            try:
                done = step(self, clock.now())
            except Exception as error:
                # The kind of error only: its text might hold an address.
                log.error("%s failed: %s", name, type(error).__name__)
                continue
            sent += done if name in SENDING else 0
        return sent

    def tell(self, words: str) -> None:
        """Logs why letters or texts wait: at once, and then each hour, not with every round."""
        now = clock.now()
        if words not in self._told or now - self._told[words] >= HOUR:
            self._told[words] = now
            log.warning("%s", words)

    def once(self) -> int:
        """Rounds until nothing more is due, or nothing more can be sent."""
        sent = 0
        with self.leader.renewing():
            while some := self.round():
                sent += some
        return sent

    def run(
        self, stop: threading.Event, *, after: Callable[[int], None] = lambda sent: None
    ) -> None:
        """Rounds until told to stop; what is being sent is finished first."""
        self.is_stopping = stop
        with self.leader.renewing():
            while not stop.is_set():
                after(self.round())
                stop.wait(PAUSE)


def _sign_of_life(worker: Worker, now: datetime) -> int:
    """Once a minute: each commit makes every process look again at what it remembers."""
    if worker.seen_at is None or now - worker.seen_at >= MINUTE:
        with worker.store.change() as session:
            installation_settings.record_worker_seen(session, now=now)
        worker.seen_at = now
    return 0


def _purge(worker: Worker, now: datetime) -> int:
    """At the start, or when it comes to lead, and once a day."""
    if worker.purged_on == now.date():
        return 0
    done = retention.daily(worker.store, worker.key_store, worker.config, now=now)
    worker.purged_on, worker.tidied_at = now.date(), now
    return 0 if done is None else done.keys


def _host(worker: Worker, now: datetime) -> int:
    """Each hour, and by every worker: the files of its host are nobody else's to forget."""
    if worker.tidied_at is None or now - worker.tidied_at >= HOUR:
        retention.hourly(worker.key_store, now=now)
        retention.delete_letters(worker.store, worker.config)
        worker.tidied_at = now
    return 0


def _journal(worker: Worker, now: datetime) -> int:
    return audit_verification.mark(worker.store, worker.key_store, now=now)


def _offers(worker: Worker, now: datetime) -> int:
    return scheduled_jobs.expire_offers(worker.store, now=now)


def _who_comes(worker: Worker, now: datetime) -> int:
    return scheduled_jobs.request_reconfirmations(worker.store, now=now)


def _reports(worker: Worker, now: datetime) -> int:
    """Every ten minutes: nobody waits for it."""
    if worker.reports_asked_at is not None and now - worker.reports_asked_at < TEN_MINUTES:
        return 0
    worker.reports_asked_at = now
    return scheduled_jobs.ask_for_reports(worker.store, now=now)


def _links(worker: Worker, now: datetime) -> int:
    """Who asked for their link is owed it; the one who asked may not be who it is about."""
    owed = 0
    for ask in worker.key_store.link_requests():
        with worker.store.change() as session:
            owed += link_recovery.enqueue_links(session, ask.key_ids, now=now)
        worker.key_store.delete_link_request(ask.id)
    return owed


def _letters(worker: Worker, now: datetime) -> int:
    transport = delivery.letter_transport(worker.config)
    if transport is None:
        return 0
    with worker.app.app_context():
        return delivery.deliver(
            worker.store, worker.key_store, worker.config, transport,
            now=now, should_stop=worker.is_stopping.is_set, warn=worker.tell,
        )  # fmt: skip


def _texts(worker: Worker, now: datetime) -> int:
    transport = delivery.text_transport(worker.config)
    if transport is None:
        return 0
    with worker.app.app_context():
        return delivery.deliver_texts(
            worker.store, worker.key_store, worker.config, transport,
            now=now, should_stop=worker.is_stopping.is_set, warn=worker.tell,
        )  # fmt: skip


def _circulars(worker: Worker, now: datetime) -> int:
    transport = delivery.letter_transport(worker.config)
    if transport is None:
        return 0
    with worker.app.app_context():
        return mailings.deliver(
            worker.store, worker.key_store, worker.config, transport,
            now=now, should_stop=worker.is_stopping.is_set, warn=worker.tell,
        )  # fmt: skip


def _entries(worker: Worker, now: datetime) -> int:
    return worker.scribe.write(now=now)


# Forgetting comes first, and what must not wait for a mail server comes before the letters.
STEPS: Final[tuple[tuple[str, Callable[[Worker, datetime], int]], ...]] = (
    ("purge", _purge),
    ("host", _host),
    ("sign of life", _sign_of_life),
    ("journal", _journal),
    ("offers", _offers),
    ("who comes", _who_comes),
    ("reports", _reports),
    ("links", _links),
    ("letters", _letters),
    ("texts", _texts),
    ("circulars", _circulars),
    ("entries", _entries),
)
SENDING: Final = frozenset({"letters", "texts", "circulars"})
LED: Final = frozenset({"purge", "journal", "offers", "who comes", "reports", "links", "entries"})
