"""Merkle trees: the vectors of RFC 6962's reference, every proof, and no other."""

import pytest

from outreach.signing import merkle_tree

# The leaves and roots of the tests of certificate-transparency-go.
LEAVES = [
    bytes.fromhex(each)
    for each in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
SIZES = range(1, 18)


def leaves_of(size: int) -> list[bytes]:
    return [merkle_tree.hash_leaf(bytes([index])) for index in range(size)]


def test_roots_are_those_of_the_reference() -> None:
    hashes = [merkle_tree.hash_leaf(each) for each in LEAVES]
    roots = [merkle_tree.compute_root(hashes[:size]).hex() for size in range(1, 9)]
    assert tuple(roots) == ROOTS
    assert merkle_tree.compute_root([]) == merkle_tree.EMPTY_ROOT


@pytest.mark.parametrize("size", SIZES)
def test_inclusion_proof_fits_its_leaf_position_and_root_only(size: int) -> None:
    leaves = leaves_of(size)
    root = merkle_tree.compute_root(leaves)
    for index, leaf in enumerate(leaves):
        path = merkle_tree.prove_inclusion(leaves, index)
        assert merkle_tree.is_included(leaf, index, size, path, root)
        others = [number for number in range(size + 1) if number != index]
        assert not any(merkle_tree.is_included(leaf, n, size, path, root) for n in others)
        assert not merkle_tree.is_included(root, index, size, path, leaf) or size == 1
        assert not merkle_tree.is_included(leaf, index, size, [*path, leaf], root)
        for place in range(len(path)):
            wrong = [*path[:place], leaf, *path[place + 1 :]]
            assert not merkle_tree.is_included(leaf, index, size, wrong, root)
            assert not merkle_tree.is_included(leaf, index, size, path[:place], root)


@pytest.mark.parametrize("second", SIZES)
def test_consistency_proof_fits_the_first_leaves_only(second: int) -> None:
    leaves = leaves_of(second)
    root = merkle_tree.compute_root(leaves)
    for first in range(1, second + 1):
        path = merkle_tree.prove_consistency(leaves, first)
        older = merkle_tree.compute_root(leaves[:first])
        assert merkle_tree.is_consistent(first, older, second, root, path)
        assert not merkle_tree.is_consistent(first, older, second, root, [*path, root])
        rewritten = [merkle_tree.hash_leaf(b"other"), *leaves[1:first]]
        other_root = merkle_tree.compute_root(rewritten)
        assert not merkle_tree.is_consistent(first, other_root, second, root, path)
        for place in range(len(path)):
            wrong = [*path[:place], other_root, *path[place + 1 :]]
            assert not merkle_tree.is_consistent(first, older, second, root, wrong)


def test_node_is_no_leaf() -> None:
    left, right = leaves_of(2)
    assert merkle_tree.hash_leaf(left + right) != merkle_tree.hash_node(left, right)


@pytest.mark.parametrize(("first", "second"), [(0, 3), (4, 3)])
def test_sizes_that_there_are_not_have_no_proof(first: int, second: int) -> None:
    leaves = leaves_of(second)
    with pytest.raises(ValueError, match="no such size"):
        merkle_tree.prove_consistency(leaves, first)
    assert not merkle_tree.is_consistent(first, leaves[0], second, leaves[0], [])
    with pytest.raises(ValueError, match="no such leaf"):
        merkle_tree.prove_inclusion(leaves, second)
