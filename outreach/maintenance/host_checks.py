"""Checks of the host: disks, clock, worker."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.audit import audit_log
from outreach.domain.network import installation_settings
from outreach.maintenance.check_result import CheckResult

MEGABYTE: Final = 2**20
LOW_SPACE: Final = 1024 * MEGABYTE
MIN_SPACE: Final = 200 * MEGABYTE
CLOCK_WARNING: Final = timedelta(seconds=5)  # clocks that use NTP differ by less
MAX_CLOCK_DIFFERENCE: Final = timedelta(minutes=1)  # beyond it, TOTP codes fail
MAX_WORKER_SILENCE: Final = timedelta(minutes=10)


def disks(config: Config) -> Iterator[CheckResult]:
    """The free space of the folders of data and keys."""
    for about, folder in (("disk", config.data), ("disk of keys", config.keys)):
        try:
            free = shutil.disk_usage(folder).free
        except OSError:
            yield CheckResult(about, False, f"{folder} cannot be read: give it to this account")
            continue
        if not os.access(folder, os.W_OK):  # as when the disk has gone read-only
            yield CheckResult(about, False, f"{folder} cannot be written: look at the disk")
            continue
        words = f"{free // MEGABYTE} MB free in {folder}"
        if free < MIN_SPACE:
            words += ". Make room now: without it no place can be saved and nobody is forgotten"
        elif free < LOW_SPACE:
            words += ". Make room soon"
        yield CheckResult(about, free >= MIN_SPACE, words, is_warning=MIN_SPACE <= free < LOW_SPACE)


def clocks(config: Config, store: Store, session: Session, now: datetime) -> Iterator[CheckResult]:
    """Compares this machine's clock with the database server's, with files and with the audit
    log."""
    about, advice = "clock", "Set the clock of this machine (timedatectl set-ntp true)"
    if not store.is_sqlite:
        server_time = session.scalar(sa.text("SELECT clock_timestamp()"))
        assert isinstance(server_time, datetime)
        difference = abs(server_time.astimezone(UTC) - now)
        if difference > CLOCK_WARNING:
            seconds = f"{difference.total_seconds():.0f} s apart from the database server's"
            words = f"{seconds}. Set both by the network (timedatectl set-ntp true)"
            is_warning = difference <= MAX_CLOCK_DIFFERENCE
            yield CheckResult(about, is_warning, words, is_warning=is_warning)
            return
    if late := [
        path.name for path in _files(config) if _modified_at(path) > now + MAX_CLOCK_DIFFERENCE
    ]:
        yield CheckResult(about, False, f"{', '.join(late)} changed in the future. {advice}")
        return
    last = audit_log.newest_at(session)
    if last is not None and last > now + MAX_CLOCK_DIFFERENCE:
        yield CheckResult(about, False, f"the journal's last line is of the future. {advice}")
        return
    yield CheckResult(about, True, "nothing here is of the future")


def worker(session: Session, now: datetime) -> CheckResult:
    start = "outreach serve runs one, or: outreach worker"
    seen = installation_settings.get_worker_seen_at(session)
    if seen is None:
        return CheckResult("worker", True, f"none has run yet: {start}", is_warning=True)
    minutes = int((now - seen).total_seconds() // 60)
    if now - seen > MAX_WORKER_SILENCE:
        words = f"not seen for {minutes} minutes: no letter leaves, nobody is forgotten. Start it: "
        return CheckResult("worker", False, words + start)
    return CheckResult("worker", True, "seen in the last minutes")


def _files(config: Config) -> list[Path]:
    """The files of the installation, not others in the same folders."""
    databases = [*config.data.glob("outreach.db*")]
    return [*databases, *config.keys.glob("keyring.db*"), *config.keys.glob("master-*")]


def _modified_at(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:  # SQLite deletes its WAL
        return datetime.min.replace(tzinfo=UTC)
