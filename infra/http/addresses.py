"""Which address a request came from: past proxies that are ours, and never past others."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from starlette.types import Scope

# Hosts of one IPv6 network of this length are one subscriber: an address each would be as many as they like.
_SUBSCRIBER: Final = 64
# The most addresses that are looked at: a header may hold thousands.
_MOST: Final = 20
UNKNOWN: Final = "unknown"

AddressOf = Callable[[Scope], str]


def address_of(trusted: Sequence[IPv4Network | IPv6Network]) -> AddressOf:
    """Return what tells the address of the client behind a connection.

    `X-Forwarded-For` is read from its end, as long as whoever added to it is a proxy that is trusted: what
    stands before is what a client may have made up.
    """

    @lru_cache(maxsize=10_000)
    def believed(text: str) -> bool:
        try:
            found = ip_address(text)
        except ValueError:
            return False
        if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        return any(found in network for network in trusted)

    def address(scope: Scope) -> str:
        client = scope.get("client")
        if not client:
            return UNKNOWN
        found: str = client[0]
        if trusted and believed(found):
            said = b",".join(v for k, v in scope["headers"] if k == b"x-forwarded-for").decode("latin-1")
            hops = [hop.strip() for hop in said.rsplit(",", _MOST)[-_MOST:]] if said else []
            for hop in reversed(hops):
                if canonical(hop) == UNKNOWN:
                    break
                found = hop
                if not believed(hop):
                    break
        return canonical(found)

    return address


@lru_cache(maxsize=10_000)
def canonical(text: str) -> str:
    """Return an address as it is counted: IPv4 as it is, IPv6 by its network; `unknown` if it is none."""
    try:
        found = ip_address(text)
    except ValueError:
        return UNKNOWN
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(IPv6Network((found, _SUBSCRIBER), strict=False))
    return str(found)
