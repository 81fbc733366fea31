"""What the doctor asks of an installation. Each answer is a line: well, or what to do."""

import os
import shutil
import stat
from collections.abc import Iterator
from datetime import timedelta
from importlib import metadata
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock, migrations
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import circulars, organizers, outbox, retiming
from outreach.keyring import Keyring, Masters
from outreach.mail import delivery
from outreach.migrations import Base
from outreach.upkeep import journal, keys
from outreach.upkeep.findings import Finding

LATE: Final = timedelta(minutes=30)
LEAST_FREE: Final = 500 * 1024 * 1024  # bytes


def examine(config: Config) -> Iterator[Finding]:
    """The findings, one by one; nothing is changed."""
    yield Finding("zone rules", True, f"tzdata {metadata.version('tzdata')}")
    yield from _settings(config)
    yield from _folders(config)
    stores = {Base.MAIN: Store(config.database_url), Base.RING: Store(config.keyring_url)}
    try:
        are_current = True
        for base, store in stores.items():
            finding = _schema(base, store)
            are_current = are_current and finding.is_well
            yield finding
        if are_current:
            with stores[Base.MAIN].read() as session:
                yield from _outbox(session)
                yield _admins(session)
                yield _hours(session)
            ring = Keyring(stores[Base.RING], Masters(config.keys))
            yield journal.examine(stores[Base.MAIN], ring)
            yield from keys.examine(stores[Base.MAIN], ring, now=clock.now())
    finally:
        for store in stores.values():
            store.close()


def _settings(config: Config) -> Iterator[Finding]:
    if not config.public_url.startswith("https://") and not config.is_demo:
        yield Finding(
            "public address", False, "not https: set OUTREACH_PUBLIC_URL to the address people type"
        )
    else:
        yield Finding("public address", True, config.public_url)
    fault = delivery.fault(config)
    yield Finding("mail", not fault, fault or "letters are sent")
    promise = "made on every page" if config.promise_no_sharing else "not made"
    yield Finding("promise not to share data", True, promise)


def _folders(config: Config) -> Iterator[Finding]:
    try:
        config.make_folders()
        # The keys may be on a disk of their own, and that is as easily full.
        disks = {path.stat().st_dev: path for path in (config.keys, config.data)}
        free = {path: shutil.disk_usage(path).free for path in disks.values()}
    except OSError as error:
        yield Finding("folders", False, f"{error.filename} cannot be read")
        return
    for path, room in free.items():
        yield Finding("disk", room >= LEAST_FREE, f"{room // 2**20} MB free in {path}")
    for path in (config.data, config.keys):
        if not os.access(path, os.W_OK):  # as when the disk has gone read-only
            yield Finding("folders", False, f"{path} cannot be written: look at the disk")
    open_to_others = [
        path.name
        for path in (
            config.keys,
            *config.keys.glob("master-*"),
            config.keys / "secret-key",
            *_ring_file(config),
        )
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    if open_to_others:
        names = ", ".join(open_to_others)
        yield Finding("key files", False, f"others can read {names}: chmod -R go-rwx {config.keys}")
    else:
        yield Finding("key files", True, f"closed to others, in {config.keys}")


def _ring_file(config: Config) -> Iterator[Path]:
    """The ring's own file, where it is not in the folder that is closed."""
    path = Path(config.keyring_url.removeprefix("sqlite:///"))
    if config.keyring_url.startswith("sqlite") and path.parent != config.keys:
        yield path


def _schema(base: Base, store: Store) -> Finding:
    about = f"database ({base})"
    try:
        if not migrations.is_current(base, store):
            return Finding(about, False, "not up to date. Run: outreach db upgrade")
        if found := migrations.differences(base, store):
            return Finding(about, False, f"differs from the program in {len(found)} ways")
    except sa.exc.DBAPIError as error:
        return Finding(about, False, f"cannot be reached ({type(error.orig).__name__})")
    return Finding(about, True, "up to date")


def _outbox(session: Session) -> Iterator[Finding]:
    before = clock.now() - LATE
    late = outbox.count_late(session, before) + circulars.count_late(session, before)
    yield Finding("outbox", not late, f"{late} letters late by half an hour or more")
    if dead := outbox.count_dead(session) + circulars.count_dead(session):
        words = f"{dead}: an address is wrong, or the mail server refuses us"
        yield Finding("letters given up", False, words)


def _hours(session: Session) -> Finding:
    """Of the workshops ahead only: a wrong one of the past can wait for the next upgrade."""
    yesterday = clock.now().date() - timedelta(days=1)
    wrong = sum(1 for _ in retiming.wrong(session, since=yesterday))
    if wrong:
        words = f"workshops ahead stored by older zone rules: {wrong}. Run: outreach retime"
        return Finding("stored hours", False, words)
    return Finding("stored hours", True, "as the zone rules say")


def _admins(session: Session) -> Finding:
    admins = organizers.count_admins(session)
    if not admins:
        return Finding("accounts", False, "no admin. Run: outreach user add YOU@… --role admin")
    return Finding("accounts", True, f"{admins} with the role admin")
