"""The Merkle tree over all stream heads, as RFC 6962 (2.1) builds its trees.

Leaf: SHA-256(0x00 || stream id (16 bytes) || version (8, big-endian) || hash of that event (32)), one a
stream, sorted by the bytes of the stream id. Node: SHA-256(0x01 || left || right). Over n > 1 leaves the left
part holds the largest power of two below n. The tree of no leaves is SHA-256 of nothing.

A stream's last hash covers its whole chain, positions included, so the root covers every event.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256

LEAF, NODE = b"\0", b"\1"


def root(leaves: Iterable[bytes]) -> bytes:
    """Compute the root of leaves given as their data (without prefix), in order; memory is O(log n)."""
    # Complete subtrees from left to right, each as (number of leaves, hash): two of a size become one.
    stack: list[tuple[int, bytes]] = []
    for leaf in leaves:
        size, digest = 1, sha256(LEAF + leaf).digest()
        while stack and stack[-1][0] == size:
            _, left = stack.pop()
            size, digest = 2 * size, sha256(NODE + left + digest).digest()
        stack.append((size, digest))
    if not stack:
        return sha256(b"").digest()
    _, digest = stack.pop()
    while stack:
        _, left = stack.pop()
        digest = sha256(NODE + left + digest).digest()
    return digest


def root_of_heads(heads: Mapping[bytes, bytes]) -> bytes:
    """Compute the root over heads: stream id to version and hash (40 bytes)."""
    return root(stream + heads[stream] for stream in sorted(heads))
