"""What the doctor asks of the machine: is there room, and is its clock right."""

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
LITTLE: Final = 1024 * MEGABYTE
TOO_LITTLE: Final = 200 * MEGABYTE
APART: Final = timedelta(seconds=5)  # two clocks that are set by the network are closer
FAR_APART: Final = timedelta(minutes=1)  # codes of a second factor fail, offers end early
SILENT: Final = timedelta(minutes=10)


def rooms(config: Config) -> Iterator[CheckResult]:
    """The room on the disk of each folder."""
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
        if free < TOO_LITTLE:
            words += ". Make room now: without it no place can be saved and nobody is forgotten"
        elif free < LITTLE:
            words += ". Make room soon"
        yield CheckResult(about, free >= TOO_LITTLE, words, is_warning=TOO_LITTLE <= free < LITTLE)


def clocks(config: Config, store: Store, session: Session, now: datetime) -> Iterator[CheckResult]:
    """Whether this machine's clock can be right, from all that can be known here."""
    about, wrong = "clock", "Set the clock of this machine (timedatectl set-ntp true)"
    if not store.is_sqlite:
        theirs = session.scalar(sa.text("SELECT clock_timestamp()"))
        assert isinstance(theirs, datetime)
        apart = abs(theirs.astimezone(UTC) - now)
        if apart > APART:
            seconds = f"{apart.total_seconds():.0f} s apart from the database server's"
            words = f"{seconds}. Set both by the network (timedatectl set-ntp true)"
            yield CheckResult(about, apart <= FAR_APART, words, is_warning=apart <= FAR_APART)
            return
    if late := [path.name for path in _files(config) if _changed_at(path) > now + FAR_APART]:
        yield CheckResult(about, False, f"{', '.join(late)} changed in the future. {wrong}")
        return
    last = audit_log.newest_at(session)
    if last is not None and last > now + FAR_APART:
        yield CheckResult(about, False, f"the journal's last line is of the future. {wrong}")
        return
    yield CheckResult(about, True, "nothing here is of the future")


def worker(session: Session, now: datetime) -> CheckResult:
    start = "outreach serve runs one, or: outreach worker"
    seen = installation_settings.get_worker_seen_at(session)
    if seen is None:
        return CheckResult("worker", True, f"none has run yet: {start}", is_warning=True)
    minutes = int((now - seen).total_seconds() // 60)
    if now - seen > SILENT:
        words = f"not seen for {minutes} minutes: no letter leaves, nobody is forgotten. Start it: "
        return CheckResult("worker", False, words + start)
    return CheckResult("worker", True, "seen in the last minutes")


def _files(config: Config) -> list[Path]:
    """Of the installation itself, not of whatever else lies there."""
    of_data = [*config.data.glob("outreach.db*")]
    return [*of_data, *config.keys.glob("keyring.db*"), *config.keys.glob("master-*")]


def _changed_at(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:  # a log of SQLite comes and goes
        return datetime.min.replace(tzinfo=UTC)
