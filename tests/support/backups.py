"""Backs up and restores an installation, and makes forged backup files."""

import hashlib
import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from flask import Flask

from outreach.cli import main
from outreach.config import Config
from outreach.db import sqlite_write_lock
from outreach.db.store import Store
from outreach.keystore import KeyStore
from outreach.maintenance import archive_format
from tests.conftest import Pair, close_app
from tests.support.environment import where

PASSPHRASE = "correct horse battery staple"


class Keeper:
    """Runs the `outreach` command, with the test's own database connections closed."""

    def __init__(
        self, config: Config, store: Store, key_store: KeyStore, pair: Pair | None
    ) -> None:
        self.config, self.store, self.key_store, self.pair = config, store, key_store, pair
        self.app: Flask | None = None  # that has been used
        self.environ = {
            **where(config),
            "OUTREACH_MAIL_FOLDER": "",
        }

    def run(self, *words: str | Path, **environ: str) -> Result:
        self.close()
        return self.run_beside(*words, **environ)

    def run_beside(self, *words: str | Path, **environ: str) -> Result:
        """Runs the command while the test keeps its connections open."""
        return CliRunner(env=self.environ | environ).invoke(main, [str(word) for word in words])

    def close(self) -> None:
        self.store.close()
        self.key_store.store.close()
        if self.app is not None:
            close_app(self.app)
        if self.pair is not None:
            self.pair.rest()

    def back_up(self, file: Path, **environ: str) -> Path:
        done = self.run_beside("backup", file, **environ)
        assert (done.exit_code, done.stderr) == (0, ""), done.output
        return file

    def restore(self, file: Path, *words: str | Path, **environ: str) -> str:
        done = self.run("restore", file, *words, **environ)
        assert (done.exit_code, done.stderr) == (0, ""), done.output
        return done.stdout


def is_one_line(done: Result, code: int, text: str) -> bool:
    lines = done.stderr.strip().splitlines()
    return done.exit_code == code and len(lines) == 1 and text in lines[0]


def manifest_of(file: Path) -> dict[str, Any]:
    with zipfile.ZipFile(file) as archive:
        manifest: dict[str, Any] = json.loads(archive.read(archive_format.MANIFEST))
    return manifest


def database_of(file: Path, folder: Path) -> Path:
    with zipfile.ZipFile(file) as archive:
        return Path(archive.extract(archive_format.DATABASE, folder))


def forged(file: Path, folder: Path, forge: Callable[[sqlite3.Connection], None]) -> Path:
    """A backup with a changed database, and a manifest that fits the change."""
    database = database_of(file, folder)
    with closing(sqlite3.connect(database)) as connection:
        forge(connection)
        connection.commit()
        rows = archive_format.count(connection)
    manifest = manifest_of(file) | {
        "rows": rows,
        "size": database.stat().st_size,
        "sha256": hashlib.sha256(database.read_bytes()).hexdigest(),
    }
    return packed(folder / "forged.zip", manifest, database.read_bytes())


def packed(target: Path, manifest: Any, database: bytes, **more: bytes) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(archive_format.MANIFEST, json.dumps(manifest))
        archive.writestr(archive_format.DATABASE, database)
        for name, content in more.items():
            archive.writestr(name, content)
    return target


def fingerprint(*folders: Path) -> dict[str, str]:
    """The SHA-256 of every file of some folders, by path. The files that writers lock, which count
    changes, are left out."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
        and path.name != "CACHEDIR.TAG"
        and not path.name.endswith(sqlite_write_lock.SUFFIX)
    }
