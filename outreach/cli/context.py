"""What commands share: the settings, and the databases opened with them."""

from collections.abc import Iterator
from contextlib import contextmanager

from outreach import clock, logs, migrations
from outreach.config import Config
from outreach.db.store import Store
from outreach.errors import Misconfigured
from outreach.keyring import Keyring, Masters
from outreach.migrations import Base


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
        _require_current(store, Base.MAIN)
        yield store
    finally:
        store.close()


@contextmanager
def opened_ring(config: Config) -> Iterator[Keyring]:
    """The ring of keys, up to date. Raises Misconfigured when it is not."""
    store = Store(config.keyring_url)
    try:
        _require_current(store, Base.RING)
        yield Keyring(store, Masters(config.keys))
    finally:
        store.close()


def _require_current(store: Store, base: Base) -> None:
    if not migrations.is_current(base, store):
        raise Misconfigured("The database is not up to date. Run: outreach db upgrade")
