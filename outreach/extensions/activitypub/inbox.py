"""What other servers send to offices: who follows, and who no longer does (S42).

Everything else is accepted and ignored, before anything is fetched. A request is believed when it
is signed with the key of its actor, which that actor's server shows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import BoundedSemaphore
from typing import Any, Final

from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.domain.network import offices
from outreach.domain.network.offices import Office
from outreach.errors import NotFound
from outreach.extensions.activitypub import deliveries, followers, http_signatures, remote_actors
from outreach.extensions.activitypub.deliveries import FediverseActivity
from outreach.extensions.activitypub.event_objects import FediverseAddresses
from outreach.extensions.activitypub.followers import NewFollower
from outreach.extensions.activitypub.http_signatures import BadSignature, HttpSignature
from outreach.extensions.activitypub.remote_actors import (
    ActorGone,
    ActorUnusable,
    RemoteActor,
    RemoteActors,
)
from outreach.extensions.activitypub.signing_keys import SigningKeys

MAX_ID_LENGTH: Final = 500
MAX_FETCHES: Final = 1  # at the same time in one process: each keeps a thread busy
# What gancio sends in place of an Undo is «Unfollow».
_FOLLOW: Final = "Follow"
_ENDS: Final = frozenset({"Undo", "Unfollow"})


class InboxBusy(Exception):
    """Another actor is being fetched: the request is to be sent again later."""


class BadActivity(Exception):
    """The activity makes no sense; the text says why, for the answer."""


@dataclass(frozen=True)
class InboxRequest:
    target: str  # path and query, as they are signed
    headers: Mapping[str, str]  # by names in lower case
    body: bytes


@dataclass(frozen=True)
class InboxActivity:
    """An activity that is not ignored: somebody follows, follows no longer, or deletes their
    account."""

    type: str
    id: str
    actor: str
    office: str  # its slug; empty in the deletion of an actor


@dataclass
class Inbox:
    """The inbox of all offices, in one process."""

    store: Store
    keys: SigningKeys
    actors: RemoteActors
    addresses: FediverseAddresses
    _fetches: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(MAX_FETCHES))

    def read(self, request: InboxRequest) -> InboxActivity | None:
        """Returns what the request says, not yet believed; None for what is ignored. Raises
        BadActivity."""
        found = remote_actors.parse_object(request.body)
        if found is None:
            raise BadActivity("The body must be a JSON object.")
        activity = self._read_activity(found)
        if activity is None:
            return None
        if not self.actors.is_valid(activity.actor):
            raise BadActivity("The actor must be a public https address, on port 443.")
        if len(activity.id) > MAX_ID_LENGTH or not _is_plain(activity.id):
            raise BadActivity(f"The id must be an address of at most {MAX_ID_LENGTH} characters.")
        return activity

    def accept(
        self,
        request: InboxRequest,
        activity: InboxActivity,
        *,
        count: Callable[[str], None],
        now: datetime,
    ) -> None:
        """Does what the request says, if it is signed by its actor. `count` is called with the
        actor's address before anything costs us or its server more than a look at the database;
        what it raises is not caught. Raises BadSignature, ActorUnusable, TooManyFollowers, NotFound
        for an office that has no actor, and InboxBusy."""
        signature = http_signatures.parse(request.headers.get("signature", ""))
        http_signatures.check_claims(request.headers, request.body, now=now)
        if not remote_actors.is_same_host(signature.key_id, activity.actor):
            raise BadSignature("The key is on another host than the actor.")
        with self.store.read() as session:
            office = _find_office(session, activity)
            of_office = office.id if activity.type in _ENDS else None
            is_known = followers.is_follower(session, activity.actor, of_office)
        if activity.type != _FOLLOW and not is_known:
            return  # Mastodon tells every server it knows of each account that is deleted
        count(activity.actor)
        try:
            actor = self._verify(request, signature, activity.actor, office, now=now)
        except ActorGone:
            if activity.type != "Delete":
                raise ActorUnusable("There is no such actor.") from None
            actor = None  # its server has said so itself
        with self.store.change() as session:
            if activity.type == "Delete":
                followers.forget(session, activity.actor)
            elif activity.type in _ENDS:
                followers.unfollow(session, office.id, activity.actor)
            elif actor is not None:
                self._follow(session, activity, actor, office, now)

    def _follow(
        self,
        session: Session,
        activity: InboxActivity,
        actor: RemoteActor,
        office: Office,
        now: datetime,
    ) -> None:
        new = NewFollower(
            office_id=office.id,
            actor=actor.id,
            inbox=actor.inbox,
            shared_inbox=actor.shared_inbox,
            host=actor.host,
        )
        followers.follow(session, new)
        deliveries.enqueue(
            session,
            FediverseActivity.ACCEPT,
            office_id=office.id,
            subject=actor.id,
            inboxes=[actor.inbox],
            follow_id=activity.id,
            now=now,
        )

    def _verify(
        self,
        request: InboxRequest,
        signature: HttpSignature,
        address: str,
        office: Office,
        *,
        now: datetime,
    ) -> RemoteActor:
        """Returns the actor whose key has signed the request. Fetches it where it is not kept, or
        where its key may be a new one."""
        kept = self.actors.find_kept(address, now=now)
        if kept is not None:
            try:
                _check(request, signature, kept)
            except BadSignature:
                pass  # its key may be a new one
            else:
                return kept
        if not self._fetches.acquire(blocking=False):
            raise InboxBusy
        try:
            headers = http_signatures.sign(
                self.keys.get(office.id), self.addresses.key(office),
                method="GET", url=address, now=now,
            )  # fmt: skip
            actor = self.actors.fetch(address, headers, now=now)
        finally:
            self._fetches.release()
        _check(request, signature, actor)
        return actor

    def _read_activity(self, found: Mapping[str, Any]) -> InboxActivity | None:
        kind, actor, thing = (found.get(name) for name in ("type", "actor", "object"))
        if not isinstance(kind, str) or not isinstance(actor, str):
            return None
        if kind == "Delete" and _get_id(thing) == actor:
            return InboxActivity(kind, "", actor, "")
        followed = thing
        if kind == "Undo":
            if not isinstance(thing, dict) or thing.get("type") != _FOLLOW:
                return None
            followed = thing.get("object")
        elif kind != _FOLLOW and kind not in _ENDS:
            return None
        slug = self.addresses.get_slug(_get_id(followed))
        follow_id = found.get("id")
        if not slug or not isinstance(follow_id, str):
            raise BadActivity("The object must be the actor of an office.")
        return InboxActivity(kind, follow_id, actor, slug)


def _find_office(session: Session, activity: InboxActivity) -> Office:
    """Returns the office that is followed; for the deletion of an actor, any office that can sign.
    Raises NotFound."""
    slug = activity.office
    found = [offices.find(session, slug)] if slug else offices.list_offices(session)
    for office in found:
        if followers.find_key(session, office.id) is not None:
            return office
    raise NotFound("an office with a key")


def _check(request: InboxRequest, signature: HttpSignature, actor: RemoteActor) -> None:
    # Older versions of gancio name the actor in place of its key.
    if signature.key_id not in {actor.key_id, actor.id}:
        raise BadSignature("The key is not that of the actor.")
    http_signatures.verify(
        signature,
        http_signatures.load_public_key(actor.public_key),
        method="POST",
        target=request.target,
        headers=request.headers,
    )


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _get_id(thing: object) -> str:
    if isinstance(thing, dict):
        thing = thing.get("id")
    return thing if isinstance(thing, str) else ""
