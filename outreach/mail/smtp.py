"""Letters by SMTP: one line for all the letters of a round, and for each whether it was taken.

A password, and with OUTREACH_SMTP_TLS anything, goes over a secure line or not at all. The server
has so many seconds for each answer, however slowly it speaks.
"""

import math
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import parseaddr
from time import monotonic
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from outreach.config import Config
from outreach.loopback import is_loopback
from outreach.mail import render
from outreach.mail.delivery_errors import DeliveryRefused, DeliveryUncertain, ServerUnavailable

LONGEST: Final = 240.0  # seconds for one letter in all: less than its lease
FINAL_FACTOR: Final = 4  # a server that has the letter thinks longer, and hurry makes repeats
MUST_SIGN_IN: Final = frozenset({530, 534, 535, 538})
_DOT: Final = re.compile(rb"^\.", re.MULTILINE)


@contextmanager
def connect(config: Config) -> Iterator["SmtpConnection"]:
    """An open line. Raises Away."""
    made = SmtpConnection(config)
    made.open()
    try:
        yield made
    finally:
        made.close()


class SmtpConnection:
    """A line to the mail server; one that the server closed between two letters is opened anew."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._server: _Server | None = None
        self._has_carried = False

    def open(self) -> None:
        """Raises Away, with what to look at in its text."""
        self._has_carried = False
        try:
            self._server = _connected(self._config)
        except ssl.SSLCertVerificationError:
            raise ServerUnavailable(
                "the mail server's certificate is not good: OUTREACH_SMTP_CA_FILE"
            ) from None
        except smtplib.SMTPAuthenticationError:
            raise ServerUnavailable(
                "the mail server refuses user or password in OUTREACH_SMTP_URL"
            ) from None
        except UnicodeError:
            raise ServerUnavailable("OUTREACH_SMTP_URL has letters that cannot be sent") from None
        except smtplib.SMTPResponseException as error:
            raise ServerUnavailable(f"the mail server answers {error.smtp_code}") from None
        except smtplib.SMTPServerDisconnected:
            raise ServerUnavailable("the mail server hung up") from None
        except smtplib.SMTPException:
            raise ServerUnavailable(
                "the mail server offers no way to sign in that we know"
            ) from None
        except OSError as error:
            raise ServerUnavailable(
                f"the mail server cannot be reached ({type(error).__name__})"
            ) from None

    def __call__(self, letter: EmailMessage) -> None:
        """Gives the letter to the server. Raises Away, Refusal or Doubt."""
        ends = monotonic() + LONGEST
        if self._server is None:
            self.open()
        try:
            self._carry(letter, ends)
        except (smtplib.SMTPServerDisconnected, _Closing):
            is_tired = self._has_carried  # many servers hang up after so many letters
            self.close()
            if not is_tired:
                raise DeliveryRefused(is_final=False, ends_round=True) from None
            self.open()
            self._once_more(letter, ends)
        self._has_carried = True

    def close(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
        server.close()

    def _once_more(self, letter: EmailMessage, ends: float) -> None:
        try:
            self._carry(letter, ends)
        except (smtplib.SMTPServerDisconnected, _Closing):
            self.close()
            raise DeliveryRefused(is_final=False, ends_round=True) from None

    def _carry(self, letter: EmailMessage, ends: float) -> None:
        server = self._server
        assert server is not None
        server.ends = ends
        try:
            _ask(server, f"MAIL FROM:<{_bare(letter, 'From')}>", _of_us)
            _ask(server, f"RCPT TO:<{_bare(letter, 'To')}>", _of_them)
            _ask(server, "DATA", _of_it, good=354)
        except DeliveryRefused:
            self._start_over(server)
            raise
        self._hand_over(server, render.as_bytes(letter))

    def _start_over(self, server: "_Server") -> None:
        """In the middle of a letter: the next one begins where any does."""
        try:
            server.rset()
        except (smtplib.SMTPException, OSError):
            self.close()

    def _hand_over(self, server: "_Server", raw: bytes) -> None:
        """From here on a silence says nothing: the server may have it all."""
        try:
            server.send(_DOT.sub(b"..", raw) + b".\r\n")
            code, _words = server.reply(server.timeout * FINAL_FACTOR)
        except (smtplib.SMTPException, OSError):
            server.close()
            self._server = None
            raise DeliveryUncertain from None
        if not 200 <= code < 600:
            self.close()
            raise DeliveryUncertain
        if code == 421:
            self.close()
            raise DeliveryRefused(is_final=False, ends_round=True)
        if code >= 300:
            raise DeliveryRefused(is_final=code >= 500)


class _Closing(Exception):
    """421: the server is about to hang up."""


def _ask(
    server: "_Server",
    command: str,
    refusal: Callable[[int, bytes], DeliveryRefused],
    *,
    good: int = 250,
) -> None:
    code, words = server.docmd(command)
    if code == 421:
        raise _Closing
    if code in MUST_SIGN_IN:
        raise ServerUnavailable("the mail server wants a user and password in OUTREACH_SMTP_URL")
    if code // 10 != good // 10:  # 251 and 252 are a yes too
        raise refusal(code, words)


def _of_us(_code: int, _words: bytes) -> DeliveryRefused:
    """It is the sender who is refused, so no letter would fare better."""
    return DeliveryRefused(is_final=False, ends_round=True)


def _of_them(code: int, words: bytes) -> DeliveryRefused:
    # 552 is a full mailbox; 5.7 may be about us: «relaying denied».
    return DeliveryRefused(is_final=code >= 500 and code != 552 and not words.startswith(b"5.7."))


def _of_it(code: int, _words: bytes) -> DeliveryRefused:
    return DeliveryRefused(is_final=code >= 500)


def _bare(letter: EmailMessage, name: str) -> str:
    return parseaddr(str(letter[name]))[1]


# The line itself


class _Answers:
    """What a server says, line by line, each read to its end or until time is up."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock, self._got = sock, bytearray()
        self.ends = 0.0

    def readline(self, limit: int) -> bytes:
        while (end := self._got.find(b"\n") + 1) == 0 and len(self._got) < limit:
            self._sock.settimeout(max(self.ends - monotonic(), 0.001))
            more = self._sock.recv(4096)
            if not more:
                break
            self._got += more
        if monotonic() > self.ends:
            raise TimeoutError
        line = bytes(self._got[: end or limit])
        del self._got[: len(line)]
        return line

    def close(self) -> None:
        self._got.clear()


class _Server(smtplib.SMTP):
    """An SMTP client that waits for a whole answer, and not for each of its bytes."""

    file: Any
    timeout: float
    ends = math.inf  # for all answers of one letter together

    def getreply(self) -> tuple[int, bytes]:
        return self.reply(self.timeout)

    def reply(self, seconds: float) -> tuple[int, bytes]:
        sock = self.sock
        if sock is None:
            raise smtplib.SMTPServerDisconnected("no line")
        if self.file is None:
            self.file = _Answers(sock)
        self.file.ends = min(monotonic() + seconds, self.ends)
        answer = super().getreply()
        sock.settimeout(self.timeout)
        return answer


class _SecureServer(_Server, smtplib.SMTP_SSL):
    """The same, secure from the first byte."""


def _connected(config: Config) -> _Server:
    parts = urlsplit(config.smtp_url)
    host, seconds = parts.hostname or "", config.smtp_seconds
    # Its own name would be looked up in the network, and told to the server.
    us = urlsplit(config.public_url).hostname or "localhost"
    context = ssl.create_default_context(cafile=config.smtp_ca_file)
    server: _Server
    if parts.scheme == "smtps":
        server = _SecureServer(
            host, parts.port or 465, local_hostname=us, timeout=seconds, context=context
        )
    else:
        server = _Server(host, parts.port or 25, local_hostname=us, timeout=seconds)
    try:
        server.ehlo_or_helo_if_needed()
        if parts.scheme == "smtp" and (must := must_be_secure(config)) is not None:
            _make_secure(server, context, must=must)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def must_be_secure(config: Config) -> bool | None:
    """Whether the line must be secure (True), or may be if the server can (False). None: there
    is no need, it never leaves this machine."""
    parts = urlsplit(config.smtp_url)
    if config.smtp_tls:
        return True
    return None if is_loopback(parts.hostname or "") else bool(parts.username)


def _make_secure(server: _Server, context: ssl.SSLContext, *, must: bool) -> None:
    if server.has_extn("starttls"):
        server.starttls(context=context)
        server.ehlo()
    elif must:
        raise ServerUnavailable("the mail server offers no secure line (STARTTLS)")
