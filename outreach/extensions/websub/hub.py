"""The rounds of the hub: verify, find changes, push (WebSub, 5.3, 6 and 7; S45).

The worker runs them (`maintenance/round_thread.py`): nothing is fetched while a request waits.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Lock
from typing import Final
from urllib.parse import urlencode

from flask import Flask

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.calendar import change_counters
from outreach.domain.outbox import ClaimedMessage, OutboxTable
from outreach.domain.workshops.pushed import PUSHED_AFTER
from outreach.errors import DataErased
from outreach.extensions.websub import pushed_feed, subscriptions
from outreach.extensions.websub.pushed_feed import UnknownTopic
from outreach.extensions.websub.subscriptions import HubMode, HubRequest, HubSubscription
from outreach.keystore import KeyStore, encryption
from outreach.outbound import guarded_client, parallel_delivery
from outreach.outbound.guarded_client import AddressRefused, FetchRule, HostUnreachable
from outreach.outbound.parallel_delivery import Deliver, RecordOutcome

GONE: Final = 410  # the subscriber deletes its subscription (WebSub, 7)
RULE: Final = "outreach_callback_rule"  # in `app.extensions`
_PURPOSE: Final = "websub"


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
    key_store: KeyStore
    rule: FetchRule
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
        """Does each of its tasks once; returns how many callbacks were asked or pushed to."""
        count = self.verify_requests(now=now)
        if is_leading:
            self.find_changes(now=now)
        return count + self.push(now=now)

    def seal(self, secret: str, key: str) -> bytes:
        return encryption.encrypt(self.key_store.own_key(_PURPOSE), secret, f"websub {key}")

    def unseal(self, row: HubSubscription) -> str | None:
        """The secret of a subscription, if it has one. Raises DataErased."""
        if row.sealed_secret is None:
            return None
        own_key = self.key_store.own_key(_PURPOSE)
        return encryption.decrypt(own_key, row.sealed_secret, f"websub {row.key}")

    def _work(self, outbox: OutboxTable, deliver: Deliver, now: datetime) -> int:
        return parallel_delivery.work(
            self.store, outbox, deliver, now=now, should_stop=self.should_stop
        )

    def _verify(self, claimed: ClaimedMessage, now: datetime) -> RecordOutcome:
        with self.store.read() as session:
            row = subscriptions.find_request(session, claimed)
        if row is None:
            return parallel_delivery.record_nothing
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
        except HostUnreachable:
            return parallel_delivery.record_refusal(subscriptions.REQUESTS, claimed, now)
        with self.store.change() as session:
            if is_confirmed:
                subscriptions.confirm(session, row, digest, now=now)
            else:
                subscriptions.end_request(session, row)
        return parallel_delivery.record_nothing

    def _ask(self, row: HubRequest) -> bool:
        """Asks the callback to confirm by echoing a random challenge (WebSub, 5.3.1). Returns
        whether it did."""
        challenge = secrets.token_urlsafe(32)
        asked = {"hub.mode": row.mode.value, "hub.topic": row.topic, "hub.challenge": challenge}
        if row.mode is HubMode.SUBSCRIBE:
            asked["hub.lease_seconds"] = str(row.lease_seconds)
        answer = guarded_client.fetch(self.rule, _add_query(row.callback, asked))
        return answer.is_success and hmac.compare_digest(answer.body, challenge.encode())

    def _deny(self, row: HubRequest) -> bool:
        reason = "This feed is not pushed."
        denied = {"hub.mode": "denied", "hub.topic": row.topic, "hub.reason": reason}
        guarded_client.fetch(self.rule, _add_query(row.callback, denied))
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
            return parallel_delivery.record_nothing
        try:
            content, secret = self._content(row.topic, now), self.hub.unseal(row)
        except UnknownTopic:
            return parallel_delivery.record_nothing  # ended when it is looked at
        except DataErased:  # sealed by another installation: it could not be signed
            return partial(subscriptions.DELIVERIES.discard, claimed=claimed)
        record = partial(
            subscriptions.record_delivery, claimed=claimed, digest=content.digest, now=now
        )
        if row.sent_digest == content.digest:
            return record
        try:
            answer = guarded_client.fetch(
                self.hub.rule,
                row.callback,
                method="POST",
                headers=self._headers(row.topic, content, secret),
                body=content.body,
            )
        except HostUnreachable:
            return parallel_delivery.record_refusal(subscriptions.DELIVERIES, claimed, now)
        if answer.is_success:
            return record
        is_gone = answer.status == GONE
        return parallel_delivery.record_refusal(
            subscriptions.DELIVERIES, claimed, now, is_final=is_gone
        )

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
        hub = f"{self.hub.config.public_url}{pushed_feed.HUB.path}"
        headers = {
            "Content-Type": content.content_type,
            "Link": f'<{hub}>; rel="hub", <{topic}>; rel="self"',
            "User-Agent": "Outreach",
        }
        if secret is not None:
            headers["X-Hub-Signature"] = sign(secret, content.body)
        return headers


def of_app(app: Flask, should_stop: Callable[[], bool] = lambda: False) -> Hub:
    return Hub(
        app.extensions["outreach_store"],
        app.extensions["outreach_config"],
        app.extensions["outreach_key_store"],
        app.extensions[RULE],
        should_stop,
    )


def sign(secret: str, body: bytes) -> str:
    """The value of X-Hub-Signature (WebSub, 7.1)."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def _add_query(callback: str, values: dict[str, str]) -> str:
    """The callback with more parameters; its own are kept (WebSub, 5.3)."""
    return f"{callback}{'&' if '?' in callback else '?'}{urlencode(values)}"
