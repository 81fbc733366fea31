"""The rounds of the hub: verify, find changes, push (WebSub, 5.3, 6 and 7; S39).

The worker runs them (`maintenance/hub_thread.py`): nothing is fetched while a request waits.
"""

import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from time import monotonic
from typing import Final
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Flask

from outreach.accounts.server_encryption import ServerEncryption
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.calendar import change_counters
from outreach.domain.outbox import ClaimedMessage, OutboxTable
from outreach.domain.websub import subscriptions
from outreach.domain.websub.subscriptions import HubMode, HubRequest, HubSubscription
from outreach.errors import DataErased
from outreach.feeds import ics_feed, pushed_feed
from outreach.feeds.pushed_feed import PUSHED_AFTER, UnknownTopic
from outreach.websub import callback_client
from outreach.websub.callback_client import AddressRefused, CallbackRule, CallbackUnreachable

log = logging.getLogger(__name__)

MAX_PARALLEL: Final = 6  # a subscriber that does not answer must not delay the others
MAX_ROUND_SECONDS: Final = 30.0
GONE: Final = 410  # the subscriber deletes its subscription (WebSub, 7)
RULE: Final = "outreach_callback_rule"  # in `app.extensions`
RecordOutcome = Callable[[sa.Connection], None]


@dataclass(frozen=True)
class PushedContent:
    """What a topic says at one moment."""

    body: bytes
    content_type: str
    digest: str


@dataclass
class Hub:
    """The hub of one application."""

    store: Store
    config: Config
    encryption: ServerEncryption
    rule: CallbackRule
    should_stop: Callable[[], bool] = lambda: False

    def verify_requests(self, *, now: datetime) -> int:
        """Asks callbacks whether they want what was asked in their name; returns how many were
        asked."""
        return self._work(subscriptions.REQUESTS, self._verify, now)

    def find_changes(self, *, now: datetime) -> int:
        """Looks at the topics that may have changed, and makes their subscribers due; returns how
        many are. Ends what has expired."""
        with self.store.read() as session:
            has_expired = subscriptions.has_expired(session, now=now)
        if has_expired:
            with self.store.change() as session:
                subscriptions.purge(session, now=now)
        with self.store.read() as session:
            changed = subscriptions.list_changed(session, now=now, ripe_after=PUSHED_AFTER)
        for address in changed:
            with suppress(UnknownTopic):
                self._look_at(address, now)
        with self.store.read() as session:
            if not subscriptions.has_behind(session):
                return 0
        with self.store.change() as session:
            return subscriptions.enqueue_changed(session, now=now)

    def push(self, *, now: datetime) -> int:
        """Delivers what is due to subscribers; returns how many were tried."""
        return self._work(subscriptions.DELIVERIES, _Pusher(self).deliver, now)

    def run_round(self, *, now: datetime, is_leading: bool = True) -> int:
        """All of it once; returns how many callbacks were asked or pushed to."""
        count = self.verify_requests(now=now)
        if is_leading:
            self.find_changes(now=now)
        return count + self.push(now=now)

    def seal(self, secret: str, key: str) -> bytes:
        return self.encryption.seal(secret, f"websub {key}")

    def unseal(self, row: HubSubscription) -> str | None:
        """The secret of a subscription, if it has one. Raises DataErased."""
        if row.sealed_secret is None:
            return None
        return self.encryption.unseal(row.sealed_secret, f"websub {row.key}")

    def _work(
        self,
        outbox: OutboxTable,
        do: Callable[[ClaimedMessage, datetime], RecordOutcome],
        now: datetime,
    ) -> int:
        with self.store.read() as session:
            if not outbox.has_due(session, now=now):
                return 0
        began = monotonic()
        with ThreadPoolExecutor(MAX_PARALLEL, thread_name_prefix="hub") as pool:
            each = partial(self._work_through, outbox, do, now, began)
            return sum(pool.map(lambda _number: each(), range(MAX_PARALLEL)))

    def _work_through(
        self,
        outbox: OutboxTable,
        do: Callable[[ClaimedMessage, datetime], RecordOutcome],
        now: datetime,
        began: float,
    ) -> int:
        """Claims row after row. Each outcome is recorded before the next row is claimed."""
        count, claimed = 0, None
        while True:
            spent = monotonic() - began
            if self.should_stop() or spent > MAX_ROUND_SECONDS:
                return count
            at = now + timedelta(seconds=spent)
            with self.store.change_rows() as connection:
                claimed = outbox.claim(connection, now=at, after=claimed)
            if claimed is None:
                return count
            count += 1
            try:
                record_outcome = do(claimed, at)
            except Exception as error:
                # The type only: the text may have a callback.
                log.error("hub: row %s failed: %s", claimed.id, type(error).__name__)
                record_outcome = _refused(outbox, claimed, at)
            with self.store.change_rows() as connection:
                record_outcome(connection)

    def _verify(self, claimed: ClaimedMessage, now: datetime) -> RecordOutcome:
        with self.store.read() as session:
            row = subscriptions.find_request(session, claimed)
        if row is None:
            return _record_nothing
        is_wanted, digest = row.mode is not HubMode.DENIED, ""
        if row.mode is HubMode.SUBSCRIBE:
            try:
                digest = self._look_at(row.topic, now)
            except UnknownTopic:
                is_wanted = False
        try:
            is_confirmed = self._ask(row) if is_wanted else self._deny(row)
        except AddressRefused:
            is_confirmed = False
        except CallbackUnreachable:
            return _refused(subscriptions.REQUESTS, claimed, now)
        with self.store.change() as session:
            if is_confirmed:
                subscriptions.confirm(session, row, digest, now=now)
            else:
                subscriptions.end_request(session, row)
        return _record_nothing

    def _ask(self, row: HubRequest) -> bool:
        """Whether the callback confirms by echoing a random challenge (WebSub, 5.3.1)."""
        challenge = secrets.token_urlsafe(32)
        asked = {"hub.mode": row.mode.value, "hub.topic": row.topic, "hub.challenge": challenge}
        if row.mode is HubMode.SUBSCRIBE:
            asked["hub.lease_seconds"] = str(row.lease_seconds)
        answer = callback_client.fetch(self.rule, _add_query(row.callback, asked))
        return answer.is_success and hmac.compare_digest(answer.body, challenge.encode())

    def _deny(self, row: HubRequest) -> bool:
        reason = "This feed is not pushed."
        denied = {"hub.mode": "denied", "hub.topic": row.topic, "hub.reason": reason}
        callback_client.fetch(self.rule, _add_query(row.callback, denied))
        return False

    def _look_at(self, address: str, now: datetime) -> str:
        """The digest of what a topic says now, which is stored. Ends the subscriptions of a feed
        that is no longer pushed and raises UnknownTopic."""
        try:
            with self.store.read() as session:
                topic = pushed_feed.find_topic(session, self.config, address)
                name = topic.choice.name
                number, _at = change_counters.read(session, name)  # before the data it counts
                digest = pushed_feed.digest(session, self.config, topic, now=now)
        except UnknownTopic:
            with self.store.change() as session:
                subscriptions.end_topic(session, address, now=now)
            raise
        with self.store.change() as session:
            subscriptions.record_topic(session, address, name, number, digest, now=now)
        return digest


class _Pusher:
    """Pushes in one round; each topic is written once in it."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._lock = Lock()
        self._contents: dict[str, PushedContent] = {}

    def deliver(self, claimed: ClaimedMessage, now: datetime) -> RecordOutcome:
        with self.hub.store.read() as session:
            row = subscriptions.find(session, claimed)
        if row is None or row.expires_at <= now:
            return _record_nothing
        try:
            content, secret = self._content(row.topic, now), self.hub.unseal(row)
        except UnknownTopic:
            return _record_nothing  # ended when it is looked at
        except DataErased:  # of another installation's secret: it could not be signed
            return partial(subscriptions.DELIVERIES.discard, claimed=claimed)
        record = partial(
            subscriptions.record_delivery, claimed=claimed, digest=content.digest, now=now
        )
        if row.sent_digest == content.digest:
            return record
        try:
            answer = callback_client.fetch(
                self.hub.rule,
                row.callback,
                method="POST",
                headers=self._headers(row.topic, content, secret),
                body=content.body,
            )
        except CallbackUnreachable:
            return _refused(subscriptions.DELIVERIES, claimed, now)
        if answer.is_success:
            return record
        return _refused(subscriptions.DELIVERIES, claimed, now, is_final=answer.status == GONE)

    def _content(self, address: str, now: datetime) -> PushedContent:
        with self._lock:
            if address not in self._contents:
                config = self.hub.config
                with self.hub.store.read() as session:
                    topic = pushed_feed.find_topic(session, config, address)
                    self._contents[address] = PushedContent(
                        pushed_feed.write(session, config, topic, now=now),
                        pushed_feed.content_type(topic),
                        pushed_feed.digest(session, config, topic, now=now),
                    )
            return self._contents[address]

    def _headers(self, topic: str, content: PushedContent, secret: str | None) -> dict[str, str]:
        hub = ics_feed.hub_address(self.hub.config.public_url)
        headers = {
            "Content-Type": content.content_type,
            "Link": f'<{hub}>; rel="hub", <{topic}>; rel="self"',
            "User-Agent": "Outreach",
        }
        if secret is not None:
            headers["X-Hub-Signature"] = sign(secret, content.body)
        return headers


def of_app(app: Flask, *, should_stop: Callable[[], bool] = lambda: False) -> Hub:
    return Hub(
        app.extensions["outreach_store"],
        app.extensions["outreach_config"],
        ServerEncryption(app.extensions["outreach_secret"]),
        app.extensions[RULE],
        should_stop,
    )


def sign(secret: str, body: bytes) -> str:
    """The value of X-Hub-Signature (WebSub, 7.1)."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def _add_query(callback: str, values: dict[str, str]) -> str:
    """The callback with more parameters; its own are kept (WebSub, 5.3)."""
    return f"{callback}{'&' if '?' in callback else '?'}{urlencode(values)}"


def _refused(
    outbox: OutboxTable, claimed: ClaimedMessage, now: datetime, *, is_final: bool = False
) -> RecordOutcome:
    return partial(outbox.mark_refused, claimed=claimed, now=now, is_final=is_final)


def _record_nothing(_connection: sa.Connection) -> None:
    """The row is gone already, or will be."""
