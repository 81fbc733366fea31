"""Sends the letters that are due, each once."""

import secrets
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from urllib.parse import unquote, urlsplit

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import outbox, registrations
from outreach.domain.notices import Notice
from outreach.errors import NotFound
from outreach.keyring import Keyring
from outreach.mail import letters

Send = Callable[[EmailMessage], None]
Post = Callable[[], AbstractContextManager[Send]]

SECONDS = 30  # to wait for a mail server before trying again later


class Refusal(Exception):
    """The letter was not taken. `is_final`: it never will be."""

    def __init__(self, *, is_final: bool) -> None:
        super().__init__("final" if is_final else "for now")
        self.is_final = is_final


def post(config: Config) -> Post | None:
    """How letters leave: by SMTP, into a folder, or, with neither set, not at all (None)."""
    if config.smtp_url:
        return lambda: _smtp(config.smtp_url)
    folder = config.mail_folder
    return None if folder is None else lambda: _into(folder)


def deliver(store: Store, ring: Keyring, config: Config, post: Post, *, now: datetime) -> int:
    """Sends what is due and says how many letters went out. Needs an application context.

    The database is not kept waiting for the mail server: letters are written in a read session,
    each is leased before and marked after in a short change of its own.
    """
    with store.read() as session:
        written = [
            each for notice in outbox.due(session, now) if (each := _write(notice, ring, config))
        ]
    if not written:
        return 0
    sent = 0
    with post() as send:
        for notice, letter in written:
            with store.change() as session:
                if not outbox.lease(session, notice, now=now):
                    continue
            try:
                send(letter)
            except Refusal as refusal:
                with store.change() as session:
                    outbox.mark_failed(session, notice, now=now, is_final=refusal.is_final)
            else:
                with store.change() as session:
                    outbox.mark_done(session, notice.id, now=now)
                sent += 1
    return sent


def _write(notice: Notice, ring: Keyring, config: Config) -> tuple[Notice, EmailMessage] | None:
    """None for someone forgotten a moment ago: there is nobody left to write to."""
    try:
        key = registrations.key_of(ring, notice.registration)
    except NotFound:
        return None
    person = registrations.read_person(notice.registration, key)
    return notice, letters.write(notice, person, key, config)


@contextmanager
def _smtp(url: str) -> Iterator[Send]:
    """One connection for all the letters of a round, made when the first one needs it."""
    parts = urlsplit(url)
    server: smtplib.SMTP | None = None

    def connected() -> smtplib.SMTP:
        host, secure = parts.hostname or "", parts.scheme == "smtps"
        context = ssl.create_default_context()
        made: smtplib.SMTP
        if secure:
            made = smtplib.SMTP_SSL(host, parts.port or 465, timeout=SECONDS, context=context)
        else:
            made = smtplib.SMTP(host, parts.port or 25, timeout=SECONDS)
            made.ehlo()
            if made.has_extn("starttls"):
                made.starttls(context=context)
        if parts.username:
            made.login(unquote(parts.username), unquote(parts.password or ""))
        return made

    def send(letter: EmailMessage) -> None:
        nonlocal server
        try:
            server = server or connected()
            server.send_message(letter)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise Refusal(is_final=all(code >= 500 for code in codes)) from None
        except smtplib.SMTPResponseException as error:
            raise Refusal(is_final=error.smtp_code >= 500 and error.smtp_code != 535) from None
        except (smtplib.SMTPException, OSError):
            server = None  # the line is gone; the next letter opens another
            raise Refusal(is_final=False) from None

    try:
        yield send
    finally:
        if server is not None:
            try:
                server.quit()
            except (smtplib.SMTPException, OSError):
                server.close()


@contextmanager
def _into(folder: Path) -> Iterator[Send]:
    """For a demo: each letter is a file that a mail program opens."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def send(letter: EmailMessage) -> None:
        path = folder / f"{secrets.token_hex(8)}.eml"
        path.write_bytes(letter.as_bytes(policy=SMTP_POLICY))

    yield send
