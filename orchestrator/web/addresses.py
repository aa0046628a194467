"""Finds addresses, and tells public ones from those of this machine, of its network and of the cloud's own services."""

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Place = tuple[str, int]
"""An address and a port."""

# What translates to IPv4 (RFC 6052): AWS's own NAT gateways use the first.
_NAT64 = IPv6Network("64:ff9b::/96")
# Private networks (RFC 1918, RFC 4193), and those addresses of the last at which AWS serves credentials.
_PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_UNIQUE_LOCAL, _SERVICES = IPv6Network("fc00::/7"), IPv6Network("fd00:ec2::/32")


def resolved(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system finds them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def is_public(text: str) -> bool:
    """Whether an address belongs to the public internet; what is not an address does not.

    Python's tables are IANA's registries of special-purpose addresses. An IPv6 address that stands for an IPv4 address
    is judged by that one where NAT64 translates it, and refused where a tunnel would lead to it.

    Args:
        text: as the resolver gives it, perhaps with a zone.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return is_public(str(IPv4Address(int(address) & 0xFFFF_FFFF)))
        if address.ipv4_mapped or address.sixtofour or address.teredo or address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def is_private(text: str) -> bool:
    """Tell addresses of a company's private network from all others, such as those of this machine and of the cloud.

    Args:
        text: as the resolver gives it, perhaps with a zone.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return any(address in network for network in _PRIVATE)
    return address in _UNIQUE_LOCAL and address not in _SERVICES
