"""What the public log answers: the log, the proof of one entry, and that it only grew.

These structures are answers of the open data and what `outreach verify` reads; fields are only
ever added. Hashes of proofs are in base64, digests of files in hex.
"""

from typing import Annotated

from msgspec import Meta, Struct

Size = Annotated[int, Meta(ge=0, description="Number of entries.")]
Hashes = Annotated[list[str], Meta(description="Hashes of RFC 9162, in base64.")]
Checkpoint = Annotated[
    str, Meta(description="The signed tree head: a note of C2SP tlog-checkpoint.")
]
Verifier = Annotated[str, Meta(description="The public key: NAME+ID+KEY, for Ed25519.")]
LeafText = Annotated[
    str,
    Meta(
        description="What is hashed as a leaf, to the letter: JSON with `month`, `revision`, "
        "`sha256` of the canonical JSON, `logged_at`, and `files` with the SHA-256 of each."
    ),
]


class LogKey(Struct, frozen=True, kw_only=True):
    """A key of the log, and the first tree that it signed."""

    verifier: Verifier
    first_size: Size


class LogLine(Struct, frozen=True, kw_only=True):
    """An entry of the log."""

    position: Size
    month: str
    revision: int
    leaf: LeafText
    proof: Annotated[str, Meta(description="The address of its proof.")]


class RevisionLog(Struct, frozen=True, kw_only=True):
    """The log of all revisions, the first one first: entries are added and never change."""

    size: Size
    checkpoint: Annotated[str, Meta(description="The newest signed tree head; empty before it.")]
    keys: Annotated[list[LogKey], Meta(description="The newest key last.")]
    entries: list[LogLine]


class RevisionProof(Struct, frozen=True, kw_only=True):
    """That a revision is in the log: keep it beside a file, and it can be checked for ever."""

    month: str
    revision: int
    position: Size
    size: Size
    leaf: LeafText
    canonical: Annotated[
        str, Meta(description="The numbers of the revision; `sha256` of the leaf is of this text.")
    ]
    path: Hashes
    checkpoint: Checkpoint
    verifier: Verifier


class ConsistencyProof(Struct, frozen=True, kw_only=True):
    """That the log of one size begins with all of the log of a smaller size."""

    first: Size
    second: Size
    path: Hashes
    first_checkpoint: Checkpoint
    second_checkpoint: Checkpoint
    first_verifier: Verifier
    second_verifier: Verifier
