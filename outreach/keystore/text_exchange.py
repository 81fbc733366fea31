"""What the key store keeps of texts that come in: HMACs of numbers and of the gateway's ids, digits
that wait to come back, and encrypted replies until they are sent (S41).

A number is in no table as such, and in no table of the main database at all.
"""

import hmac
import json
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from outreach.keystore.encryption import decrypt, encrypt
from outreach.keystore.keystore import KeyStore
from outreach.keystore.models import Key, ReceivedText, TextChallenge, TextReply, TextStop
from outreach.keystore.text_lifetimes import CHALLENGE_LIFETIME, REPLY_LIFETIME

DIGITS: Final = 6
MAX_TRIES: Final = 3  # to type the digits of one challenge
BATCH: Final = 500  # ids in one statement


@dataclass(frozen=True, kw_only=True, repr=False)
class QueuedReply:
    """A reply that waits. `words` says what to write; it holds no text and no link."""

    number: str  # E.164
    words: dict[str, Any] = field(default_factory=dict)
    key_id: bytes | None = None  # names the registration that it is about
    made_at: datetime


# Phones that want no texts


def stop_texts(key_store: KeyStore, number: str) -> None:
    row = {
        "contact": key_store.index(number),
        "recipient": key_store.digest_recipient(number),
        "stopped_on": key_store.today(),
    }
    with suppress(sa.exc.IntegrityError), key_store.store.change() as session:  # again
        session.execute(sa.insert(TextStop).values(row))


def allow_texts(key_store: KeyStore, number: str) -> None:
    with key_store.store.change() as session:
        session.execute(sa.delete(TextStop).where(TextStop.contact == key_store.index(number)))


def is_stopped(key_store: KeyStore, number: str) -> bool:
    with key_store.store.read() as session:
        return session.get(TextStop, key_store.index(number)) is not None


def select_stopped_recipients() -> sa.Select[bytes]:
    """Selects the `KeyStore.digest_recipient` of the phones that want no texts: for what ends with
    that wish."""
    return sa.select(TextStop.recipient)


def list_stopped(key_store: KeyStore, key_ids: Sequence[bytes]) -> set[bytes]:
    """Returns which of these keys belong to a phone that wants no texts."""
    found = set[bytes]()
    with key_store.store.read() as session:
        for start in range(0, len(key_ids), BATCH):
            some = Key.id.in_(key_ids[start : start + BATCH])
            query = sa.select(Key.id).join(TextStop, TextStop.contact == Key.contact).where(some)
            found.update(session.scalars(query))
    return found


# Digits that have to come back


def begin_challenge(key_store: KeyStore, number: str, key_id: bytes, *, now: datetime) -> str:
    """Makes and returns the digits for this phone and registration; those sent before are good no
    more."""
    seed, contact = secrets.token_bytes(16), key_store.index(number)
    values = {"key_id": key_id, "seed": seed, "tries": 0, "ends_at": now + CHALLENGE_LIFETIME}
    statement = (sqlite.insert if key_store.store.is_sqlite else postgresql.insert)(TextChallenge)
    with key_store.store.change() as session:
        session.execute(
            statement.values(contact=contact, **values).on_conflict_do_update(
                index_elements=["contact"], set_=values
            )
        )
    return _derive_digits(key_store, seed)


def read_digits(key_store: KeyStore, number: str, key_id: bytes, *, now: datetime) -> str:
    """Returns the digits that this phone has to send back about this registration; empty where they
    are no longer good, or those of another registration took their place."""
    with key_store.store.read() as session:
        row = session.get(TextChallenge, key_store.index(number))
        if row is None or row.key_id != key_id or now >= row.ends_at:
            return ""
        return _derive_digits(key_store, row.seed)


def end_challenge(key_store: KeyStore, number: str, digits: str, *, now: datetime) -> bytes | None:
    """Returns the key of the registration whose digits came back, once. None where they are wrong
    or late, or nothing waits for them. After MAX_TRIES the right digits are no longer good
    either."""
    with key_store.store.change() as session:
        row = session.get(TextChallenge, key_store.index(number), with_for_update=True)
        if row is None or now >= row.ends_at:
            return None
        row.tries += 1
        is_right = hmac.compare_digest(
            digits.encode(), _derive_digits(key_store, row.seed).encode()
        )
        key_id = row.key_id if is_right else None
        if is_right or row.tries >= MAX_TRIES:
            session.delete(row)
    return key_id


def has_challenge(key_store: KeyStore, number: str, *, now: datetime) -> bool:
    with key_store.store.read() as session:
        row = session.get(TextChallenge, key_store.index(number))
        return row is not None and now < row.ends_at


def _derive_digits(key_store: KeyStore, seed: bytes) -> str:
    found = key_store.digest_for("digits of texts", seed.hex())
    return f"{int.from_bytes(found[:8], 'big') % 10**DIGITS:0{DIGITS}}"


# Texts that came in


def record_received(key_store: KeyStore, gateway_id: str) -> bool:
    """Records a text by the gateway's id of it. False where it was recorded before."""
    row = {"digest": _digest(key_store, gateway_id), "received_on": key_store.today()}
    try:
        with key_store.store.change() as session:
            session.execute(sa.insert(ReceivedText).values(row))
    except sa.exc.IntegrityError:
        return False
    return True


def delete_received(key_store: KeyStore, gateway_id: str) -> None:
    """Takes a record back, so that the gateway can bring the text again."""
    digest = _digest(key_store, gateway_id)
    with key_store.store.change() as session:
        session.execute(sa.delete(ReceivedText).where(ReceivedText.digest == digest))


def _digest(key_store: KeyStore, gateway_id: str) -> bytes:
    return key_store.digest_for("texts received", gateway_id)[:16]


# Replies


def add_reply(key_store: KeyStore, reply: QueuedReply, *, now: datetime) -> None:
    """Queues a reply that is sent from `now` on."""
    with key_store.store.change_rows() as connection:
        insert_reply(connection, key_store, reply, now=now)


def insert_reply(
    connection: sa.Connection, key_store: KeyStore, reply: QueuedReply, *, now: datetime
) -> None:
    """Queues a reply as `add_reply` does, in a transaction of the key store's database."""
    reply_id = secrets.token_bytes(16)
    text = json.dumps({"number": reply.number, "words": reply.words})
    row = {
        "id": reply_id,
        "sealed": encrypt(_reply_key(key_store), text, _about(reply_id)),
        "key_id": reply.key_id,
        "due_at": now,
        "made_at": reply.made_at,
    }
    connection.execute(sa.insert(TextReply).values(row))


def find_due_reply(now: datetime) -> sa.Select[bytes, bytes, bytes | None, datetime]:
    """Selects the reply that waits longest: its id, its sealed words, its key and when it was
    made."""
    return (
        sa.select(TextReply.id, TextReply.sealed, TextReply.key_id, TextReply.made_at)
        .where(TextReply.due_at <= now, TextReply.made_at > now - REPLY_LIFETIME)
        .order_by(TextReply.due_at, TextReply.id)
        .limit(1)
    )


def take_reply(
    connection: sa.Connection, key_store: KeyStore, *, now: datetime
) -> QueuedReply | None:
    """Deletes the reply that waits longest and returns it: a crash before it is sent loses it, and
    the person can write again. None where none is due."""
    row = connection.execute(find_due_reply(now).with_for_update(skip_locked=True)).first()
    if row is None:
        return None
    data = json.loads(decrypt(_reply_key(key_store), row.sealed, _about(row.id)))
    connection.execute(sa.delete(TextReply).where(TextReply.id == row.id))
    return QueuedReply(
        number=data["number"], words=data["words"], key_id=row.key_id, made_at=row.made_at
    )


def _reply_key(key_store: KeyStore) -> bytes:
    return key_store.own_key("replies to texts")


def _about(reply_id: bytes) -> str:
    return f"reply {reply_id.hex()}"


def count_kept(key_store: KeyStore) -> tuple[int, int]:
    """Returns how many phones want no texts, and how many replies wait."""
    counts = [sa.select(sa.func.count()).select_from(each) for each in (TextStop, TextReply)]
    with key_store.store.read() as session:
        stopped, waiting = (session.scalar(each) or 0 for each in counts)
    return stopped, waiting
