"""Check a file of the published figures: python3 check_month.py FILE PROOF.json KEY

Needs Python 3 and the package cryptography, and nothing of the site. FILE is a CSV, JSON, XLSX or
PDF of a month; PROOF.json is what /api/v1/log/YYYY-MM?revision=N answers; KEY is on the page
/es/cifras/comprobar. Prints a line; exits with 0 only if the file is exactly what was published.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def read_checkpoint(note: str, key: str) -> list[str]:
    """The three lines that are signed: name of the log, size of the tree, root in base64."""
    text, line = note.split("\n\n")
    signature = base64.b64decode(line.split()[2])[4:]
    public_key = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.split("+", 2)[2])[1:])
    public_key.verify(signature, f"{text}\n".encode())
    return text.split("\n")


def climb(leaf: bytes, index: int, size: int, path: list[str]) -> bytes:
    """The root that the path leads to (RFC 9162, 2.1.3.2)."""
    last, found = size - 1, sha256(b"\0", leaf)
    for sibling in map(base64.b64decode, path):
        is_right = index % 2 or index == last
        found = sha256(b"\1", sibling, found) if is_right else sha256(b"\1", found, sibling)
        while is_right and index and not index % 2:
            index, last = index >> 1, last >> 1
        index, last = index >> 1, last >> 1
    return found if last == 0 else b""


def check(content: bytes, proof: dict[str, Any], key: str) -> str:
    _name, size, root = read_checkpoint(proof["checkpoint"], key)
    text, index = proof["leaf"].encode(), proof["position"]
    if climb(text, index, int(size), proof["path"]) != base64.b64decode(root):
        sys.exit("The proof does not lead to what was signed.")
    leaf = json.loads(text)
    month = f"{leaf['month']}, revision {leaf['revision']}"
    digests = {digest: name for name, digest in leaf["files"].items()}
    name = digests.get(sha256(content).hex())
    if name is None or sha256(proof["canonical"].encode()).hex() != leaf["sha256"]:
        sys.exit(f"This is not what was published of {month}.")
    return f"Exactly what was published of {month}: {name}"


if __name__ == "__main__":
    file, proof, key = sys.argv[1:4]
    print(check(Path(file).read_bytes(), json.loads(Path(proof).read_text()), key))
