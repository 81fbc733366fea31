"""Duration and size of a backup of a year of the network (22,000 workshops, 100,000 registrations),
and duration of a restore and of a move."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import sqlalchemy as sa
from click.testing import CliRunner

from outreach import clock
from outreach.cli import main
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.domain.registrations import Registration, party_details
from outreach.domain.registrations.models import manage_digest_of
from outreach.domain.registrations.party_details import PartyDetails
from outreach.domain.text import code
from outreach.keystore import Key, KeyStore, MasterKeys
from outreach.keystore.encryption import unpack_key
from tests.benchmarks.network import network
from tests.conftest import SERVER, Pair

WORKSHOPS: Final = 22_000
REGISTRATIONS: Final = 100_000
BATCH: Final = 10_000
PASSPHRASE: Final = "correct horse battery staple"


@dataclass(frozen=True)
class BackupResult:
    """A measured command: its duration, and the size of the file it wrote, if any."""

    what: str
    seconds: float
    size: float | None = None  # MB


def measured(folder: Path) -> Iterator[BackupResult]:
    """Measures on SQLite; and on PostgreSQL where the tests have a server."""
    base = network(folder / "year", same=300, others=WORKSHOPS - 300)
    register(Config.from_environ(base.environ))
    yield from _measure_backups(folder, "SQLite", base.environ)
    if not SERVER:
        return
    pair = Pair()
    try:
        urls = {"OUTREACH_DATABASE_URL": pair.main, "OUTREACH_KEYRING_URL": pair.key_store}
        pair.rest()
        yield BackupResult(
            "move to PostgreSQL, with the key store",
            _run(base.environ, "move", "--to", pair.main, "--keyring-to", pair.key_store),
        )
        yield from _measure_backups(folder, "PostgreSQL", base.environ | urls)
    finally:
        pair.drop()


def _measure_backups(folder: Path, kind: str, environ: dict[str, str]) -> Iterator[BackupResult]:
    plain, sealed = folder / f"{kind}.zip", folder / f"{kind}.age"
    for what, file, more in (
        ("backup", plain, {}),
        ("encrypted backup", sealed, {"OUTREACH_BACKUP_PASSPHRASE": PASSPHRASE}),
    ):
        seconds = _run(environ | more, "backup", str(file))
        yield BackupResult(f"{what} of {kind}", seconds, file.stat().st_size / 1e6)
    yield BackupResult(f"restore onto {kind}", _run(environ, "restore", str(plain), "--yes"))


def _run(environ: dict[str, str], *arguments: str) -> float:
    started_at = perf_counter()
    result = CliRunner(env=environ).invoke(main, [*arguments])
    if result.exit_code:
        raise RuntimeError(result.output)
    return perf_counter() - started_at


def register(config: Config, count: int = REGISTRATIONS) -> None:
    """Adds that many registrations, with their keys, to the upcoming workshops."""
    store, keys = Store(config.database_url), Store(config.keyring_url)
    change_sessions.install(store)
    key_store, now = KeyStore(keys, MasterKeys(config.keys)), clock.now()
    future_workshops = sa.text("SELECT id, day FROM workshop WHERE day > :day ORDER BY id")
    with store.read() as session:
        workshops = session.execute(future_workshops, {"day": now.date().isoformat()}).all()
    for start in range(0, count, BATCH):
        rows: list[dict[str, Any]] = []
        key_rows: list[dict[str, Any]] = []
        for number in range(start, min(start + BATCH, count)):
            workshop, day = workshops[number % len(workshops)]
            key_id, registration_id = secrets.token_bytes(16), code(26)
            key = unpack_key(secrets.token_bytes(32))
            sealed_key, generation = key_store.envelope.seal(key, key_id)
            details = party_details.encrypt(key, registration_id, PartyDetails(language="es"))
            forget_on = date.fromisoformat(day) + timedelta(days=30)
            key_rows.append(
                {
                    "id": key_id, "sealed": sealed_key, "generation": generation, "contact": None,
                    "workshop": workshop, "forget_on": forget_on, "made_on": now.date(),
                }
            )  # fmt: skip
            rows.append(
                {
                    "id": registration_id, "workshop_id": workshop, "people": 1,
                    "status": "confirmed",
                    "contact": "none", "may_leave_message": False, "wants_reminder": False,
                    "key_id": key_id,
                    "sealed": secrets.token_bytes(80),
                    "manage_digest": manage_digest_of(key_store, key),
                    "entry_digest": secrets.token_bytes(32),
                    "sealed_details": details,
                    "code_digest": secrets.token_bytes(32),
                    "nonce": secrets.token_bytes(32), "registered_at": now,
                    "queue_number": number,
                }
            )  # fmt: skip
        with keys.change_rows() as connection:
            connection.execute(sa.insert(Key), key_rows)
        with store.change_rows() as connection:
            connection.execute(sa.insert(Registration), rows)
    store.close()
    keys.close()
