"""Public addresses are those that IANA says are global, however they are written."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.web.addresses import is_private, is_public

# Ranges that are special, by IANA's registries.
_SPECIAL = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/29",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "::ffff:0:0/96",
    "::/96",
    "100::/64",
    "2001::/32",
    "2001:2::/48",
    "2001:db8::/32",
    "2002::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
]


@given(st.sampled_from(_SPECIAL), st.data())
def test_no_address_of_a_special_range_is_public(text: str, data: st.DataObject) -> None:
    """Loopback, link-local with its metadata services, private networks, multicast, tunnels and documentation."""
    network = ip_network(text)
    number = data.draw(st.integers(int(network.network_address), int(network.broadcast_address)))
    address = IPv4Address(number) if network.version == 4 else IPv6Address(number)
    assert not is_public(str(address))


@given(st.integers(0, 2**32 - 1))
def test_an_ipv4_address_is_no_more_public_in_the_clothes_of_ipv6(number: int) -> None:
    """Mapped it is refused, translated it is what it is."""
    plain = IPv4Address(number)
    translated = IPv6Address(int(IPv6Network("64:ff9b::/96").network_address) + number)
    assert is_public(str(translated)) == is_public(str(plain))
    assert not is_public(f"::ffff:{plain}")


@given(st.ip_addresses().map(str) | st.text(max_size=12))
def test_what_python_does_not_call_global_is_never_public(text: str) -> None:
    """Nor is what is not an address."""
    try:
        expected = ip_address(text).is_global
    except ValueError:
        expected = False
    assert not is_public(text) or expected or text.startswith("64:ff9b::")


@pytest.mark.parametrize("address", ["8.8.8.8", "52.94.236.248", "2606:4700::6810:84e5", "64:ff9b::808:808"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    """Those of IPv4, of IPv6, and of IPv4 behind NAT64."""
    assert is_public(address)


@pytest.mark.parametrize(
    "address", ["fe80::1%eth0", "fd00:ec2::254", "169.254.169.254", "169.254.170.2", "::127.0.0.1"]
)
def test_the_metadata_services_of_clouds_are_not(address: str) -> None:
    """Nor is what is only valid on one link."""
    assert not is_public(address)


_OF_COMPANIES = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]


@given(st.ip_addresses() | st.sampled_from(_OF_COMPANIES).flatmap(lambda text: st.ip_addresses(network=text)))
def test_addresses_of_private_networks_are_those_that_companies_give_out(address: IPv4Address | IPv6Address) -> None:
    """Neither loopback nor links, and not where AWS serves credentials over IPv6."""
    networks = (one for one in map(ip_network, _OF_COMPANIES) if one.version == address.version)
    is_inside = any(address in one for one in networks) and address not in ip_network("fd00:ec2::/32")
    assert is_private(str(address)) == is_inside
    assert not (is_private(str(address)) and is_public(str(address)))


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.169.254", "fe80::1%eth0", "fd00:ec2::254", "::ffff:10.0.0.1", "10.0.0.1 ", "x"]
)
def test_what_is_not_an_address_of_a_private_network(address: str) -> None:
    """This machine, its links, the cloud's services, and what is written otherwise."""
    assert not is_private(address)
