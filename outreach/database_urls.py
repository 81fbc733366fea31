"""Compares database URLs without connecting."""

from typing import TYPE_CHECKING, Final

from outreach.loopback import LOOPBACK

if TYPE_CHECKING:
    from sqlalchemy import URL

SCHEMES: Final = ("sqlite:///", "postgresql+psycopg://")
# Debian and PostgreSQL put the local socket into these folders.
LOCAL: Final = LOOPBACK | {
    "",
    "/var/run/postgresql",
    "/run/postgresql",
    "/tmp",  # noqa: S108 - compared with a URL, never opened
}
PORT: Final = "5432"


def is_valid(text: str) -> bool:
    """Whether the text is a URL of a supported database. An unescaped @ in a password is refused: a
    part of the password would be read as the host and appear in error messages."""
    url = _parse(text)
    if url is None or not text.startswith(SCHEMES):
        return False
    return text.startswith("sqlite") or ("@" not in (url.host or "") and bool(url.database))


def is_same(one: str, other: str) -> bool:
    """Whether both URLs name one database, which cannot hold two `alembic_version` tables."""
    if one.startswith("sqlite") or other.startswith("sqlite"):
        return one == other
    a, b = _parse(one), _parse(other)
    return a is not None and b is not None and _location(a) == _location(b)


def is_more_local(one: str, other: str) -> bool:
    """Whether only this machine can use `one`, while others can use `other`."""
    return _is_local(one) and not _is_local(other)


def _is_local(text: str) -> bool:
    url = _parse(text)
    return url is None or {host for host, _port in hosts(url)} <= LOCAL


def hosts(url: "URL") -> list[tuple[str, str]]:
    """Hosts with their ports, as psycopg reads them; several for a failover."""
    value = url.query.get("host", url.host or "")
    names = value if isinstance(value, tuple) else tuple(value.split(","))
    return [_host_and_port(name, str(url.port or PORT)) for name in names]


def _location(url: "URL") -> tuple[frozenset[tuple[str, str]], str]:
    return frozenset(hosts(url)), url.database or ""


def _host_and_port(name: str, port: str) -> tuple[str, str]:
    host, colon, own = name.rpartition(":")
    return (host, own) if colon and own.isdigit() else (name, port)


def _parse(text: str) -> "URL | None":
    from sqlalchemy.engine import make_url  # keeps `outreach --help` fast
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(text)
    except (ArgumentError, ValueError):
        return None
