"""What commands share: the settings, and the databases opened with them."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from outreach import clock, logs, migrations
from outreach.config import Config
from outreach.db.store import Store
from outreach.errors import Misconfigured
from outreach.keystore import KeyStore, MasterKeys
from outreach.maintenance.archive_format import InvalidArchive
from outreach.migrations import Database


def settings(*, serving: bool = False) -> Config:
    """The settings, once the zone rules are known to be fit. Raises Misconfigured."""
    clock.require_rules()
    config = Config.from_environ(serving=serving)
    logs.set_up(config.log)
    return config


@contextmanager
def opened(config: Config) -> Iterator[Store]:
    """The main database, up to date. Raises Misconfigured when it is not."""
    config.make_folders()
    store = Store(config.database_url)
    try:
        _require_current(store, Database.MAIN)
        yield store
    finally:
        store.close()


@contextmanager
def opened_key_store(config: Config) -> Iterator[KeyStore]:
    """The ring of keys, up to date. Raises Misconfigured when it is not."""
    store = Store(config.keyring_url)
    try:
        _require_current(store, Database.KEY_STORE)
        yield KeyStore(store, MasterKeys(config.keys))
    finally:
        store.close()


def _require_current(store: Store, base: Database) -> None:
    if not migrations.is_current(base, store):
        raise Misconfigured("The database is not up to date. Run: outreach db upgrade")


@contextmanager
def misfits() -> Iterator[None]:
    """A file that cannot be used is wrong input: one line, and exit 2."""
    try:
        yield
    except InvalidArchive as error:
        click.echo(f"outreach: {error}", err=True)
        sys.exit(2)


def ask_passphrase(about: str, *, twice: bool) -> str:
    """Asked for at the terminal; from a program, a line of its own."""
    hide = sys.stdin.isatty()
    words = f"Passphrase of {about}"
    try:
        return str(click.prompt(words, hide_input=hide, confirmation_prompt=twice, err=True))
    except click.Abort:
        raise InvalidArchive(f"{about} wants a passphrase: give --passphrase-file.") from None


def passphrase_in(file: Path | None) -> str | None:
    """What was given with a command: in a file, or in the environment."""
    if file is None:
        return os.environ.get("OUTREACH_BACKUP_PASSPHRASE") or None
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise InvalidArchive(f"{file} cannot be read as text.") from None
