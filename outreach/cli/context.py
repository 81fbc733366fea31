"""What commands share: settings, open databases, passphrases."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click
import sqlalchemy as sa

from outreach import clock, logs, migrations, network_profile, networks
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.errors import Misconfigured
from outreach.keystore import Keeper, KeyStore, MasterKeys
from outreach.maintenance.archive_format import InvalidArchive
from outreach.migrations import Database, Stage
from outreach.network_profile import use_profile


def settings(*, serving: bool = False) -> Config:
    """Reads the settings of one network and sets up logging. Raises Misconfigured, also for old
    zone rules, and where there are several networks and none was named."""
    name = _get_named_network()
    if not name and networks.has_several():
        names = ", ".join(networks.list_names())
        raise Misconfigured(
            f"This installation has several networks. Put --network NAME after «outreach»: {names}"
        )
    [config] = list_settings(serving=serving)
    network_profile.set_for_process(config.profile)
    return config


def list_settings(*, serving: bool = False) -> tuple[Config, ...]:
    """Reads the settings of all networks, or of the named one, and sets up logging; what acts on a
    network has to choose its profile. Raises Misconfigured, also for old zone rules."""
    clock.require_rules()
    name = _get_named_network()
    configs = (
        (networks.load_network(name, serving=serving),)
        if name
        else networks.load_networks(serving=serving)
    )
    logs.set_up(configs[0].log)
    return configs


def _get_named_network() -> str:
    """What --network says, before the command, or OUTREACH_NETWORK."""
    found = click.get_current_context(silent=True)
    return (found.find_root().params.get("network") or "") if found else ""


def check_each(
    configs: Sequence[Config], check: Callable[[Config], None]
) -> tuple[tuple[Config, ...], dict[str, str]]:
    """The networks whose `check` raises nothing, and what is wrong with each other one, by its
    name: a network whose databases cannot be used does not keep the others from working. Raises
    Misconfigured where that leaves none, and whatever the only network's check raises."""
    ready, faults = [], dict[str, str]()
    for config in configs:
        try:
            with use_profile(config.profile):
                check(config)
        except (Misconfigured, sa.exc.DBAPIError) as error:
            if len(configs) == 1:
                raise
            is_known = isinstance(error, Misconfigured)
            faults[config.name] = str(error) if is_known else "Its databases do not answer."
        else:
            ready.append(config)
    if not ready:
        raise Misconfigured("\n".join(f"{name}: {fault}" for name, fault in faults.items()))
    return tuple(ready), faults


@contextmanager
def open_store(config: Config) -> Iterator[Store]:
    """The main database; its sessions open the key store when they need it. Raises Misconfigured
    where it is not migrated."""
    config.make_folders()
    store, keyring = Store(config.database_url), Store(config.keyring_url)
    KeyStore(keyring, MasterKeys(config.keys)).attach(store)
    change_sessions.install(store)
    try:
        _require_current(config, store, Database.MAIN)
        yield store
    finally:
        store.close()
        keyring.close()


@contextmanager
def open_key_store(config: Config) -> Iterator[KeyStore]:
    """The key store. Raises Misconfigured where it is not migrated."""
    store = Store(config.keyring_url)
    try:
        _require_current(config, store, Database.KEY_STORE)
        find_keepers = partial(_find_keepers, config)
        yield KeyStore(store, MasterKeys(config.keys), find_keepers=find_keepers)
    finally:
        store.close()


def _find_keepers(config: Config) -> Sequence[Keeper]:
    from outreach import extension  # with Flask, which few commands need

    return extension.find_keepers(config)


def _require_current(config: Config, store: Store, base: Database) -> None:
    current = migrations.state_after_upgrade(base, store, config.extensions)
    if current.fault:
        raise Misconfigured(f"The database ({base}) cannot be used: {current.fault}.")
    if current.stage is not Stage.CURRENT:
        raise Misconfigured("The database is not up to date. Run: outreach db upgrade")


@contextmanager
def exit_for_invalid_archive() -> Iterator[None]:
    """Exits with 2 and one line if the block raises InvalidArchive: wrong input."""
    try:
        yield
    except InvalidArchive as error:
        click.echo(f"outreach: {error}", err=True)
        sys.exit(2)


def ask_passphrase(about: str, *, twice: bool) -> str:
    """Asks at the terminal, or reads a line of standard input. Raises InvalidArchive."""
    hide = sys.stdin.isatty()
    prompt = f"Passphrase of {about}"
    try:
        return str(click.prompt(prompt, hide_input=hide, confirmation_prompt=twice, err=True))
    except click.Abort:
        raise InvalidArchive(f"{about} wants a passphrase: give --passphrase-file.") from None


def read_passphrase(file: Path | None) -> str | None:
    """The passphrase in the file, or in the environment; None if there is none."""
    if file is None:
        return os.environ.get("OUTREACH_BACKUP_PASSPHRASE") or None
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise InvalidArchive(f"{file} cannot be read as text.") from None
