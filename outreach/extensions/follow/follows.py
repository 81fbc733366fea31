"""The life of a follow: asked for, confirmed, renewed, ended.

By letter and text it begins when its link is confirmed; with push when the browser's permission has
given us an address. It ends with the day, with one press, within a minute after its phone answered
that it wants no texts, or after the one notice that it was for. Nobody of the staff can list,
export or count them.
"""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import change_rows, changes_one_row
from outreach.domain.network.kinds import Kind
from outreach.domain.workshops import Workshop
from outreach.errors import DataErased, NotFound
from outreach.extensions.follow import choices
from outreach.extensions.follow.choices import FollowDetails
from outreach.extensions.follow.tables import (
    Follow,
    FollowChannel,
    FollowMessage,
    FollowMessageType,
    FollowSubject,
)
from outreach.keystore import KeyStore, text_exchange

UNCONFIRMED_DAYS: Final = 3
LIFETIME_DAYS: Final = 90
BATCH: Final = 2000  # follows that are decrypted at once
KEPT: Final = timedelta(days=14)  # messages that were sent


@dataclass(frozen=True, kw_only=True, repr=False)
class OpenFollow:
    """A follow, decrypted."""

    id: bytes
    channel: FollowChannel
    subject: FollowSubject
    workshop: int | None
    is_confirmed: bool
    expires_on: date
    news_since: datetime
    details: FollowDetails


def request(
    key_store: KeyStore,
    details: FollowDetails,
    channel: FollowChannel,
    subject: FollowSubject = FollowSubject.AREA,
    *,
    workshop: Workshop | None = None,
    now: datetime,
) -> str:
    """Stores what somebody asked for, queues the first message, and returns the token of its link.

    The message asks for confirmation; with push it says that push works. One recipient has
    one request that is not confirmed: a later one changes it, so that each link that was
    sent confirms what was asked for last. Nobody can tell whether there was one (S26).
    """
    key_store.envelope.newest()  # reads the key store, which the transaction below must not
    is_push = channel is FollowChannel.PUSH
    recipient = key_store.digest_recipient(details.recipient)
    days = LIFETIME_DAYS if is_push else UNCONFIRMED_DAYS
    with key_store.store.change() as session:
        follow = session.scalar(
            sa.select(Follow)
            .where(Follow.recipient == recipient, Follow.is_confirmed.is_(False))
            .limit(1)
            .with_for_update()
        )
        follow_id = secrets.token_bytes(16) if follow is None else follow.id
        token = make_token(key_store, follow_id)
        sealed, generation = key_store.envelope.seal(choices.pack(details), follow_id)
        values: dict[str, Any] = {
            "sealed": sealed,
            "generation": generation,
            "subject": subject,
            "workshop": None if workshop is None else workshop.id,
            "expires_on": _limit(key_store.today() + timedelta(days=days), workshop),
            "news_since": now,
        }
        if follow is None:
            follow = Follow(
                id=follow_id,
                recipient=recipient,
                link=_digest_token(key_store, token),
                channel=channel,
                is_confirmed=is_push,
                **values,
            )
            session.add(follow)
        else:
            for name, value in values.items():
                setattr(follow, name, value)
        session.flush()
        _ask_to_confirm(session, follow, now)
        if is_push:
            _delete_earlier(session, follow)
    return token


def _ask_to_confirm(session: Session, follow: Follow, now: datetime) -> None:
    """Queues the message that asks for confirmation, unless one waits to be sent."""
    is_waiting = sa.select(FollowMessage.id).where(
        FollowMessage.follow_id == follow.id, FollowMessage.done_at.is_(None)
    )
    if session.scalar(is_waiting.limit(1)) is None:
        session.add(
            FollowMessage(
                follow_id=follow.id,
                channel=follow.channel,
                message_type=FollowMessageType.CONFIRM,
                made_at=now,
                due_at=now,
            )
        )


def find(key_store: KeyStore, token: str) -> OpenFollow:
    """Finds the follow whose link ends in `token`. Raises NotFound, also for one that has ended."""
    with key_store.store.read() as session:
        row = session.scalar(
            sa.select(Follow).where(
                Follow.link == _digest_token(key_store, token),
                Follow.expires_on > key_store.today(),
            )
        )
    if row is None:
        raise NotFound("follow")
    return unseal(key_store, row)


def unseal(key_store: KeyStore, row: Follow) -> OpenFollow:
    """Decrypts a follow. Raises DataErased where no master key decrypts it."""
    packed = key_store.envelope.unseal(row.sealed, row.id, row.generation)
    return OpenFollow(
        id=row.id,
        channel=row.channel,
        subject=row.subject,
        workshop=row.workshop,
        is_confirmed=row.is_confirmed,
        expires_on=row.expires_on,
        news_since=row.news_since,
        details=choices.unpack(packed),
    )


def confirm(
    key_store: KeyStore, follow: OpenFollow, workshop: Workshop | None, *, now: datetime
) -> bool:
    """Begins a follow, which replaces an earlier one of the same recipient about the same subject.

    Returns False where it had begun, or is gone. `workshop` is the one it is about, if it is
    about one.
    """
    until = _limit(key_store.today() + timedelta(days=LIFETIME_DAYS), workshop)
    with key_store.store.change() as session:
        has_begun = changes_one_row(
            session,
            sa.update(Follow)
            .where(Follow.id == follow.id, Follow.is_confirmed.is_(False))
            .values(is_confirmed=True, expires_on=until, news_since=now),
        )
        if has_begun:
            _delete_earlier(session, session.get_one(Follow, follow.id))
    return has_begun


def renew(key_store: KeyStore, follow: OpenFollow) -> bool:
    """Gives a confirmed follow of an area 90 days from today. Returns False where it is gone."""
    until = key_store.today() + timedelta(days=LIFETIME_DAYS)
    with key_store.store.change() as session:
        change_rows(
            session,
            sa.delete(FollowMessage).where(
                FollowMessage.follow_id == follow.id,
                FollowMessage.message_type == FollowMessageType.ENDING,
            ),
        )
        return changes_one_row(
            session,
            sa.update(Follow)
            .where(
                Follow.id == follow.id,
                Follow.is_confirmed.is_(True),
                Follow.subject == FollowSubject.AREA,
            )
            .values(expires_on=until),
        )


def end(key_store: KeyStore, *follow_ids: bytes) -> int:
    """Deletes follows with their messages, from the pages and the log of SQLite too; returns
    how many.
    """
    count = 0
    with key_store.store.change() as session:
        for start in range(0, len(follow_ids), 500):
            some = follow_ids[start : start + 500]
            count += change_rows(session, sa.delete(Follow).where(Follow.id.in_(some)))
    key_store.store.truncate_log()
    return count


def end_stopped(key_store: KeyStore) -> int:
    """Ends all that phones follow which answered that they want no texts, confirmed or not; returns
    how many follows. Until then no text goes there."""
    stopped = text_exchange.select_stopped_recipients()
    with key_store.store.read() as session:
        found = session.scalars(sa.select(Follow.id).where(Follow.recipient.in_(stopped))).all()
    return end(key_store, *found) if found else 0


def end_all_of(key_store: KeyStore, recipient: str) -> int:
    """Deletes all follows of an e-mail, a phone or the JSON of a push subscription; returns how
    many.
    """
    digest = key_store.digest_recipient(recipient)
    with key_store.store.read() as session:
        found = session.scalars(sa.select(Follow.id).where(Follow.recipient == digest)).all()
    return end(key_store, *found)


def purge(key_store: KeyStore, *, now: datetime) -> int:
    """Deletes follows that have ended and old messages; returns how many follows.

    Ended are follows whose day has come or whose one notice was sent, those of phones that want no
    texts, push subscriptions whose service was never reached, and follows that no master key
    decrypts.
    """
    stopped = end_stopped(key_store)
    here = key_store.envelope.master_keys.numbers()
    with key_store.store.change() as session:
        change_rows(session, sa.delete(FollowMessage).where(FollowMessage.done_at < now - KEPT))
        count = change_rows(
            session,
            sa.delete(Follow).where(
                sa.or_(
                    Follow.expires_on <= key_store.today(),
                    Follow.generation.not_in(here),
                    Follow.id.in_(_SERVED),
                    Follow.id.in_(_NEVER_REACHED),
                )
            ),
        )
    if count:
        key_store.store.truncate_log()
    return count + stopped


def leave_out_refused(key_store: KeyStore, kinds: Sequence[Kind]) -> int:
    """Seals choices again without the kinds that may not be followed any more; returns how many."""
    count, last = 0, b""
    while True:
        with key_store.store.read() as session:
            rows = session.scalars(
                sa.select(Follow).where(Follow.id > last).order_by(Follow.id).limit(BATCH)
            ).all()
        if not rows:
            return count
        last = rows[-1].id
        changed = [new for row in rows if (new := _seal_without_refused(key_store, row, kinds))]
        with key_store.store.change() as session:
            for values in changed:
                # Not what was asked for anew, or encrypted again, in between.
                count += changes_one_row(
                    session,
                    sa.update(Follow)
                    .where(Follow.id == values["id"], Follow.sealed == values.pop("before"))
                    .values(**values),
                )


def _seal_without_refused(
    key_store: KeyStore, row: Follow, kinds: Sequence[Kind]
) -> dict[str, Any] | None:
    """Returns the values of a row whose choice changes, sealed again; None for all others."""
    try:
        details = unseal(key_store, row).details
    except DataErased:
        return None
    choice = choices.leave_out_refused(details.choice, kinds, row.channel)
    if choice == details.choice:
        return None
    sealed, generation = key_store.envelope.seal(
        choices.pack(replace(details, choice=choice)), row.id
    )
    return {"id": row.id, "before": row.sealed, "sealed": sealed, "generation": generation}


def count_due(key_store: KeyStore) -> int:
    """Counts the follows that `purge` would delete because of their day."""
    with key_store.store.read() as session:
        due = Follow.expires_on <= key_store.today()
        return session.scalar(sa.select(sa.func.count()).select_from(Follow).where(due)) or 0


def count_stored(key_store: KeyStore) -> int:
    """Counts the stored follows, unconfirmed ones too; for the operator's inventory only."""
    with key_store.store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Follow)) or 0


def make_token(key_store: KeyStore, follow_id: bytes) -> str:
    """Returns what the link of a follow ends in, of 128 bits.

    It dies with the row, which has a digest.
    """
    digest = key_store.digest_for("link of a follow", follow_id.hex())[:16]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _digest_token(key_store: KeyStore, token: str) -> bytes:
    return key_store.digest_for("token of a follow", token)[:16]


def _limit(day: date, workshop: Workshop | None) -> date:
    """Returns the day on which a follow ends: with its workshop, if it is about one."""
    return day if workshop is None else min(day, workshop.day + timedelta(days=1))


def _delete_earlier(session: Session, follow: Follow) -> None:
    same_workshop = (
        Follow.workshop.is_(None) if follow.workshop is None else Follow.workshop == follow.workshop
    )
    change_rows(
        session,
        sa.delete(Follow).where(
            Follow.recipient == follow.recipient,
            Follow.subject == follow.subject,
            same_workshop,
            Follow.id != follow.id,
        ),
    )


def delete_of_workshop(key_store: KeyStore, workshop_id: int, channel: FollowChannel) -> int:
    """Deletes all follows about a workshop on one channel, confirmed or not; returns how many.

    Nobody may wait for that workshop on that channel any more.
    """
    with key_store.store.read() as session:
        found = session.scalars(
            sa.select(Follow.id).where(Follow.workshop == workshop_id, Follow.channel == channel)
        ).all()
    return end(key_store, *found)


_SERVED: Final = sa.select(FollowMessage.follow_id).where(
    FollowMessage.message_type.in_((FollowMessageType.OPENING, FollowMessageType.SEAT)),
    FollowMessage.done_at.is_not(None),
)
_NEVER_REACHED: Final = sa.select(FollowMessage.follow_id).where(
    FollowMessage.channel == FollowChannel.PUSH,
    FollowMessage.message_type == FollowMessageType.CONFIRM,
    FollowMessage.is_dead.is_(True),
)
