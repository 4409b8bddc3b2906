"""Addresses of callers: whom one of them stands for, and which are proxies that are believed.

Belongs here: reading addresses. Does not belong here: counting them (``service.limits``, ``transport``), or keys.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

UNKNOWN = "unknown"
_SUBNET = 64


def is_loopback(host: str) -> bool:
    """Whether an address or host name can only be reached from this machine."""
    name = host.strip("[]").casefold()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


@lru_cache(4096)
def caller_at(host: str) -> str:
    """Whom an address counts as: of IPv6 its /64, which is what one subscriber has; of IPv4 itself.

    What is no address, as a proxy may pass on, counts as one caller together.
    """
    address = _parsed(host)
    if address is None:
        return UNKNOWN
    if isinstance(address, ipaddress.IPv6Address) and not address.is_loopback:
        return str(ipaddress.ip_network((int(address), _SUBNET), strict=False))
    return str(address)


class Proxies:
    """The proxies whose X-Forwarded-For is believed."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Read addresses and networks; the settings have checked them."""
        self._networks = [ipaddress.ip_network(text, strict=False) for text in texts]

    def __contains__(self, host: str) -> bool:
        address = _parsed(host)
        return address is not None and any(address in network for network in self._networks)


def _parsed(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address; one of IPv4 that is written as one of IPv6 is of IPv4."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
