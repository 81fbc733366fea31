"""Whether a file is, byte by byte, one that was published: by a saved proof or the whole log."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from outreach.signing import checkpoints, merkle_tree
from outreach.signing.checkpoints import TreeHead
from outreach.signing.proofs import ConsistencyProof, RevisionLog, RevisionProof

_NAMED: Final = re.compile(r"(?P<month>[0-9]{4}-[0-9]{2})-r(?P<revision>[0-9]+)\b")


class NotPublished(Exception):
    """A file, proof or log that is not what was published. The message is a sentence."""


@dataclass(frozen=True, kw_only=True)
class PublishedAs:
    """The revision that published a file, the name of the file, and when both were logged."""

    month: str
    revision: int
    name: str
    logged_at: str
    newest: int  # revision of that month, as far as is known


def check_with_proof(content: bytes, proof: RevisionProof, verifier: str) -> PublishedAs:
    """Returns which published file this is, by a saved proof. Raises NotPublished and
    InvalidCheckpoint."""
    head = checkpoints.read(proof.checkpoint, verifier)
    leaf_hash = merkle_tree.hash_leaf(proof.leaf.encode())
    path = _decode(proof.path)
    if not merkle_tree.is_included(leaf_hash, proof.position, head.size, path, head.root):
        raise NotPublished("The proof does not lead to what was signed.")
    leaf = json.loads(proof.leaf)
    if hashlib.sha256(proof.canonical.encode()).hexdigest() != leaf["sha256"]:
        raise NotPublished("The numbers in the proof are not those of the revision.")
    found = _find(content, leaf)
    if not found:
        raise NotPublished(
            f"It is not what was published of {leaf['month']}, revision {leaf['revision']}."
        )
    return _describe(leaf, found, newest=leaf["revision"])


def check_with_log(content: bytes, name: str, log: RevisionLog, verifier: str) -> PublishedAs:
    """Returns which published file this is, by all entries of the log. Its `name` only serves to
    say what it is not. Raises NotPublished and InvalidCheckpoint."""
    if not log.entries:
        raise NotPublished("The log has no entry yet.")
    head = checkpoints.read(log.checkpoint, verifier)
    leaf_hashes = [merkle_tree.hash_leaf(each.leaf.encode()) for each in log.entries]
    if (head.size, head.root) != (len(leaf_hashes), merkle_tree.compute_root(leaf_hashes)):
        raise NotPublished("The entries of the log are not what was signed.")
    leaves = [json.loads(each.leaf) for each in log.entries]
    for leaf in leaves:
        if found := _find(content, leaf):
            revisions = [each["revision"] for each in leaves if each["month"] == leaf["month"]]
            return _describe(leaf, found, newest=max(revisions))
    named = _NAMED.search(name)
    about = {(each["month"], str(each["revision"])) for each in leaves}
    if named and named.groups() in about:
        raise NotPublished(
            f"It is not what was published of {named['month']}, revision {named['revision']}."
        )
    raise NotPublished("No file of the log has these bytes.")


def check_growth(proof: RevisionProof, growth: ConsistencyProof, verifier: str) -> TreeHead:
    """The head of the log of today, once it is proven to begin with that of the saved proof.
    Raises NotPublished and InvalidCheckpoint."""
    saved = checkpoints.read(proof.checkpoint, verifier)
    head = checkpoints.read(growth.second_checkpoint, verifier)
    path = _decode(growth.path)
    if not merkle_tree.is_consistent(saved.size, saved.root, head.size, head.root, path):
        raise NotPublished("The log was rewritten since the proof was saved.")
    return head


def _find(content: bytes, leaf: dict[str, Any]) -> str:
    digest = hashlib.sha256(content).hexdigest()
    return next((name for name, each in leaf["files"].items() if each == digest), "")


def _describe(leaf: dict[str, Any], name: str, *, newest: int) -> PublishedAs:
    return PublishedAs(
        month=leaf["month"],
        revision=leaf["revision"],
        name=name,
        logged_at=leaf["logged_at"],
        newest=newest,
    )


def _decode(hashes: Sequence[str]) -> list[bytes]:
    try:
        return [base64.b64decode(each, validate=True) for each in hashes]
    except (binascii.Error, ValueError):
        raise NotPublished("The proof is damaged.") from None
