"""Sends one request and checks its answer for server errors and leaks."""

import gzip
import logging
import re
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from werkzeug.test import Client

from tests.fuzz.world import HIDDEN, OTHERS_EMAIL, OTHERS_NAME, OURS_EMAIL, OURS_NAME

# Text that only an internal error would contain.
INTERNALS: Final = re.compile(
    rb"Traceback \(most recent|File \"/|/outreach/[\w/]+\.py|sqlalchemy|werkzeug\.|psycopg"
    rb"|sqlite3\.|jinja2\.|0x[0-9a-f]{10,}>"
)
REFUSED_FORMAT: Final = 501  # as oEmbed requires for an unknown format
OTHERS: Final = (OTHERS_NAME.encode(), OTHERS_EMAIL.encode(), HIDDEN.encode())
OURS: Final = (OURS_NAME.encode(), OURS_EMAIL.encode())
# What an answer must not contain: for staff, people of another office; for others, anybody.
FORBIDDEN_TEXT: Final = {
    "anonymous": OTHERS + OURS,
    "door": (*OTHERS, OURS[1]),
    "reader": OTHERS + OURS,
    "organizer": OTHERS,
    "admin": (),
}


@dataclass(frozen=True)
class FuzzRequest:
    """A request with everything needed to repeat it."""

    who: str
    method: str
    path: str
    body: bytes = b""
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        body = repr(self.body if len(self.body) < 3000 else self.body[:3000] + b"...")
        content = f" {self.content_type} {body}" if self.body else ""
        return (
            f"{self.who} {self.method} {self.path!r}{content} {dict(self.headers) or ''}".rstrip()
        )


@dataclass(frozen=True)
class FuzzResponse:
    """Status, body and headers; and the log lines written meanwhile."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    log: tuple[str, ...] = ()


@dataclass
class Tally:
    """The results of one surface."""

    answers: Counter[str] = field(default_factory=Counter)  # 2xx, 3xx, …
    tried: int = 0
    logged: int = 0
    leaks: int = 0
    # The first request that caused each fault.
    faults: dict[str, str] = field(default_factory=dict)

    took: float = 0.0  # seconds

    @property
    def is_fine(self) -> bool:
        return not self.faults

    def add(self, request: object, response: FuzzResponse, who: str = "admin") -> None:
        self.tried += 1
        first = 4 if response.status == REFUSED_FORMAT else response.status // 100
        self.answers[f"{first}xx"] += 1
        self.logged += len(response.log)
        for fault in _faults(response, who):
            self.leaks += fault.startswith("tells")
            self.faults.setdefault(fault, f"{request} -> {response.status}")

    def take(self, other: "Tally") -> None:
        self.answers += other.answers
        self.tried += other.tried
        self.logged += other.logged
        self.leaks += other.leaks
        self.took += other.took
        for fault, request in other.faults.items():
            self.faults.setdefault(fault, request)


def _faults(response: FuzzResponse, who: str) -> Iterator[str]:
    if (response.status >= 500 and response.status != REFUSED_FORMAT) or response.log:
        yield "\n".join(response.log) or f"answered {response.status}, and nothing in the log"
    body = response.body
    if dict(response.headers).get("Content-Encoding") == "gzip":
        body = gzip.decompress(body) if body else b""
    if found := INTERNALS.search(body):
        yield f"tells of itself: {found[0]!r}"
    content = body + repr(response.headers).encode()
    for secret in FORBIDDEN_TEXT[who]:
        if secret in content:
            yield f"tells {who} of {secret.decode()}"


@contextmanager
def collect_error_logs() -> Iterator[list[str]]:
    """Collects the error log lines during the block, with where they were raised."""
    errors: list[str] = []

    class ErrorCollector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            where = "".join(traceback.format_exception(error)[-6:]) if error else ""
            # Incident numbers differ each time.
            errors.append(re.sub(r"^[0-9A-Z]{6}: ", "", record.getMessage()) + "\n" + where)

    handler, root = ErrorCollector(logging.ERROR), logging.getLogger()
    root.addHandler(handler)
    try:
        yield errors
    finally:
        root.removeHandler(handler)


def ask(client: Client, request: FuzzRequest) -> FuzzResponse:
    """Sends a request through the whole application with its WSGI middleware."""
    path, _, query = request.path.partition("?")
    with collect_error_logs() as errors:
        try:
            answer = client.open(
                path,
                method=request.method,
                query_string=query,
                data=request.body or None,
                content_type=request.content_type or None,
                headers=list(request.headers),
            )
            body, status = answer.get_data(), answer.status_code
            headers = tuple((name, value) for name, value in answer.headers.items())
            answer.close()
        except Exception as error:
            trace = "".join(traceback.format_exception(error)[-6:])
            return FuzzResponse(599, log=(f"left the application: {trace}",))
    return FuzzResponse(status, body, headers, tuple(errors))
