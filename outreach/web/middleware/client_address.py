"""The network address of the client, and the networks around it. None of them is ever stored."""

from ipaddress import IPv6Address, ip_address, ip_network

from flask import request

from outreach.keystore.seat_shares import ClientNetwork, NetworkSize
from outreach.web.context import config

# The lengths of the prefixes of what one site or one provider has.
_WIDER = {
    4: ((24, NetworkSize.PROVIDER),),
    6: ((56, NetworkSize.SITE), (48, NetworkSize.PROVIDER)),
}


def get_address() -> str:
    """Returns the client's address; for IPv6 its /64 network, which is what one household has.

    Only the last `trusted_proxies` entries of X-Forwarded-For are used: those further to the left
    may be forged by the client.
    """
    found = request.remote_addr or ""
    proxies = config().trusted_proxies
    if proxies:
        chain = ",".join(request.headers.getlist("X-Forwarded-For")).split(",")
        found = chain[-proxies].strip() if len(chain) >= proxies else found
    try:
        parsed = ip_address(found.strip("[]"))
    except ValueError:
        return request.remote_addr or ""
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed)


def list_networks() -> list[ClientNetwork]:
    """The address of `get_address` and the networks around it, the smallest first. One that cannot
    be read has no networks around it."""
    address = get_address()
    own = ClientNetwork(address, NetworkSize.ADDRESS)
    try:
        network = ip_network(address)
    except ValueError:
        return [own]
    wider = [
        ClientNetwork(str(network.supernet(new_prefix=length)), size)
        for length, size in _WIDER[network.version]
    ]
    return [own, *wider]
