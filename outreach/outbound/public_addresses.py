"""Which network addresses belong to the public internet (S39).

A stranger gives a host name and decides what it resolves to. Nothing that only this server
can reach may be fetched: this machine, its network, the cloud's metadata service.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

IpAddress = IPv4Address | IPv6Address

# Python's `is_global` counts some of these as global, in some of its versions.
_NOT_PUBLIC_V4: Final = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # public, and a metadata service of Azure
    )
)  # fmt: skip
_UNICAST_V6: Final = IPv6Network("2000::/3")  # all that IANA has given out
_NOT_PUBLIC_V6: Final = tuple(
    IPv6Network(each)
    for each in (
        "2001::/23",  # special purposes, among them Teredo, which contains an IPv4 address
        "2001:db8::/32", "3fff::/20",  # documentation
        "2002::/16",  # 6to4 contains an IPv4 address, and is obsolete (RFC 7526)
    )
)  # fmt: skip
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052; the local one of RFC 8215 is refused


def is_public(address: IpAddress) -> bool:
    """Whether an address may be connected to for a stranger."""
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in each for each in _NOT_PUBLIC_V4)
    if address.scope_id is not None:
        return False
    embedded = address.ipv4_mapped
    if embedded is None and address in _NAT64:
        embedded = IPv4Address(int(address) & 0xFFFFFFFF)
    if embedded is not None:
        return is_public(embedded)
    if address not in _UNICAST_V6 or not address.is_global:
        return False
    return not any(address in each for each in _NOT_PUBLIC_V6)


def parse(text: str) -> IpAddress | None:
    """The address that `text` is, in brackets or not; None for a name."""
    try:
        return ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
