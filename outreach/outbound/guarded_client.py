"""Fetches the addresses that strangers give: callbacks, inboxes, documents of others (S39).

A name is resolved once, all its addresses are checked, and the connection goes to one that was
checked: a name that resolves differently a second time gains nothing. No proxy is used. `fetch`
follows no redirect; `fetch_document` follows some, and checks each address as the first. An answer
is read up to a number of bytes. One deadline is for all of it, the name and the TLS handshake too.
"""

import http.client
import re
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread
from time import monotonic
from typing import Final
from urllib.parse import SplitResult, urldefrag, urljoin, urlsplit

from outreach.config import Config
from outreach.mail.socket_deadline import SocketDeadline
from outreach.outbound import public_addresses
from outreach.outbound.public_addresses import IpAddress

MAX_ADDRESS_LENGTH: Final = 500
MAX_HOST_LENGTH: Final = 253  # the limit of a name (RFC 1035)
MAX_ANSWER_BYTES: Final = 4096
CONNECT_SECONDS: Final = 4.0
TOTAL_SECONDS: Final = 8.0  # for a whole conversation
MAX_LOOKUPS: Final = 12  # names of one process that are being resolved at once
MAX_REDIRECTS: Final = 2  # that are followed to a document
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
LookUp = Callable[[str, int], Sequence[str]]
_lookups: Final = BoundedSemaphore(MAX_LOOKUPS)
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]+")
_PRINTABLE: Final = re.compile(r"[\x21-\x7e]+")


class HostUnreachable(Exception):
    """The host did not answer, or not in time. The text names no address."""


class AddressRefused(HostUnreachable):
    """The host is at an address that may not be fetched."""


class RedirectRefused(HostUnreachable):
    """A document redirects to where it may not lead."""


def list_addresses(host: str, port: int) -> list[str]:
    """The addresses of a host, the preferred one first; empty for an unknown name. The system's
    resolver decides how long that takes."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(each[4][0]) for each in found]


@dataclass(frozen=True)
class FetchRule:
    """Decides which addresses are accepted and connected to. Only tests make another than
    `of_config`: no setting reaches `permits`."""

    schemes: frozenset[str] = frozenset({"https"})
    ports: frozenset[int] = frozenset({443})
    permits: Callable[[IpAddress], bool] = public_addresses.is_public
    look_up: LookUp = list_addresses

    def is_valid(self, address: str, *, own_host: str = "") -> bool:
        """Whether an address may be given, without resolving its name. Not one of our own site,
        which would ask itself."""
        parts = _split(address)
        if len(address) > MAX_ADDRESS_LENGTH or parts is None:
            return False
        return parts.netloc.lower() != own_host and self.allows(parts)

    def allows(self, parts: SplitResult) -> bool:
        """Whether an address may be asked, once its name is resolved and checked too."""
        host, port = parts.hostname or "", _get_port(parts)
        if parts.scheme not in self.schemes or not self._has_port(port):
            return False
        if "@" in parts.netloc or parts.fragment or _HOST.fullmatch(host) is None:
            return False
        if len(host) > MAX_HOST_LENGTH:
            return False
        literal = public_addresses.parse(host)
        return literal is None or self.permits(literal)

    def _has_port(self, port: int) -> bool:
        return not self.ports or port in self.ports


def of_config(config: Config) -> FetchRule:
    """The rule of an installation: https on port 443; in the demo also http on port 80."""
    if config.is_demo:
        return FetchRule(frozenset({"https", "http"}), frozenset({443, 80}))
    return FetchRule()


@dataclass(frozen=True)
class FetchedAnswer:
    status: int
    body: bytes  # the beginning of it
    headers: Mapping[str, str] = field(default_factory=dict)  # by name in lower case
    is_cut_off: bool = False  # the connection ended before the body did, as its length has it

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def get_host(address: str) -> str:
    """The host of a valid address, in lower case."""
    return urlsplit(address).hostname or ""


# Below domains of countries, registries give names out under these too, as `example.com.mx`.
_REGISTRY_LABELS: Final = frozenset(
    {
        *("ac", "co", "com", "edu", "go", "gob", "gouv", "gov", "gub"),
        *("id", "info", "mil", "ne", "net", "nom", "or", "org"),
    }
)
_COUNTRY: Final = 2  # letters of a country's domain
_IPV6_SITE: Final = 64  # bits of the network that one site has


def get_domain(address: str) -> str:
    """Returns, for limits, what an owner holds: the registered domain of a valid address, or its IP
    address; of IPv6 the /64 network.

    A list of public suffixes would tell `a.github.io` from `b.github.io`. Both can belong to one
    person, so for a limit it is right that they are one, and we need no list.
    """
    host = get_host(address).rstrip(".")
    try:
        literal = ip_address(host)
    except ValueError:
        labels = host.split(".")
        is_below_registry = (
            len(labels[-1]) == _COUNTRY and labels[-2:-1] and (labels[-2] in _REGISTRY_LABELS)
        )
        return ".".join(labels[-3:] if is_below_registry else labels[-2:])
    if literal.version == 4:
        return str(literal)
    return str(ip_network((literal, _IPV6_SITE), strict=False))


def fetch(
    rule: FetchRule,
    address: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    seconds: float = TOTAL_SECONDS,
    max_bytes: int = MAX_ANSWER_BYTES,
) -> FetchedAnswer:
    """Asks an address, for at most so many seconds. Of the answer `max_bytes` are read. Raises
    HostUnreachable, or AddressRefused before anything is sent."""
    parts = _split(address)
    if parts is None or not rule.allows(parts):
        raise AddressRefused
    host, port = parts.hostname or "", _get_port(parts)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    expires_at = monotonic() + seconds
    addresses = resolve(rule, host, port)
    connection = http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)
    try:
        connection.sock = _connect(addresses, port, expires_at)
        with SocketDeadline(connection.sock, expires_at) as deadline:
            if parts.scheme == "https":
                connection.sock = deadline.sock = encrypted = _wrap(connection.sock, host)
                encrypted.do_handshake()
            connection.request(method, target, body, dict(headers or {}))
            with connection.getresponse() as answer:  # it may be all that holds the socket
                found = {name.lower(): value for name, value in answer.getheaders()}
                read = answer.read(max_bytes)
                is_cut_off = len(read) < max_bytes and bool(answer.length)
                return FetchedAnswer(answer.status, read, found, is_cut_off)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise HostUnreachable(type(error).__name__) from None
    finally:
        connection.close()


def fetch_document(
    rule: FetchRule,
    address: str,
    *,
    headers: Mapping[str, str],
    seconds: float,
    max_bytes: int,
    may_lead_to: Callable[[str], bool],
) -> FetchedAnswer:
    """Asks an address, and where it redirects to if `may_lead_to` allows it, for at most so many
    seconds in all. What redirects still after `MAX_REDIRECTS` is returned with its status.

    Raises HostUnreachable, also where time ran out before the body had come; AddressRefused for any
    of the addresses; and RedirectRefused.
    """
    expires_at = monotonic() + seconds
    for _hop in range(MAX_REDIRECTS + 1):
        rest = max(0.1, expires_at - monotonic())
        answer = fetch(rule, address, headers=headers, seconds=rest, max_bytes=max_bytes)
        if monotonic() >= expires_at:  # the body may have been cut off
            raise HostUnreachable("too slow")
        if answer.status not in REDIRECTS:
            break
        address = _follow(address, answer.headers.get("location", ""))
        if not may_lead_to(address):
            raise RedirectRefused
    return answer


def _follow(address: str, location: str) -> str:
    """Returns the address that a redirect leads to. Raises RedirectRefused if it is none."""
    try:
        return urldefrag(urljoin(address, location)).url
    except ValueError:
        raise RedirectRefused from None


def resolve(
    rule: FetchRule, host: str, port: int, *, seconds: float = CONNECT_SECONDS
) -> list[str]:
    """The addresses of a host, the preferred one first. Raises AddressRefused where any of them may
    not be fetched, and HostUnreachable for an unknown name or after `seconds`."""
    addresses = list(dict.fromkeys(_look_up_in_time(rule, host, port, seconds)))
    if not addresses:
        raise HostUnreachable("unknown host")
    if not all(rule.permits(ip_address(each)) for each in addresses):
        raise AddressRefused
    return addresses


def _look_up_in_time(rule: FetchRule, host: str, port: int, seconds: float) -> Sequence[str]:
    """The addresses of a host; raises HostUnreachable after `seconds`.

    The system's resolver has no deadline, and waits half a minute for a name server that does not
    answer. It is left to end in its thread; `MAX_LOOKUPS` limits how many there can be.
    """
    expires_at = monotonic() + seconds
    if not _lookups.acquire(timeout=seconds):
        raise HostUnreachable("too many names are being resolved")
    found: SimpleQueue[Sequence[str]] = SimpleQueue()

    def look_up_and_release() -> None:
        try:
            found.put(rule.look_up(host, port))
        finally:
            _lookups.release()

    Thread(target=look_up_and_release, name="name of a host", daemon=True).start()
    try:
        return found.get(timeout=max(0.0, expires_at - monotonic()))
    except Empty:
        raise HostUnreachable("the name was not resolved in time") from None


def _connect(addresses: Sequence[str], port: int, expires_at: float) -> socket.socket:
    """A connection to the first of the addresses that accepts one. Raises OSError."""
    error: OSError = TimeoutError()
    for address in addresses:
        left = min(CONNECT_SECONDS, expires_at - monotonic())
        if left <= 0:
            break
        try:
            # An address and no name: nothing is resolved a second time.
            sock = socket.create_connection((address, port), left)
        except OSError as failed:
            error = failed
            continue
        sock.settimeout(CONNECT_SECONDS)
        return sock
    raise error


def _wrap(sock: socket.socket, host: str) -> ssl.SSLSocket:
    """Returns the socket for a conversation in TLS, before its handshake. Wrapping takes the socket
    away from its object, and the deadline has to know the new one first."""
    context = ssl.create_default_context()
    return context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)


def _split(address: str) -> SplitResult | None:
    if _PRINTABLE.fullmatch(address) is None or "\\" in address:
        return None
    try:
        parts = urlsplit(address)
        _get_port(parts)
    except ValueError:
        return None
    return parts


def _get_port(parts: SplitResult) -> int:
    return parts.port or {"http": 80}.get(parts.scheme, 443)
