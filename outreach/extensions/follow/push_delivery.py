"""Delivers push messages: a neutral sentence and an address of this site, for one browser.

A subscription that its service does not know any more (404, 410) is deleted at once.
"""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.extensions.follow import follows, push_encryption, push_subscriptions
from outreach.extensions.follow.messages import PUSH_TITLE, PUSH_WORDS, FollowContext, push_outlets
from outreach.extensions.follow.push_subscriptions import PushRule
from outreach.extensions.follow.tables import FollowMessageType
from outreach.extensions.follow.vapid import VapidSigner
from outreach.i18n import translate, translator
from outreach.keystore import KeyStore
from outreach.mail.delivery_errors import DeliveryRefused
from outreach.mail.delivery_round import deliver_in_parallel
from outreach.mail.message_context import mail_from
from outreach.outbound import guarded_client
from outreach.outbound.guarded_client import HostUnreachable

log = logging.getLogger(__name__)

MAX_PARALLEL: Final = 4
MAX_FAILURES: Final = 3  # unreachable in one round: the service or we are off line
TTL_SECONDS: Final = 3 * 24 * 3600  # that the service keeps it for a phone that is off
GONE: Final = frozenset({404, 410})
TEMPORARY: Final = frozenset({408, 425, 429})


@dataclass(frozen=True, kw_only=True, repr=False)
class PushMessage:
    recipient: str  # the stored form of the subscription
    payload: bytes
    is_first: bool  # until it is accepted nothing says that there is such a subscription


@dataclass
class PushSender:
    """Posts to push services."""

    key_store: KeyStore
    rule: PushRule
    signer: VapidSigner
    failures: int = 0

    def __call__(self, message: PushMessage) -> None:
        """Posts a message to its push service. A request that had no answer is repeated: a message
        that comes twice replaces itself on the phone. Raises DeliveryRefused."""
        subscription = push_subscriptions.unpack(message.recipient)
        if not self.rule.is_valid(subscription.endpoint):
            raise DeliveryRefused(is_final=True)
        body = push_encryption.encrypt(message.payload, subscription.key, subscription.auth)
        headers = {
            "Authorization": self.signer.authorize(subscription.endpoint, now=clock.now()),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(TTL_SECONDS),
            "Urgency": "normal",
        }
        try:
            answer = guarded_client.fetch(
                self.rule.callbacks,
                subscription.endpoint,
                method="POST",
                headers=headers,
                body=body,
            )
        except HostUnreachable:
            # An address that never answered may be invented: it must not end a round of others.
            self.failures += not message.is_first
            ends_round = self.failures >= MAX_FAILURES
            raise DeliveryRefused(is_final=False, ends_round=ends_round) from None
        is_wrong = 400 <= answer.status < 500 and answer.status not in TEMPORARY
        if answer.status in GONE or (is_wrong and message.is_first):
            follows.end_all_of(self.key_store, message.recipient)
            raise DeliveryRefused(is_final=True)
        if not answer.is_success:
            raise DeliveryRefused(is_final=is_wrong)


def make_signer(key_store: KeyStore, config: Config) -> VapidSigner:
    return VapidSigner(key_store, f"mailto:{mail_from(config)}")


def write(context: FollowContext) -> PushMessage:
    """The message: title, one sentence, and the address that it opens."""
    lang = context.follow.details.lang
    payload = {
        "title": translator(lang).pgettext(*PUSH_TITLE),
        "body": translate(PUSH_WORDS[context.message_type], lang),
        "path": context.path,
        "lang": lang,
    }
    packed = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    return PushMessage(
        recipient=context.follow.details.recipient,
        payload=packed,
        is_first=context.message_type is FollowMessageType.CONFIRM,
    )


def deliver(
    store: Store,
    key_store: KeyStore,
    sender: PushSender,
    *,
    now: datetime,
    should_stop: Callable[[], bool] = lambda: False,
    warn: Callable[[str], None] = log.warning,
) -> int:
    """Delivers push messages in rounds side by side, so that a service that does not answer delays
    no other; returns how many were sent."""

    @contextmanager
    def transport() -> Iterator[PushSender]:
        yield sender

    sender.failures = 0
    outlets = push_outlets(store, key_store, write, transport, count=MAX_PARALLEL)
    return deliver_in_parallel(outlets, now=now, should_stop=should_stop, warn=warn)
