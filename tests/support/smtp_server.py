"""A mail server for tests (aiosmtpd): accepts and refuses letters, hangs up, stops answering."""

import asyncio
import ssl
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Final

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HANG_UP: Final = "hang up"  # at once, without a word
SAY_NOTHING: Final = "say nothing"
DRIP: Final = "drip"  # an answer that never ends
TAKE_AND_HANG_UP: Final = "take and hang up"


class Postman:
    """`next_time["RCPT"]` holds the answers to the next RCPT commands; `always`, the one to all.

    The steps are CONNECT, MAIL, RCPT, DATA (before the letter) and TAKEN (after it)."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.port, self.host = port, host
        self.letters: list[EmailMessage] = []
        self.always: dict[str, str] = {}
        self.next_time: dict[str, deque[str]] = {}
        self.password = ""
        self.tries_to_sign_in = 0
        self.connections = 0
        self.is_secure: list[bool] = []  # whether each letter's line was secure

    @property
    def to(self) -> list[str]:
        return [str(letter["To"]) for letter in self.letters]

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, replies: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        await self.answer(server, "EHLO")
        return replies

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self.answer(server, "MAIL")
        if answer is None:
            envelope.mail_from = address
        return answer or "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self.answer(server, "RCPT")
        if (answer or "250").startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        instruction = self.next_instruction("TAKEN")
        if instruction is None or instruction == TAKE_AND_HANG_UP:
            self.letters.append(message_from_bytes(envelope.content, policy=default))
            self.is_secure.append(session.ssl is not None)
        return await self.obey(server, instruction) or "250 OK"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        self.tries_to_sign_in += 1
        is_right = isinstance(data, LoginPassword) and data.password.decode() == self.password
        return AuthResult(success=is_right, handled=False)

    def next_instruction(self, step: str) -> str | None:
        if self.next_time.get(step):
            return self.next_time[step].popleft()
        return self.always.get(step)

    async def answer(self, server: SMTP, step: str) -> str | None:
        return await self.obey(server, self.next_instruction(step))

    async def obey(self, server: SMTP, instruction: str | None) -> str | None:
        if instruction in {HANG_UP, TAKE_AND_HANG_UP}:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        elif instruction == SAY_NOTHING:
            await asyncio.Event().wait()
        elif instruction == DRIP:
            while True:
                await server.push("250-and then")
                await asyncio.sleep(0.05)
        return instruction


class _Server(SMTP):
    async def smtp_DATA(self, arg: str) -> None:
        answer = await self.event_handler.answer(self, "DATA")
        if answer is None:
            await super().smtp_DATA(arg)
        else:
            await self.push(answer)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Server(self.handler, **self.SMTP_kwargs)


@contextmanager
def serve_mail(postman: Postman, **settings: Any) -> Iterator[Postman]:
    """The server runs for as long as the block lasts; `settings` are aiosmtpd's."""
    if postman.password:
        settings |= {"authenticator": postman.authenticate, "auth_require_tls": False}
    controller = _Controller(
        postman, hostname=postman.host, port=postman.port, ready_timeout=20, **settings
    )
    controller.start()
    try:
        yield postman
    finally:
        controller.stop()


def context(certificate: Any) -> ssl.SSLContext:
    """The TLS context of the server."""
    tls_context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls_context.load_cert_chain(certificate)
    return tls_context
