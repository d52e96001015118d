"""The documents that a process holds, bounded by their number and by their bytes."""

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

# Bytes: about what a document costs beside its body and key.
OVERHEAD = 400


@dataclass(slots=True)
class Document:
    """A document, the position as of which it is true, and a tag of its bytes.

    No body: there is no such thing. `until` is the time when it is looked for again whatever is known,
    `stale_since` the time when it was first seen not to be true any more.
    """

    as_of: int
    body: bytes
    tag: str
    until: float
    stale_since: float = math.inf


class Memory:
    """Documents by key; those not used for the longest time go first."""

    def __init__(self, capacity: int, capacity_bytes: int) -> None:
        self._capacity = capacity
        self._capacity_bytes = capacity_bytes
        self._known: OrderedDict[str, Document] = OrderedDict()
        self.bytes = 0
        self.evictions = 0

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: str) -> Document | None:
        """Return a document, which counts as used."""
        document = self._known.get(key)
        if document is not None:
            self._known.move_to_end(key)
        return document

    def keep(self, key: str, document: Document) -> None:
        """Keep a document, unless a later one is known or it is far too large."""
        size = _size(key, document)
        known = self._known.get(key)
        if size * 8 > self._capacity_bytes or (known is not None and known.as_of > document.as_of):
            return
        if known is not None:
            self.bytes -= _size(key, known)
        self._known[key] = document
        self._known.move_to_end(key)
        self.bytes += size
        while len(self._known) > self._capacity or self.bytes > self._capacity_bytes:
            oldest, gone = self._known.popitem(last=False)
            self.bytes -= _size(oldest, gone)
            self.evictions += 1

    def drop(self, unwanted: Callable[[str], bool]) -> int:
        """Forget all documents whose keys are unwanted, and return how many they were."""
        keys = [key for key in self._known if unwanted(key)]
        for key in keys:
            self.bytes -= _size(key, self._known.pop(key))
        return len(keys)


def _size(key: str, document: Document) -> int:
    return len(document.body) + len(key) + OVERHEAD
