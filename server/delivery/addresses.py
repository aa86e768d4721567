"""Which addresses a connected system may have: none of this machine or its network, unless a setting names it."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NAT64 = IPv6Network("64:ff9b::/96")
"""An IPv4 address stands in the last 32 bits (RFC 6052)."""
INSIDE_BY_USE = (ip_network("168.63.129.16/32"), ip_network("fec0::/10"))
"""Global by Python's book, and yet inside: Azure's platform address, and the site-local prefix of old."""


def is_allowed(address: str, inside: Sequence[Network] = ()) -> bool:
    """Whether a connection to this address may be opened. inside: networks named by the settings; what is none, not."""
    try:
        # A scope ("%eth0") only says by which card a link-local address is reached.
        found = ip_address(address.split("%", 1)[0])
    except ValueError:
        return False
    return is_inside(address, inside) or all(_is_public(one) for one in _meant(found))


def is_inside(address: str, inside: Sequence[Network]) -> bool:
    """Whether the settings name a network that holds this address, however it is written."""
    try:
        found = ip_address(address.split("%", 1)[0])
    except ValueError:
        return False
    return any(_meant(found)[-1] in network for network in inside)


def _meant(address: Address) -> tuple[Address, ...]:
    """The address, and behind it the IPv4 one that it carries and that packets may end up at."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return (address.ipv4_mapped,)
        if address.sixtofour is not None:
            return address, address.sixtofour
        if address in NAT64:
            return address, IPv4Address(int(address) & 0xFFFFFFFF)
    return (address,)


def _is_public(address: Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        # Of what is reserved IPv6, NAT64's prefix is reached through its IPv4 address, which is looked at as well.
        return address in NAT64
    return not any(address in network for network in INSIDE_BY_USE)
