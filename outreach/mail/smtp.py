"""Sends letters by SMTP: one connection for all letters of a round.

A password is sent over TLS or not at all; with OUTREACH_SMTP_TLS so is everything else. The server
has `smtp_seconds` for each answer, and MAX_LETTER_SECONDS for a letter as a whole
(decision 0001).
"""

import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import parseaddr
from math import inf
from time import monotonic
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from outreach.config import Config
from outreach.loopback import is_loopback
from outreach.mail import render
from outreach.mail.delivery_errors import DeliveryRefused, DeliveryUncertain, ServerUnavailable
from outreach.mail.socket_deadline import SocketDeadline

MAX_LETTER_SECONDS: Final = 240.0  # less than the lease of its row
# The last answer may take longer: the server checks the letter, and a timeout means a duplicate.
LAST_ANSWER_FACTOR: Final = 4
AUTHENTICATION_CODES: Final = frozenset({530, 534, 535, 538})
_DOT_AT_LINE_START: Final = re.compile(rb"^\.", re.MULTILINE)


@contextmanager
def connect(config: Config) -> Iterator["SmtpConnection"]:
    """Yields an open connection. Raises ServerUnavailable."""
    with SocketDeadline() as deadline:
        connection = SmtpConnection(config, deadline)
        connection.open()
        try:
            yield connection
        finally:
            connection.close()


class SmtpConnection:
    """A connection that is opened again where the server closes it between two letters."""

    def __init__(self, config: Config, deadline: SocketDeadline) -> None:
        self._config, self._deadline = config, deadline
        self._client: _SmtpClient | None = None
        self._has_delivered = False  # on this connection

    def open(self) -> None:
        """Connects to the server. Raises ServerUnavailable; its text says which setting to look
        at."""
        self._has_delivered = False
        try:
            self._client = _open(self._config, self._deadline)
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
        """Sends a letter. Raises ServerUnavailable, DeliveryRefused or DeliveryUncertain."""
        self._deadline.expires_at = monotonic() + MAX_LETTER_SECONDS
        try:
            self._send_or_reconnect(letter)
        finally:
            self._deadline.expires_at = inf

    def close(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        with suppress(smtplib.SMTPException, OSError):
            client.quit()
        client.close()

    def _send_or_reconnect(self, letter: EmailMessage) -> None:
        if self._client is None:
            self.open()
        try:
            self._send(letter)
        except (smtplib.SMTPServerDisconnected, _ServerClosing):
            # Many servers close a connection after some letters: then a new one is tried once.
            can_reconnect = self._has_delivered
            self.close()
            if not can_reconnect:
                raise DeliveryRefused(is_final=False, ends_round=True) from None
            self.open()
            self._send_on_new_connection(letter)
        self._has_delivered = True

    def _send_on_new_connection(self, letter: EmailMessage) -> None:
        try:
            self._send(letter)
        except (smtplib.SMTPServerDisconnected, _ServerClosing):
            self.close()
            raise DeliveryRefused(is_final=False, ends_round=True) from None

    def _send(self, letter: EmailMessage) -> None:
        client = self._client
        assert client is not None
        try:
            _require(client.mail(_address(letter, "From")), 250, _refuse_sender)
            _require(client.rcpt(_address(letter, "To")), 250, _refuse_recipient)
            _require(client.docmd("DATA"), 354, _refuse_letter)
        except DeliveryRefused:
            self._reset(client)
            raise
        self._send_content(client, render.as_bytes(letter))

    def _reset(self, client: "_SmtpClient") -> None:
        """Ends a transaction that was begun, so that the next letter can begin one."""
        try:
            client.rset()
        except (smtplib.SMTPException, OSError):
            self.close()

    def _send_content(self, client: "_SmtpClient", content: bytes) -> None:
        """Sends the content of a letter after the server has asked for it.

        `SMTP.data` does not say whether a connection ended before the content or after it. Here it
        is after: the server may have the letter, so DeliveryUncertain is raised.
        """
        try:
            client.send(_DOT_AT_LINE_START.sub(b"..", content) + b".\r\n")
            code, _text = client.read_last_answer()
        except (smtplib.SMTPException, OSError):
            client.close()
            self._client = None
            raise DeliveryUncertain from None
        if not 200 <= code < 600:
            self.close()
            raise DeliveryUncertain
        if code == 421:
            self.close()
            raise DeliveryRefused(is_final=False, ends_round=True)
        if code >= 300:
            raise DeliveryRefused(is_final=code >= 500)


class _ServerClosing(Exception):
    """421: the server is about to close the connection."""


Answer = tuple[int, bytes]


def _require(answer: Answer, expected: int, refusal: Callable[[Answer], DeliveryRefused]) -> None:
    code, _text = answer
    if code == 421:
        raise _ServerClosing
    if code in AUTHENTICATION_CODES:
        raise ServerUnavailable("the mail server wants a user and password in OUTREACH_SMTP_URL")
    if code // 10 != expected // 10:  # 251 and 252 accept too (RFC 5321 4.2.3)
        raise refusal(answer)


def _refuse_sender(_answer: Answer) -> DeliveryRefused:
    """Returns the refusal of our sender. It ends the round: all letters have this sender, so none
    of them would be taken."""
    return DeliveryRefused(is_final=False, ends_round=True)


def _refuse_recipient(answer: Answer) -> DeliveryRefused:
    code, text = answer
    # 552 is a full mailbox; 5.7.x may be about us («relaying denied», RFC 3463 3.8).
    return DeliveryRefused(is_final=code >= 500 and code != 552 and not text.startswith(b"5.7."))


def _refuse_letter(answer: Answer) -> DeliveryRefused:
    return DeliveryRefused(is_final=answer[0] >= 500)


def _address(letter: EmailMessage, header: str) -> str:
    return parseaddr(str(letter[header]))[1]


class _SmtpClient(smtplib.SMTP):
    """smtplib's client with a limit for each whole answer."""

    def __init__(self, host: str, port: int, *, deadline: SocketDeadline, **options: Any) -> None:
        self._deadline = deadline
        self._answer_seconds: float = options["timeout"]
        super().__init__(host, port, **options)

    def getreply(self) -> Answer:
        return self._read_answer(self._answer_seconds)

    def read_last_answer(self) -> Answer:
        """The answer to the content of a letter."""
        return self._read_answer(self._answer_seconds * LAST_ANSWER_FACTOR)

    def _read_answer(self, seconds: float) -> Answer:
        deadline, sock = self._deadline, self.sock
        assert sock is not None
        sock.settimeout(seconds)
        outer = deadline.expires_at
        deadline.sock, deadline.expires_at = sock, min(monotonic() + seconds, outer)
        try:
            return super().getreply()
        finally:
            deadline.expires_at = outer


class _SmtpsClient(_SmtpClient, smtplib.SMTP_SSL):
    """An `_SmtpClient` with TLS from the first byte (`smtps`)."""


def _open(config: Config, deadline: SocketDeadline) -> _SmtpClient:
    """Returns a connection that is greeted, and secured and authenticated as the settings ask
    for."""
    parts = urlsplit(config.smtp_url)
    host = parts.hostname or ""
    options: dict[str, Any] = {
        "deadline": deadline,
        "timeout": config.smtp_seconds,
        # Otherwise smtplib looks our name up in DNS and tells it to the server.
        "local_hostname": urlsplit(config.public_url).hostname or "localhost",
    }
    context = ssl.create_default_context(cafile=config.smtp_ca_file)
    client = (
        _SmtpsClient(host, parts.port or 465, context=context, **options)
        if parts.scheme == "smtps"
        else _SmtpClient(host, parts.port or 25, **options)
    )
    try:
        client.ehlo_or_helo_if_needed()
        if parts.scheme == "smtp" and (must := must_be_secure(config)) is not None:
            _start_tls(client, context, must=must)
        if parts.username:
            client.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        client.close()
        raise
    return client


def must_be_secure(config: Config) -> bool | None:
    """Whether the connection needs TLS (True), uses it if the server offers it (False), or needs
    none because it stays on this machine (None)."""
    parts = urlsplit(config.smtp_url)
    if config.smtp_tls:
        return True
    return None if is_loopback(parts.hostname or "") else bool(parts.username)


def _start_tls(client: smtplib.SMTP, context: ssl.SSLContext, *, must: bool) -> None:
    if client.has_extn("starttls"):
        client.starttls(context=context)
        client.ehlo()
    elif must:
        raise ServerUnavailable("the mail server offers no secure line (STARTTLS)")
