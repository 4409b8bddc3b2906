"""A connection that ends in time, to an address that may be called.

Belongs here: resolving names, refusing private networks, the one bound on a whole exchange. Does not belong here: what
is said over it (``mail``, ``webhooks``).

A name is resolved once, and what it was checked for is what is connected to: a name that means something else a moment
later leads nowhere else (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

STEP_S, WHOLE_S = 5.0, 12.0
"""Seconds in which something must come, and for all of one try."""


class NotSentError(Exception):
    """A message did not arrive; the text says why, without anything secret of the target."""


def connected(host: str, port: int, *, private: bool) -> socket.socket:
    """A connection to a host.

    Args:
        host: Its name or address.
        port: Its port.
        private: Whether it may be of a private network, or this machine.

    Raises:
        NotSentError: there is no such host, it may not be called, or it does not answer.
    """
    addresses = _addresses(host, port)
    if not private and any(not _is_public(address) for address in addresses):
        raise NotSentError("its host is in a private network, which ASKLAKE_PRIVATE_TARGETS would have to allow")
    try:
        return socket.create_connection((addresses[0], port), timeout=STEP_S)
    except OSError as error:
        raise NotSentError(f"its host cannot be reached: {_word(error)}") from None


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotSentError("its host has no address") from None
    return [str(info[4][0]) for info in found]


def _is_public(text: str) -> bool:
    """Whether an address is one of the internet; those of IPv4 in IPv6 count as what they mean."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if inner:
            return inner.is_global and not inner.is_multicast
        if address in _NAT64:
            return _is_public(str(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)))
        if address not in _UNICAST:  # such as fec0::1 and ::127.0.0.1, which Python takes for addresses of the internet
            return False
    return address.is_global and not address.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_UNICAST = ipaddress.ip_network("2000::/3")
"""All that was ever given out of IPv6 to be reached from everywhere (RFC 4291, IANA)."""


@contextmanager
def in_time(held: Callable[[], socket.socket | None], seconds: float = WHOLE_S) -> Iterator[None]:
    """End a connection that takes longer in all, however busy it is: the other end may send a byte at a time.

    ``held`` tells its socket, which is another one once it speaks TLS.
    """

    def end() -> None:
        with suppress(OSError):
            if (now := held()) is not None:
                now.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _word(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    return (error.strerror or type(error).__name__).lower()
