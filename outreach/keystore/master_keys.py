"""The files of the master keys: `master-7`, `master-8`… One encrypts; all of them decrypt."""

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from outreach import atomic_files


@dataclass(frozen=True)
class MasterKeys:
    """Files of 32 random bytes, mode 600, in the folder OUTREACH_KEYS."""

    folder: Path

    def all(self) -> dict[int, bytes]:
        """The master keys by number."""
        return {number: path.read_bytes() for number, path in self._files()}

    def numbers(self) -> set[int]:
        return {number for number, _path in self._files()}

    def make(self, number: int | None = None) -> int:
        """Creates a master key with that number or the next one. Returns the number.

        Two processes that do so at once get the same file.
        """
        number = number or max(self.numbers(), default=0) + 1
        atomic_files.write_once(self.folder / f"master-{number}", secrets.token_bytes(32))
        return number

    def newest(self) -> int:
        """The highest number; creates the first master key if there is none."""
        return max(self.numbers(), default=0) or self.make()

    def destroy_before(self, number: int) -> int:
        """Overwrites and removes the older master keys. Returns how many there were.

        Copies that the disk itself keeps are left to disk encryption.
        """
        older = [path for each, path in self._files() if each < number]
        for path in older:
            with suppress(FileNotFoundError), path.open("r+b") as file:
                file.write(secrets.token_bytes(32))
                file.flush()
                os.fsync(file.fileno())
            path.unlink(missing_ok=True)
        if older:
            atomic_files.sync(self.folder)
        return len(older)

    def _files(self) -> Iterator[tuple[int, Path]]:
        for path in self.folder.glob("master-*"):
            number = path.name.removeprefix("master-")
            if number.isascii() and number.isdigit():
                yield int(number), path
