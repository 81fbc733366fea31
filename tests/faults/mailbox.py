"""The mail server of the harness: every letter with the moment it came."""

import time
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.postman import Postman


@dataclass(frozen=True)
class Letter:
    to: str
    name: str  # its Message-ID
    written: datetime  # its Date: the second in which the worker began to write it
    came: float  # seconds since 1970


class Mailbox(Postman):
    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        super().__init__(port, host)
        self.came: list[Letter] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        before = len(self.letters)
        said = await super().handle_DATA(server, session, envelope)
        for letter in self.letters[before:]:
            self.came.append(
                Letter(
                    str(letter["To"]),
                    str(letter["Message-ID"]),
                    parsedate_to_datetime(str(letter["Date"])),
                    time.time(),
                )
            )
        return said
