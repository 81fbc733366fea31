"""Whether a proxy at the public address holds back what people send until all of it has arrived.

Without that, a slow phone or a stranger who never ends a form keeps a thread of the server, which
has few (`cli/request_bodies.py`). The check announces a body that the server would refuse, and
sends nothing of it: an answer at once says that the server has seen the request.
"""

import socket
import ssl
from typing import Final
from urllib.parse import urlsplit

from outreach.maintenance.check_result import CheckResult

ABOUT: Final = "forms at the proxy"
CONNECT_SECONDS: Final = 3.0
SILENT_SECONDS: Final = 2.0  # after which the proxy is said to wait for the body
ANSWER_SECONDS: Final = 5.0
# More than what the server reads before it answers, and less than what the guide's nginx refuses.
BODY_BYTES: Final = 70_000
_OURS: Final = b"style-src 'self'"  # in a header of each answer of ours (S02)
_HTTPS: Final = 443


def examine(
    public_url: str,
    *,
    address: tuple[str, int] | None = None,
    context: ssl.SSLContext | None = None,
) -> CheckResult:
    """Asks the public address, which has to be https. Only tests say where it is and what its
    certificate is checked with."""
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    try:
        with (
            socket.create_connection(
                address or (host, parts.port or _HTTPS), CONNECT_SECONDS
            ) as plain,
            (context or ssl.create_default_context()).wrap_socket(
                plain, server_hostname=host
            ) as connection,
        ):
            connection.sendall(
                f"POST /healthz HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n"
                f"Content-Length: {BODY_BYTES}\r\n\r\n".encode()
            )
            if _is_answered(connection, SILENT_SECONDS):
                words = (
                    "the proxy passes on forms before they have arrived, so slow ones keep threads "
                    "of the server. Let it buffer them: see outreach guide proxy"
                )
                return CheckResult(ABOUT, True, words, is_warning=True)
            connection.sendall(b"x" * BODY_BYTES)
            if _is_answered(connection, ANSWER_SECONDS):
                return CheckResult(ABOUT, True, "held back until they have arrived")
    except OSError:  # also of its certificate
        pass
    words = "not checked: this site does not answer at its public address from here"
    return CheckResult(ABOUT, True, words, is_warning=True)


def _is_answered(connection: ssl.SSLSocket, seconds: float) -> bool:
    """Whether the server, and not the proxy itself, answers within these seconds."""
    connection.settimeout(seconds)
    found = b""
    try:
        while _OURS not in found and (some := connection.recv(4096)):
            found += some
    except TimeoutError:
        return False
    return _OURS in found
