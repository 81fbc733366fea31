"""Subscriptions of the hub, and the requests that await verification (WebSub, 5.1 to 5.3; S45).

A row of `HubSubscription` is its own outbox: it is due while its subscriber does not have what its
topic says, and what is delivered is what the topic says then. So many changes in a row are one
delivery, and a worker that is killed loses none: the row is claimed again when its lease ends.

A callback may be a secret of its subscriber: it is in no log line.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Final, dataclass_transform

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, Session, mapped_column

from outreach.db.base import NAMES, TYPES
from outreach.db.outbox_row import OUTBOX_ORDER, OutboxRow
from outreach.domain.calendar.change_counters import ChangeCounter
from outreach.domain.outbox import ClaimedMessage, OutboxTable
from outreach.domain.workshops import PUBLIC_STATUSES, Workshop

ONE_DAY: Final = timedelta(days=1)
MIN_LEASE: Final = timedelta(hours=1)
MAX_LEASE: Final = timedelta(days=30)
DEFAULT_LEASE: Final = timedelta(days=10)
MAX_SUBSCRIPTIONS: Final = 500
MAX_OF_HOST: Final = 20  # subscriptions with callbacks of one registered domain
MAX_REQUESTS: Final = 200  # that await verification
REQUEST_KEPT: Final = timedelta(hours=1)  # for a callback that does not answer


@dataclass_transform(kw_only_default=True, field_specifiers=(mapped_column,))
class WebsubBase(MappedAsDataclass, DeclarativeBase, kw_only=True, eq=False, repr=False):
    metadata: ClassVar[sa.MetaData] = sa.MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar = TYPES


class HubMode(StrEnum):
    """What a callback is asked to confirm, or is told (`hub.mode`)."""

    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    DENIED = "denied"  # says that the topic is not pushed, or no longer


class TooManySubscriptions(Exception):
    """The hub has no room for another subscription, or not for this host."""


class HubSubscription(OutboxRow, WebsubBase):
    __tablename__ = "websub_subscription"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    key: Mapped[str] = mapped_column(sa.String(64), unique=True)  # `get_key`
    topic: Mapped[str] = mapped_column(sa.String(700), index=True)
    callback: Mapped[str] = mapped_column(sa.String(500))
    host: Mapped[str] = mapped_column(sa.String(253), index=True)  # its domain, which is counted
    sealed_secret: Mapped[bytes | None]
    expires_at: Mapped[datetime]
    sent_digest: Mapped[str] = mapped_column(sa.String(64))  # what the subscriber has
    # `made_at` is since when it has to be delivered. `is_dead`: it failed for three days, or
    # answered 410.
    done_at: Mapped[datetime | None] = mapped_column(sort_order=OUTBOX_ORDER + 4)


class HubRequest(OutboxRow, WebsubBase):
    __tablename__ = "websub_request"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    key: Mapped[str] = mapped_column(sa.String(64), unique=True)  # a newer one replaces it
    # Each request has its own: the answer to an earlier one does not confirm it.
    nonce: Mapped[str] = mapped_column(sa.String(32))
    mode: Mapped[HubMode]
    topic: Mapped[str] = mapped_column(sa.String(700))
    callback: Mapped[str] = mapped_column(sa.String(500))
    host: Mapped[str] = mapped_column(sa.String(253), index=True)
    sealed_secret: Mapped[bytes | None]
    lease_seconds: Mapped[int]


class HubTopic(WebsubBase):
    """A topic with subscribers, as it was when it was last looked at."""

    __tablename__ = "websub_topic"

    address: Mapped[str] = mapped_column(sa.String(700), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40))  # its change counter's
    number: Mapped[int] = mapped_column(sa.BigInteger)
    digest: Mapped[str] = mapped_column(sa.String(64))
    looked_at: Mapped[datetime]


DELIVERIES: Final = OutboxTable(HubSubscription, "topic")
REQUESTS: Final = OutboxTable(HubRequest, "mode")


@dataclass(frozen=True, kw_only=True, repr=False)
class WantedSubscription:
    """A subscriber's request to the hub, checked."""

    mode: HubMode
    topic: str
    callback: str
    domain: str  # that is counted: `guarded_client.get_domain`
    sealed_secret: bytes | None = None
    lease: timedelta = DEFAULT_LEASE

    @property
    def key(self) -> str:
        return get_key(self.topic, self.callback)


def get_key(topic: str, callback: str) -> str:
    """Returns the identity of a subscription: its topic and its callback (WebSub, 5.1)."""
    return hashlib.sha256(f"{topic}\n{callback}".encode()).hexdigest()


def clamp_lease(lease: timedelta) -> timedelta:
    return min(max(lease, MIN_LEASE), MAX_LEASE)


def request(session: Session, wanted: WantedSubscription, *, now: datetime) -> None:
    """Queues the verification of what is asked; an earlier request of the same subscription is
    replaced. Ending a subscription that is not there needs none. Raises TooManySubscriptions."""
    is_known = _exists(session, HubSubscription, HubSubscription.key == wanted.key)
    if wanted.mode is HubMode.UNSUBSCRIBE and not is_known:
        return
    if not _exists(session, HubRequest, HubRequest.key == wanted.key):
        _require_room(session, wanted, is_known=is_known)
    values = {
        "nonce": secrets.token_hex(16),
        "mode": wanted.mode,
        "topic": wanted.topic,
        "callback": wanted.callback,
        "host": wanted.domain,
        "sealed_secret": wanted.sealed_secret,
        "lease_seconds": int(clamp_lease(wanted.lease).total_seconds()),
        "made_at": now,
        "due_at": now,
        "tries": 0,
        "leased_until": None,
        "done_at": None,
        "is_dead": False,
    }
    _store(session, HubRequest, {"key": wanted.key}, values)


def _require_room(session: Session, wanted: WantedSubscription, *, is_known: bool) -> None:
    waiting = _count(session, HubRequest.id)
    of_host = _count(session, HubRequest.id, HubRequest.host == wanted.domain)
    active = 0
    if not is_known:
        of_host += _count(session, HubSubscription.id, HubSubscription.host == wanted.domain)
        active = _count(session, HubSubscription.id)
    if waiting >= MAX_REQUESTS or of_host >= MAX_OF_HOST or active + waiting >= MAX_SUBSCRIPTIONS:
        raise TooManySubscriptions


def find_request(session: Session, claimed: ClaimedMessage) -> HubRequest | None:
    return session.get(HubRequest, claimed.id)


def confirm(session: Session, answered: HubRequest, digest: str, *, now: datetime) -> bool:
    """Does what a callback has confirmed, unless the request was replaced meanwhile. A new
    subscriber gets what changes from now on, after `digest`."""
    current = session.get(HubRequest, answered.id)
    if current is None or current.nonce != answered.nonce:
        return False
    session.delete(current)
    known = session.scalar(sa.select(HubSubscription).where(HubSubscription.key == answered.key))
    if answered.mode is HubMode.UNSUBSCRIBE:
        if known is not None:
            session.delete(known)
        return True
    expires_at = now + timedelta(seconds=answered.lease_seconds)
    if known is not None:
        known.expires_at, known.sealed_secret = expires_at, answered.sealed_secret
        return True
    session.add(
        HubSubscription(
            key=answered.key,
            topic=answered.topic,
            callback=answered.callback,
            host=answered.host,
            sealed_secret=answered.sealed_secret,
            expires_at=expires_at,
            sent_digest=digest,
            made_at=now,
            due_at=now,
            done_at=now,
        )
    )
    return True


def end_request(session: Session, answered: HubRequest) -> None:
    """Forgets a request that the callback has refused, unless it was replaced meanwhile."""
    session.execute(
        sa.delete(HubRequest).where(
            HubRequest.id == answered.id, HubRequest.nonce == answered.nonce
        )
    )


def find(session: Session, claimed: ClaimedMessage) -> HubSubscription | None:
    return session.get(HubSubscription, claimed.id)


def record_delivery(
    connection: sa.Connection, claimed: ClaimedMessage, digest: str, now: datetime
) -> None:
    """Notes that the subscriber has what the topic says now."""
    table = HubSubscription.__table__
    assert isinstance(table, sa.Table)
    connection.execute(
        sa.update(table).where(table.c.id == claimed.id).values(sent_digest=digest, tries=0)
    )
    DELIVERIES.mark_done(connection, claimed, now)


def list_changed(session: Session, *, now: datetime, ripe_after: timedelta) -> list[str]:
    """Returns the topics that may have changed since they were last looked at.

    They are those whose change counter has risen, or all where a workshop to come has
    meanwhile been public for `ripe_after`.
    """
    known = sa.exists().where(HubTopic.address == HubSubscription.topic)
    unseen = session.scalars(sa.select(HubSubscription.topic).where(~known).distinct())
    ripened = sa.exists().where(
        Workshop.day >= now.date() - ONE_DAY,  # on the index, since this is asked each second
        Workshop.published_at > sa.bindparam("since", type_=HubTopic.looked_at.type),
        Workshop.published_at <= now - ripe_after,
        Workshop.status.in_(PUBLIC_STATUSES),
    )
    rows = session.execute(
        sa.select(HubTopic, ChangeCounter.number).outerjoin(
            ChangeCounter, ChangeCounter.name == HubTopic.name
        )
    ).all()
    if not rows:
        return list(unseen)
    oldest = min(topic.looked_at for topic, _number in rows)
    is_ripe = session.scalar(sa.select(ripened), {"since": oldest - ripe_after})
    changed = [topic.address for topic, number in rows if is_ripe or (number or 0) != topic.number]
    return [*unseen, *changed]


def record_topic(
    session: Session, address: str, name: str, number: int, digest: str, *, now: datetime
) -> None:
    """Stores what a topic says now, of which `number` was read before."""
    values = {"name": name, "number": number, "digest": digest, "looked_at": now}
    _store(session, HubTopic, {"address": address}, values)


def enqueue_changed(session: Session, *, now: datetime) -> int:
    """Makes the subscriptions due whose subscriber does not have what their topic says; returns
    how many."""
    done = session.execute(
        sa.update(HubSubscription)
        .where(_is_behind())
        .values(made_at=now, due_at=now, tries=0, done_at=None)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(done, sa.CursorResult)
    return done.rowcount


def has_behind(session: Session) -> bool:
    """Tells whether `enqueue_changed` has something to do."""
    return _exists(session, HubSubscription, _is_behind())


def end_topic(session: Session, address: str, *, now: datetime) -> None:
    """Ends the subscriptions of a topic that is no longer pushed, and queues a denial to each
    subscriber.
    """
    gone = session.scalars(sa.select(HubSubscription).where(HubSubscription.topic == address))
    for each in gone.all():
        session.delete(each)
        session.execute(sa.delete(HubRequest).where(HubRequest.key == each.key))
        session.add(
            HubRequest(
                key=each.key, nonce=secrets.token_hex(16), mode=HubMode.DENIED, topic=address,
                callback=each.callback, host=each.host, sealed_secret=None, lease_seconds=0,
                made_at=now, due_at=now,
            )
        )  # fmt: skip
    session.execute(sa.delete(HubTopic).where(HubTopic.address == address))


def has_expired(session: Session, *, now: datetime) -> bool:
    """Tells whether `purge` has something to do: it must not commit each second."""
    return any(_exists(session, table, condition) for table, condition in _gone(now))


def purge(session: Session, *, now: datetime) -> None:
    """Deletes subscriptions whose lease has ended or whose subscriber is gone, requests that nobody
    answered, and topics without subscribers."""
    for table, condition in _gone(now):
        session.execute(
            sa.delete(table).where(condition).execution_options(synchronize_session=False)
        )


def count_stored(session: Session) -> int:
    """Counts subscriptions and the requests that await verification."""
    return _count(session, HubSubscription.id) + _count(session, HubRequest.id)


def count_ended(session: Session, *, now: datetime) -> int:
    """Counts the subscriptions and requests that `purge` deletes."""
    return _count(session, HubSubscription.id, _has_ended(now)) + _count(
        session, HubRequest.id, _is_unanswered(now)
    )


def _has_ended(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(HubSubscription.expires_at <= now, HubSubscription.is_dead.is_(True))


def _is_unanswered(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(HubRequest.made_at <= now - REQUEST_KEPT, HubRequest.done_at.is_not(None))


def _gone(now: datetime) -> list[tuple[type[WebsubBase], sa.ColumnElement[bool]]]:
    has_subscriber = sa.exists().where(HubSubscription.topic == HubTopic.address)
    return [
        (HubSubscription, _has_ended(now)),
        (HubRequest, _is_unanswered(now)),
        (HubTopic, ~has_subscriber),
    ]


def _is_behind() -> sa.ColumnElement[bool]:
    digest = sa.select(HubTopic.digest).where(HubTopic.address == HubSubscription.topic)
    return sa.and_(
        HubSubscription.done_at.is_not(None),
        HubSubscription.is_dead.is_(False),
        HubSubscription.sent_digest != digest.scalar_subquery(),
    )


def _store(
    session: Session, model: type[WebsubBase], key: dict[str, str], values: dict[str, Any]
) -> None:
    """Inserts a row, or changes the one with that key.

    Two requests may do it at once.
    """
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(
        insert(model)
        .values(key | values)
        .on_conflict_do_update(index_elements=list(key), set_=values)
    )


def _exists(session: Session, model: type[WebsubBase], condition: sa.ColumnElement[bool]) -> bool:
    found = sa.select(sa.literal(1)).select_from(model).where(condition).limit(1)
    return session.scalar(found) is not None


def _count(
    session: Session, column: sa.orm.InstrumentedAttribute[int], *conditions: sa.ColumnElement[bool]
) -> int:
    return session.scalar(sa.select(sa.func.count(column)).where(*conditions)) or 0
