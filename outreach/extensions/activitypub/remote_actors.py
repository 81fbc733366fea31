"""Actors of other servers: fetched to check a signature, and kept in memory for an hour."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from outreach.extensions.activitypub.event_objects import MIMETYPE
from outreach.memory_cache import MemoryCache
from outreach.outbound import guarded_client
from outreach.outbound.guarded_client import FetchRule, HostUnreachable

MAX_BYTES: Final = 64 * 1024  # that an actor may have
FETCH_SECONDS: Final = 5.0  # that a request waits at most
KEPT_FOR: Final = timedelta(hours=1)
MAX_KEPT: Final = 1_000
GONE: Final = frozenset({404, 410})


class ActorGone(Exception):
    """The actor's own server says that there is no such actor any more."""


class ActorUnusable(Exception):
    """An actor cannot be fetched, or is none to which something can be sent. The text says why."""


@dataclass(frozen=True)
class RemoteActor:
    id: str
    inbox: str
    shared_inbox: str  # its own inbox, without one
    key_id: str
    public_key: str  # PEM

    @property
    def host(self) -> str:
        return guarded_client.get_host(self.id)


class RemoteActors:
    """The actors that one process has fetched."""

    def __init__(self, get_rule: Callable[[], FetchRule], own_host: str) -> None:
        self._get_rule, self._own_host = get_rule, own_host
        self._kept: MemoryCache[RemoteActor] = MemoryCache(MAX_KEPT, lifetime=KEPT_FOR)

    def is_valid(self, address: str) -> bool:
        """Whether an address may be that of an actor or an inbox. Its name is not resolved."""
        return self._get_rule().is_valid(address, own_host=self._own_host)

    def find_kept(self, address: str, *, now: datetime) -> RemoteActor | None:
        return self._kept.get(address, now=now)

    def fetch(self, address: str, headers: dict[str, str], *, now: datetime) -> RemoteActor:
        """Fetches an actor. `headers` sign the request: some servers ask for it. Raises ActorGone
        and ActorUnusable."""
        if not self.is_valid(address):
            raise ActorUnusable("The actor must be a public https address, on port 443.")
        try:
            answer = guarded_client.fetch(
                self._get_rule(),
                address,
                headers={"Accept": MIMETYPE, "User-Agent": "Outreach"} | headers,
                seconds=FETCH_SECONDS,
                max_bytes=MAX_BYTES + 1,
            )
        except HostUnreachable:
            raise ActorUnusable("The actor cannot be fetched.") from None
        if answer.status in GONE:
            raise ActorGone
        if not answer.is_success or len(answer.body) > MAX_BYTES:
            raise ActorUnusable("The actor cannot be fetched.")
        actor = self._read(address, parse_object(answer.body) or {})
        self._kept.put(address, actor, now=now)
        return actor

    def _read(self, address: str, found: dict[str, Any]) -> RemoteActor:
        key, endpoints = found.get("publicKey"), found.get("endpoints")
        if found.get("id") != address or not isinstance(key, dict) or key.get("owner") != address:
            raise ActorUnusable("The actor and its key must name each other.")
        inbox = found.get("inbox")
        shared = endpoints.get("sharedInbox") if isinstance(endpoints, dict) else None
        found_texts = (inbox, shared or inbox, key.get("id"), key.get("publicKeyPem"))
        texts = [each for each in found_texts if isinstance(each, str)]
        if len(texts) < len(found_texts):
            raise ActorUnusable("The actor must have an inbox and a public key.")
        actor = RemoteActor(address, *texts)
        for each in (actor.inbox, actor.shared_inbox):
            # On its own host: otherwise one could have us post to somebody else.
            if not self.is_valid(each) or not is_same_host(each, address):
                raise ActorUnusable("The inbox must be a public https address on the actor's host.")
        return actor


def is_same_host(one: str, other: str) -> bool:
    """Whether two addresses have the same host and port."""
    try:
        return urlsplit(one).netloc.lower() == urlsplit(other).netloc.lower()
    except ValueError:
        return False


def parse_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object of a body, bounded by its caller; None for what is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):  # nested too deep
        return None
    return found if isinstance(found, dict) else None
