"""Checkpoints: signed notes that only their key verifies."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from outreach.signing import checkpoints
from outreach.signing.checkpoints import InvalidCheckpoint, TreeHead

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
HEAD = TreeHead("talleres.example.org/log", 12, bytes(32))
VERIFIER = checkpoints.write_verifier(HEAD.name, KEY.public_key())


def test_checkpoint_says_what_was_signed() -> None:
    note = checkpoints.sign(HEAD, KEY)
    assert note == checkpoints.sign(HEAD, KEY)
    assert note.split("\n")[:2] == ["talleres.example.org/log", "12"]
    assert checkpoints.read(note, VERIFIER) == HEAD


def test_every_changed_character_is_found() -> None:
    note = checkpoints.sign(HEAD, KEY)
    for place, letter in enumerate(note):
        wrong = note[:place] + ("x" if letter != "x" else "y") + note[place + 1 :]
        with pytest.raises(InvalidCheckpoint):
            checkpoints.read(wrong, VERIFIER)
    for text in ("", note[:-1], note + "\n", note.replace("\n\n", "\n")):
        with pytest.raises(InvalidCheckpoint):
            checkpoints.read(text, VERIFIER)


def test_another_key_verifies_nothing() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    verifier = checkpoints.write_verifier(HEAD.name, other.public_key())
    with pytest.raises(InvalidCheckpoint, match="another key"):
        checkpoints.read(checkpoints.sign(HEAD, KEY), verifier)
    for wrong in ("", "talleres", VERIFIER[:-4], VERIFIER.replace("talleres", "otros")):
        with pytest.raises(InvalidCheckpoint, match="no key"):
            checkpoints.parse_verifier(wrong)


def test_signature_verifies_with_the_rules_of_signed_notes() -> None:
    # Recomputed from the text of the C2SP, without this module.
    import base64
    import hashlib

    note = checkpoints.sign(HEAD, KEY)
    text, _, signature = note.partition("\n\n")
    dash, name, encoded = signature.split(" ")
    raw = base64.b64decode(encoded)
    public_key = KEY.public_key()
    key_id = hashlib.sha256(
        f"{HEAD.name}\n".encode() + b"\1" + public_key.public_bytes_raw()
    ).digest()[:4]
    assert (dash, name, raw[:4]) == ("—", HEAD.name, key_id)
    public_key.verify(raw[4:], f"{text}\n".encode())
