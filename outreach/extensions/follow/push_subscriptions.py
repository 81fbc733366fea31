"""Which push subscriptions are accepted, and their stored form.

A subscription is an address that a stranger typed and a server of ours will post to. Only the push
services of browsers are accepted, so that nobody has us post to another host; the rules of
callbacks (S39) hold besides.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from outreach.extensions.follow import push_encryption, vapid
from outreach.outbound import guarded_client
from outreach.outbound.guarded_client import FetchRule

# Chrome and what is built on it, Firefox, Safari and Edge use these. A dot: any host below it.
PUSH_SERVICES: Final = (
    "fcm.googleapis.com",
    ".push.services.mozilla.com",
    "web.push.apple.com",
    ".push.apple.com",
    ".notify.windows.com",
)
RULE: Final = "outreach_push_rule"  # in `app.extensions`


@dataclass(frozen=True)
class PushRule:
    """Decides which endpoints are accepted and posted to. Only tests make another than the default:
    no setting reaches it."""

    callbacks: FetchRule = field(default_factory=FetchRule)
    services: tuple[str, ...] = PUSH_SERVICES

    def is_valid(self, endpoint: str) -> bool:
        if not self.callbacks.is_valid(endpoint):
            return False
        host = guarded_client.get_host(endpoint)
        return any(
            host == each or (each.startswith(".") and host.endswith(each)) for each in self.services
        )


@dataclass(frozen=True, repr=False)
class PushSubscription:
    """What a browser gives to whom it lets send messages (Push API, 8)."""

    endpoint: str
    key: bytes  # p256dh
    auth: bytes

    def pack(self) -> str:
        """Returns the form in which it is stored: the same for the same browser."""
        return json.dumps([self.endpoint, vapid.encode(self.key), vapid.encode(self.auth)])


def unpack(packed: str) -> PushSubscription:
    endpoint, key, auth = json.loads(packed)
    return PushSubscription(endpoint, vapid.decode(key), vapid.decode(auth))


def read(fields: Mapping[str, str], rule: PushRule) -> PushSubscription | None:
    """The subscription in the fields `push_endpoint`, `push_key` and `push_auth` of a form; None
    where one of them is missing or wrong."""
    endpoint = fields.get("push_endpoint", "")
    try:
        key, auth = (vapid.decode(fields.get(each, "")) for each in ("push_key", "push_auth"))
    except ValueError:
        return None
    if not push_encryption.is_public_key(key) or len(auth) != push_encryption.AUTH_BYTES:
        return None
    return PushSubscription(endpoint, key, auth) if rule.is_valid(endpoint) else None
