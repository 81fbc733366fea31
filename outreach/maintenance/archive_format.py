"""The file that a backup is: a zip with a manifest and one SQLite database, or that zip under a
passphrase, as `age` seals it (age-encryption.org)."""

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
SEALED: Final = b"age-encryption.org/"
# A zip is sealed in memory: `age` itself, which is not Python, does larger ones.
LARGEST_SEALED: Final = 1 << 30
_LARGEST_MANIFEST: Final = 1 << 20
_LARGEST_INDEX: Final = 1 << 12  # bytes of the zip's own list, which has two names in it
_DENSEST: Final = 200  # times smaller than a database with rows in it can be made
_CHUNK: Final = 1 << 20
# What zipfile raises for a file that is none, or that somebody has made to look like one.
_DAMAGE: Final = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, ValueError,
)  # fmt: skip


class InvalidArchive(OutreachError):
    """The file that was named cannot be used. Its text is a whole sentence that says why."""


@dataclass(frozen=True)
class ArchiveManifest:
    """What is in a backup."""

    made_at: datetime
    version: str  # of the program
    revision: str  # of the database's schema
    source: str  # sqlite or postgresql
    rows: dict[str, int]  # by table
    size: int  # of the database, in bytes
    sha256: str

    def as_json(self) -> bytes:
        told = {"format": FORMAT, **asdict(self), "made_at": self.made_at.isoformat()}
        return json.dumps(told, indent=2).encode()

    @classmethod
    def of(cls, told: Any) -> "ArchiveManifest":
        """Raises ValueError, KeyError or TypeError."""
        rows = {str(table): int(number) for table, number in told["rows"].items()}
        made_at = datetime.fromisoformat(told["made_at"])
        if made_at.tzinfo is None:
            raise ValueError("made_at has no zone")
        return cls(
            made_at=made_at,
            version=str(told["version"]),
            revision=str(told["revision"]),
            source=str(told["source"]),
            rows=rows,
            size=int(told["size"]),
            sha256=str(told["sha256"]),
        )


@contextmanager
def folder_in(place: Path) -> Iterator[Path]:
    """A folder closed to others, gone with everything in it when the block ends."""
    made = Path(tempfile.mkdtemp(prefix=".outreach-", dir=place))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def count(connection: sqlite3.Connection) -> dict[str, int]:
    """How many rows each table of a SQLite file has."""
    tables = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    found = {}
    for (name,) in sorted(tables):
        table = sa.table(sa.quoted_name(name, quote=True))
        counting = sa.select(sa.func.count()).select_from(table).compile(dialect=sqlite.dialect())
        found[name] = connection.execute(str(counting)).fetchone()[0]
    return found


def pack(database: Path, manifest: ArchiveManifest, target: Path) -> None:
    """The zip, closed to others."""
    new = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with (
        os.fdopen(new, "w+b") as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        archive.writestr(MANIFEST, manifest.as_json())
        archive.write(database, DATABASE)


def seal(source: Path, target: Path, passphrase: str) -> None:
    """The same under a passphrase. Raises Unfit for one too large to be held in memory."""
    from pyrage import passphrase as age  # not above: it is wanted with a passphrase only

    if source.stat().st_size > LARGEST_SEALED:
        raise InvalidArchive(
            "It is larger than 1 GB: make it without a passphrase, on an encrypted disk, and seal "
            "it with: age --passphrase"
        )
    sealed = age.encrypt(source.read_bytes(), passphrase)
    new = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(new, "wb") as file:
        file.write(sealed)


def put(draft: Path, target: Path) -> None:
    """Gives a file that is whole its name, unless something has it by now: FileExistsError."""
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    try:
        os.link(draft, target)
        draft.unlink()
    except FileExistsError:
        raise
    except OSError:  # a stick or a share that knows no second names
        if target.exists():
            raise FileExistsError(str(target)) from None
        draft.rename(target)
    atomic_files.sync(target.parent)


def unpack(file: Path, folder: Path, passphrase: Callable[[], str]) -> tuple[Path, ArchiveManifest]:
    """The database in a backup, in that folder, as its manifest says. Raises Unfit."""
    try:
        with file.open("rb") as opened:
            begins = opened.read(len(SEALED))
    except OSError as error:
        raise InvalidArchive(f"{file} cannot be read: {error.strerror}.") from None
    plain = file
    if begins == SEALED:
        plain = folder / "plain.zip"
        _unseal(file, plain, passphrase())
    try:
        with plain.open("rb") as opened, zipfile.ZipFile(_looked_over(file, opened)) as archive:
            manifest = _manifest(file, archive)
            database = folder / DATABASE
            _take_out(file, archive, manifest, database)
    except _DAMAGE:
        raise _no_backup(file) from None
    except OSError as error:
        # Of 4,000 files with changed bytes, 31 sent zipfile to a place before their beginning.
        if error.errno != errno.EINVAL:
            raise
        raise _no_backup(file) from None
    if plain is not file:
        plain.unlink()
    return database, manifest


def _unseal(file: Path, target: Path, passphrase: str) -> None:
    from pyrage import DecryptError
    from pyrage import passphrase as age

    if file.stat().st_size > LARGEST_SEALED + _CHUNK:
        raise InvalidArchive(
            f"{file} is larger than 1 GB. Open it first: age --decrypt -o FILE {file}"
        )
    try:
        target.write_bytes(age.decrypt(file.read_bytes(), passphrase))
    except DecryptError:
        raise InvalidArchive(
            f"The passphrase is not that of {file}, or the file is damaged."
        ) from None


def _looked_over(file: Path, opened: IO[bytes]) -> IO[bytes]:
    """Before Python makes an object of every part that the zip's list announces."""
    size = opened.seek(0, os.SEEK_END)
    opened.seek(max(0, size - 22 - 0xFFFF))
    tail = opened.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or int.from_bytes(tail[at + 12 : at + 16], "little") > _LARGEST_INDEX:
        raise _no_backup(file)
    opened.seek(0)
    return opened


def _manifest(file: Path, archive: zipfile.ZipFile) -> ArchiveManifest:
    infos = {info.filename: info for info in archive.infolist()}
    # Nothing else, and so no path that leads anywhere.
    if len(archive.infolist()) != 2 or set(infos) != {MANIFEST, DATABASE}:
        raise _no_backup(file)
    for info in infos.values():
        is_plain = info.compress_type in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
        if info.flag_bits & 1 or not is_plain:
            raise _no_backup(file)
    if infos[MANIFEST].file_size > _LARGEST_MANIFEST:
        raise _no_backup(file)
    with archive.open(MANIFEST) as opened:
        text = opened.read(_LARGEST_MANIFEST + 1)
    try:
        told = json.loads(text)
        number = int(told["format"])
        if number > FORMAT:
            raise InvalidArchive(f"{file} was made by a newer Outreach. Install that one first.")
        return ArchiveManifest.of(told)
    except (KeyError, TypeError, AttributeError, RecursionError):
        raise _no_backup(file) from None


def _take_out(
    file: Path, archive: zipfile.ZipFile, manifest: ArchiveManifest, target: Path
) -> None:
    info = archive.getinfo(DATABASE)
    if info.file_size != manifest.size:
        raise _no_backup(file)
    if info.file_size > _DENSEST * max(info.compress_size, _CHUNK):
        raise InvalidArchive(
            f"{file} would unpack to far more than a database does; nothing was unpacked."
        )
    if info.file_size * 2 > shutil.disk_usage(target.parent).free:
        raise InvalidArchive(
            f"There is no room in {target.parent.parent} for {info.file_size // 2**20} MB, twice."
        )
    found = hashlib.sha256()
    with archive.open(info) as opened, target.open("xb") as out:
        target.chmod(0o600)
        while chunk := opened.read(_CHUNK):
            found.update(chunk)
            out.write(chunk)
    if found.hexdigest() != manifest.sha256:
        raise InvalidArchive(f"{file} is damaged: its database is not the one that was put in.")


def _no_backup(file: Path) -> InvalidArchive:
    return InvalidArchive(f"{file} is not a backup of Outreach, or is damaged.")
