"""What the address of a database says, without opening it."""

from typing import TYPE_CHECKING, Final

from outreach.loopback import LOOPBACK

if TYPE_CHECKING:
    from sqlalchemy import URL

KINDS: Final = ("sqlite:///", "postgresql+psycopg://")
# Also where Debian and PostgreSQL itself put the socket of this machine.
LOCAL: Final = LOOPBACK | {
    "",
    "/var/run/postgresql",
    "/run/postgresql",
    "/tmp",  # noqa: S108 - no file of ours: only compared with what an address says
}
PORT: Final = "5432"


def is_one(text: str) -> bool:
    """Whether it can be read as one. A password with an @ in it has to be escaped: it would go over
    into the host, and be told by whoever does not find that."""
    found = _read(text)
    if found is None or not text.startswith(KINDS):
        return False
    return text.startswith("sqlite") or ("@" not in (found.host or "") and bool(found.database))


def is_same(one: str, other: str) -> bool:
    """Whether they are one database: each of ours has a table of its version there."""
    if one.startswith("sqlite") or other.startswith("sqlite"):
        return one == other
    a, b = _read(one), _read(other)
    return a is not None and b is not None and _where(a) == _where(b)


def is_nearer(one: str, other: str) -> bool:
    """Whether no other machine can use the one by its address, though it can use the other."""
    return _is_local(one) and not _is_local(other)


def _is_local(text: str) -> bool:
    found = _read(text)
    return found is None or {host for host, _port in hosts(found)} <= LOCAL


def hosts(url: "URL") -> list[tuple[str, str]]:
    """Each with its port, as psycopg reads them; several where one may take another's place."""
    said = url.query.get("host", url.host or "")
    names = said if isinstance(said, tuple) else tuple(said.split(","))
    return [_host_and_port(name, str(url.port or PORT)) for name in names]


def _where(url: "URL") -> tuple[frozenset[tuple[str, str]], str]:
    return frozenset(hosts(url)), url.database or ""


def _host_and_port(name: str, port: str) -> tuple[str, str]:
    host, colon, own = name.rpartition(":")
    return (host, own) if colon and own.isdigit() else (name, port)


def _read(text: str) -> "URL | None":
    from sqlalchemy.engine import make_url  # `outreach --help` does without
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(text)
    except (ArgumentError, ValueError):
        return None
