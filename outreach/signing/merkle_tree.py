"""Merkle trees of RFC 6962 (RFC 9162, 2.1): roots, inclusion proofs and consistency proofs.

A hash is 32 bytes of SHA-256. Leaves and nodes have different prefixes, so that no node can be
shown as a leaf.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


def hash_leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\0" + data).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def compute_root(leaves: Sequence[bytes]) -> bytes:
    """The root of the tree over these leaf hashes."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return hash_node(compute_root(leaves[:split]), compute_root(leaves[split:]))


def prove_inclusion(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of a leaf, from the leaf to the root (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < len(leaves):
        raise ValueError("no such leaf")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*prove_inclusion(leaves[:split], index), compute_root(leaves[split:])]
    return [*prove_inclusion(leaves[split:], index - split), compute_root(leaves[:split])]


def prove_consistency(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """The proof that the tree begins with that of its first `first` leaves (2.1.4.1)."""
    if not 0 < first <= len(leaves):
        raise ValueError("no such size")
    return _prove_subtree(leaves, first, is_whole=True)


def _prove_subtree(leaves: Sequence[bytes], first: int, *, is_whole: bool) -> list[bytes]:
    if first == len(leaves):
        return [] if is_whole else [compute_root(leaves)]
    split = _split(len(leaves))
    if first <= split:
        path = _prove_subtree(leaves[:split], first, is_whole=is_whole)
        return [*path, compute_root(leaves[split:])]
    path = _prove_subtree(leaves[split:], first - split, is_whole=False)
    return [*path, compute_root(leaves[:split])]


def is_included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path proves that leaf `index` of the tree of that size is `leaf` (2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if node % 2 or node == last:
            found = hash_node(sibling, found)
            while node and not node % 2:
                node, last = node >> 1, last >> 1
        else:
            found = hash_node(found, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(
    first: int, first_root: bytes, second: int, second_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether the path proves that the second tree begins with the first (2.1.4.2)."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    nodes = [first_root, *path] if first & (first - 1) == 0 else list(path)
    if not nodes:
        return False
    node, last = first - 1, second - 1
    while node % 2:
        node, last = node >> 1, last >> 1
    found_first = found_second = nodes[0]
    for sibling in nodes[1:]:
        if last == 0:
            return False
        if node % 2 or node == last:
            found_first = hash_node(sibling, found_first)
            found_second = hash_node(sibling, found_second)
            while node and not node % 2:
                node, last = node >> 1, last >> 1
        else:
            found_second = hash_node(found_second, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and found_first == first_root and found_second == second_root


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1
