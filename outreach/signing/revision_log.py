"""The public, append-only log of month revisions: a Merkle tree with signed heads (COUNT15).

An entry is the SHA-256 of a revision's canonical JSON and of each of its files, and the time. Its
signed head is stored with it, so that no request signs anything, and nothing is signed before all
earlier entries were found to be those of the last signed head: who can only write to the main
database cannot have a rewritten log signed. The private key is derived from the key store's own
key, as that of Web Push: it is in no file, and is rotated, saved and restored with the key store.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network import kinds
from outreach.domain.reporting import months, revision_log
from outreach.domain.reporting.months import MonthRevision
from outreach.domain.reporting.revision_log import LogEntry, PublishedFile
from outreach.errors import NotFound
from outreach.keystore import KeyStore
from outreach.reports import month_report
from outreach.signing import checkpoints, merkle_tree, month_files, pdf_signature
from outreach.signing.checkpoints import InvalidCheckpoint, TreeHead
from outreach.signing.month_files import MonthContent
from outreach.signing.proofs import ConsistencyProof, RevisionProof

LEAF_FORMAT: Final = 1
_PURPOSE: Final = "log of revisions"


class DamagedLog(Exception):
    """The stored log is not what was signed: nothing more is signed until an operator looks."""


def signing_key(key_store: KeyStore) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(key_store.own_key(_PURPOSE))


def append_missing(
    store: Store, key_store: KeyStore, config: Config, *, most: int | None = None, now: datetime
) -> int:
    """Publishes the files of each revision that is not in the log yet, and appends its entry, in
    the order of their cut, `most` of them; returns how many. Raises DamagedLog.

    Two workers that run it at once do no harm: the position of an entry is unique."""
    with store.read() as session:
        unlogged = revision_log.list_unlogged(session, now=now)[:most]
    for month, number in unlogged:
        with store.read() as session:
            revision = months.get_revision(session, month, number)
            if not month_report.is_sound(revision):
                raise DamagedLog(f"{month}, revision {number}, was changed after it was closed")
            content = _load_content(session, revision, brand=config.brand)
        # Typesetting and time stamps are slow: in no transaction.
        files = pdf_signature.sign_files(month_files.render(content), config, key_store)
        with store.change() as session:
            append(session, key_store, revision, files, host=config.host, now=now)
    return len(unlogged)


def append(
    session: Session,
    key_store: KeyStore,
    revision: MonthRevision,
    files: Mapping[str, bytes],
    *,
    host: str,
    now: datetime,
) -> None:
    """Stores the files of a revision and appends its entry. Raises DamagedLog."""
    entries = revision_log.list_entries(session)
    check_last_head(entries)
    leaf = write_leaf(revision, files, now=now)
    key, name = signing_key(key_store), f"{host}/log"
    leaves = [*hash_leaves(entries), merkle_tree.hash_leaf(leaf.encode())]
    head = TreeHead(name, len(leaves), merkle_tree.compute_root(leaves))
    session.add(
        LogEntry(
            position=len(entries),
            month=revision.month,
            revision=revision.number,
            leaf=leaf,
            checkpoint=checkpoints.sign(head, key),
            verifier=checkpoints.write_verifier(name, key.public_key()),
        )
    )
    session.add_all(
        PublishedFile(
            month=revision.month, revision=revision.number, name=file_name, content=content
        )
        for file_name, content in files.items()
    )


def write_leaf(revision: MonthRevision, files: Mapping[str, bytes], *, now: datetime) -> str:
    """Returns what is hashed as a leaf. No field of it changes its meaning while `format` is the
    same."""
    leaf = {
        "format": LEAF_FORMAT,
        "month": str(Month.from_number(revision.month)),
        "revision": revision.number,
        "sha256": revision.digest,
        "logged_at": f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "files": {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)},
    }
    return json.dumps(leaf, separators=(",", ":"))


def hash_leaves(entries: Sequence[LogEntry]) -> list[bytes]:
    return [merkle_tree.hash_leaf(each.leaf.encode()) for each in entries]


def check_last_head(entries: Sequence[LogEntry]) -> None:
    """Raises DamagedLog where the entries are not those of the last signed head."""
    if entries and (fault := _find_head_fault(entries[-1], len(entries) - 1, hash_leaves(entries))):
        raise DamagedLog(fault)


def find_errors(session: Session) -> Iterator[str]:
    """Returns what of the log, the revisions or the published files is not as it was signed, in
    words for the operator."""
    entries = revision_log.list_entries(session)
    leaves = hash_leaves(entries)
    files: dict[tuple[str, int], dict[str, str]] = {}
    for each in revision_log.list_files(session):
        key = str(Month.from_number(each.month)), each.revision
        files.setdefault(key, {})[each.name] = hashlib.sha256(each.content).hexdigest()
    for index, entry in enumerate(entries):
        if fault := _find_head_fault(entry, index, leaves[: index + 1]):
            yield fault
            continue  # what its leaf says is worth nothing
        leaf = json.loads(entry.leaf)
        key = leaf["month"], leaf["revision"]
        if files.get(key, {}) != leaf["files"]:
            yield f"a published file of {key[0]}, revision {key[1]}, was changed"
        if _digest_of_stored(session, leaf) != leaf["sha256"]:
            yield f"the numbers of {key[0]}, revision {key[1]}, were changed"


def prove(session: Session, month: Month, number: int | None = None) -> RevisionProof:
    """The proof of a revision, or of the newest that is in the log. Raises NotFound."""
    entries = revision_log.list_entries(session)
    wanted = [
        each for each in entries if each.month == month.number and number in {None, each.revision}
    ]
    if not wanted:
        raise NotFound(f"log entry of {month}")
    entry, newest = wanted[-1], entries[-1]
    path = merkle_tree.prove_inclusion(hash_leaves(entries), entry.position)
    return RevisionProof(
        month=str(month),
        revision=entry.revision,
        position=entry.position,
        size=len(entries),
        leaf=entry.leaf,
        canonical=months.get_revision(session, month, entry.revision).frozen,
        path=_encode(path),
        checkpoint=newest.checkpoint,
        verifier=newest.verifier,
    )


def prove_growth(
    session: Session, first: int | None = None, second: int | None = None
) -> ConsistencyProof:
    """Returns the proof that the log of size `second`, or of now, begins with the log of size
    `first`, or with its first entry. Raises NotFound."""
    entries = revision_log.list_entries(session)
    if not entries and first is None and second is None:
        return ConsistencyProof(
            first=0, second=0, path=[], first_checkpoint="", second_checkpoint="",
            first_verifier="", second_verifier="",
        )  # fmt: skip
    first = 1 if first is None else first
    size = len(entries) if second is None else second
    if not 0 < first <= size <= len(entries):
        raise NotFound("log of that size")
    older, newer = entries[first - 1], entries[size - 1]
    return ConsistencyProof(
        first=first,
        second=size,
        path=_encode(merkle_tree.prove_consistency(hash_leaves(entries[:size]), first)),
        first_checkpoint=older.checkpoint,
        second_checkpoint=newer.checkpoint,
        first_verifier=older.verifier,
        second_verifier=newer.verifier,
    )


def _load_content(session: Session, revision: MonthRevision, *, brand: str) -> MonthContent:
    return MonthContent(
        report=month_report.read_revision(revision),
        changes=month_report.changes_of(revision),
        revisions=range(1, revision.number + 1),
        short_names={each.code: each.short_name for each in kinds.list_kinds(session)},
        brand=brand,
    )


def _find_head_fault(entry: LogEntry, index: int, leaves: Sequence[bytes]) -> str:
    """Returns why the signed head of the entry is not that of the leaves up to it; empty if it
    is."""
    try:
        head = checkpoints.read(entry.checkpoint, entry.verifier)
    except InvalidCheckpoint as error:
        return f"entry {index} of the log of revisions: {error}"
    is_whole = (entry.position, head.size) == (index, index + 1)
    if not is_whole or head.root != merkle_tree.compute_root(leaves):
        return f"entry {index} of the log of revisions, or one before it, is not what was signed"
    return ""


def _digest_of_stored(session: Session, leaf: Mapping[str, Any]) -> str:
    try:
        revision = months.get_revision(session, Month.parse(leaf["month"]), leaf["revision"])
    except NotFound:
        return ""
    return hashlib.sha256(revision.frozen.encode()).hexdigest()


def _encode(hashes: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(each).decode() for each in hashes]
