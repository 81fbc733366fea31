"""The format of a backup: a zip with a manifest and one SQLite database, encrypted by `age` if
there is a passphrase (age-encryption.org)."""

import errno
import hashlib
import json
import os
import shutil
import sqlite3
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from outreach import atomic_files
from outreach.errors import OutreachError

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
DATABASE: Final = "outreach.db"
AGE_PREFIX: Final = b"age-encryption.org/"
# Encryption happens in memory; for larger files there is the program `age`.
MAX_ENCRYPTED_BYTES: Final = 1 << 30
_MAX_MANIFEST_BYTES: Final = 1 << 20
_MAX_DIRECTORY_BYTES: Final = 1 << 12  # the zip has two entries
_MAX_COMPRESSION: Final = 200  # a database is never compressed by more
_CHUNK_BYTES: Final = 1 << 20
# What zipfile raises for a damaged or forged file.
_DAMAGE_ERRORS: Final = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, ValueError,
)  # fmt: skip


class InvalidArchive(OutreachError):
    """A file that cannot be used as a backup. Its text is a sentence that says why."""


@dataclass(frozen=True)
class ArchiveManifest:
    """The contents of a backup."""

    made_at: datetime
    version: str  # the program's
    revision: str  # the database schema's
    source: str  # sqlite or postgresql
    rows: dict[str, int]  # by table
    size: int  # the database's, in bytes
    sha256: str

    def as_json(self) -> bytes:
        values = {"format": FORMAT, **asdict(self), "made_at": self.made_at.isoformat()}
        return json.dumps(values, indent=2).encode()

    @classmethod
    def from_json(cls, values: Any) -> "ArchiveManifest":
        """Reads what a backup holds. Raises ValueError, KeyError or TypeError for anything else."""
        rows = {str(table): int(number) for table, number in values["rows"].items()}
        made_at = datetime.fromisoformat(values["made_at"])
        if made_at.tzinfo is None:
            raise ValueError("made_at has no zone")
        return cls(
            made_at=made_at,
            version=str(values["version"]),
            revision=str(values["revision"]),
            source=str(values["source"]),
            rows=rows,
            size=int(values["size"]),
            sha256=str(values["sha256"]),
        )


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """A folder with mode 700 that is deleted at the end of the block."""
    folder = Path(tempfile.mkdtemp(prefix=".outreach-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def count(connection: sqlite3.Connection) -> dict[str, int]:
    """The number of rows of each table of a SQLite file."""
    tables = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    rows = {}
    for (name,) in sorted(tables):
        table = sa.table(sa.quoted_name(name, quote=True))
        query = sa.select(sa.func.count()).select_from(table).compile(dialect=sqlite.dialect())
        rows[name] = connection.execute(str(query)).fetchone()[0]
    return rows


def pack(database: Path, manifest: ArchiveManifest, target: Path) -> None:
    """Writes the zip with mode 600."""
    descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with (
        os.fdopen(descriptor, "w+b") as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        archive.writestr(MANIFEST, manifest.as_json())
        archive.write(database, DATABASE)


def encrypt(source: Path, target: Path, passphrase: str) -> None:
    """Encrypts a file with `age`. Raises InvalidArchive if it is too large."""
    from pyrage import passphrase as age  # imported only when it is needed

    if source.stat().st_size > MAX_ENCRYPTED_BYTES:
        raise InvalidArchive(
            "It is larger than 1 GB: make it without a passphrase, on an encrypted disk, and seal "
            "it with: age --passphrase"
        )
    encrypted = age.encrypt(source.read_bytes(), passphrase)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(encrypted)


def publish(draft: Path, target: Path) -> None:
    """Renames a complete file without replacing another. Raises FileExistsError."""
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    try:
        os.link(draft, target)
        draft.unlink()
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if target.exists():
            raise FileExistsError(str(target)) from None
        draft.rename(target)
    atomic_files.sync(target.parent)


def unpack(file: Path, folder: Path, passphrase: Callable[[], str]) -> tuple[Path, ArchiveManifest]:
    """Unpacks a backup into the folder; returns the database and the manifest that it matches.
    `passphrase` is called if the file is encrypted. Raises InvalidArchive."""
    try:
        with file.open("rb") as stream:
            prefix = stream.read(len(AGE_PREFIX))
    except OSError as error:
        raise InvalidArchive(f"{file} cannot be read: {error.strerror}.") from None
    plain = file
    if prefix == AGE_PREFIX:
        plain = folder / "plain.zip"
        _decrypt(file, plain, passphrase())
    try:
        with plain.open("rb") as stream, zipfile.ZipFile(_check_size(file, stream)) as archive:
            manifest = _read_manifest(file, archive)
            database = folder / DATABASE
            _extract(file, archive, manifest, database)
    except _DAMAGE_ERRORS:
        raise _not_a_backup(file) from None
    except OSError as error:
        # zipfile seeks before the beginning of some damaged files (31 of 4,000 tried).
        if error.errno != errno.EINVAL:
            raise
        raise _not_a_backup(file) from None
    if plain is not file:
        plain.unlink()
    return database, manifest


def _decrypt(file: Path, target: Path, passphrase: str) -> None:
    from pyrage import DecryptError
    from pyrage import passphrase as age

    if file.stat().st_size > MAX_ENCRYPTED_BYTES + _CHUNK_BYTES:
        raise InvalidArchive(
            f"{file} is larger than 1 GB. Open it first: age --decrypt -o FILE {file}"
        )
    try:
        target.write_bytes(age.decrypt(file.read_bytes(), passphrase))
    except DecryptError:
        raise InvalidArchive(
            f"The passphrase is not that of {file}, or the file is damaged."
        ) from None


def _check_size(file: Path, stream: IO[bytes]) -> IO[bytes]:
    """Refuses a zip with a large central directory, of which zipfile makes an object an entry."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - 22 - 0xFFFF))
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or int.from_bytes(tail[at + 12 : at + 16], "little") > _MAX_DIRECTORY_BYTES:
        raise _not_a_backup(file)
    stream.seek(0)
    return stream


def _read_manifest(file: Path, archive: zipfile.ZipFile) -> ArchiveManifest:
    infos = {info.filename: info for info in archive.infolist()}
    # No other entry, and so no path that leads out of the folder.
    if len(archive.infolist()) != 2 or set(infos) != {MANIFEST, DATABASE}:
        raise _not_a_backup(file)
    for info in infos.values():
        is_plain = info.compress_type in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
        if info.flag_bits & 1 or not is_plain:
            raise _not_a_backup(file)
    if infos[MANIFEST].file_size > _MAX_MANIFEST_BYTES:
        raise _not_a_backup(file)
    with archive.open(MANIFEST) as stream:
        text = stream.read(_MAX_MANIFEST_BYTES + 1)
    try:
        values = json.loads(text)
        number = int(values["format"])
        if number > FORMAT:
            raise InvalidArchive(f"{file} was made by a newer Outreach. Install that one first.")
        return ArchiveManifest.from_json(values)
    except (KeyError, TypeError, AttributeError, RecursionError):
        raise _not_a_backup(file) from None


def _extract(file: Path, archive: zipfile.ZipFile, manifest: ArchiveManifest, target: Path) -> None:
    info = archive.getinfo(DATABASE)
    if info.file_size != manifest.size:
        raise _not_a_backup(file)
    if info.file_size > _MAX_COMPRESSION * max(info.compress_size, _CHUNK_BYTES):
        raise InvalidArchive(
            f"{file} would unpack to far more than a database does; nothing was unpacked."
        )
    if info.file_size * 2 > shutil.disk_usage(target.parent).free:
        raise InvalidArchive(
            f"There is no room in {target.parent.parent} for {info.file_size // 2**20} MB, twice."
        )
    checksum = hashlib.sha256()
    with archive.open(info) as stream, target.open("xb") as out:
        target.chmod(0o600)
        while chunk := stream.read(_CHUNK_BYTES):
            checksum.update(chunk)
            out.write(chunk)
    if checksum.hexdigest() != manifest.sha256:
        raise InvalidArchive(f"{file} is damaged: its database is not the one that was put in.")


def _not_a_backup(file: Path) -> InvalidArchive:
    return InvalidArchive(f"{file} is not a backup of Outreach, or is damaged.")
