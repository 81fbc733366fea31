"""The mail server of the harness: stores every letter with its time of arrival."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.smtp_server import Postman

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Letter:
    to: str
    name: str  # its Message-ID
    written: datetime  # its Date header: when the worker wrote it
    came: float  # seconds since 1970


class Mailbox(Postman):
    """`dates`: whether the sender's clock can be trusted."""

    def __init__(self, port: int, host: str = "127.0.0.1", *, dates: bool = True) -> None:
        super().__init__(port, host)
        self.came: list[Letter] = []
        self.dates = dates

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        before = len(self.letters)
        reply = await super().handle_DATA(server, session, envelope)
        for letter in self.letters[before:]:
            self.came.append(
                Letter(
                    str(letter["To"]),
                    str(letter["Message-ID"]),
                    parsedate_to_datetime(str(letter["Date"])) if self.dates else LONG_AGO,
                    time.time(),
                )
            )
        return reply
