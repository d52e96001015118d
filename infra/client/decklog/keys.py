"""Keys for commands: ids that nobody else chooses, ordered by the time at which they were made."""

import os
import time

_VERSION, _VARIANT = 7 << 76, 0b10 << 62


def new_key() -> str:
    """Return a UUID of version 7 (RFC 9562, 5.7): 48 bits of milliseconds since 1970, then 74 bits by chance.

    The service remembers keys in an index. Those that are by chance all over it cost a page of it each, once the
    history is long; those that come in the order of time go to its end.
    """
    moment = time.time_ns() // 1_000_000
    chance = int.from_bytes(os.urandom(10))
    value = moment << 80 | _VERSION | (chance >> 62 & 0xFFF) << 64 | _VARIANT | chance & (1 << 62) - 1
    digits = f"{value:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
