"""Tells public addresses from those of this machine, of its network and of the cloud's own services."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

# What translates to IPv4 (RFC 6052): AWS's own NAT gateways use the first.
_NAT64 = IPv6Network("64:ff9b::/96")


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
