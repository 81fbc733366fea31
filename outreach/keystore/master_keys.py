"""The files that open the keyring: `master-7`, `master-8`… One seals; all of them open."""

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
        return {number: path.read_bytes() for number, path in self._files()}

    def numbers(self) -> set[int]:
        return {number for number, _path in self._files()}

    def make(self, number: int | None = None) -> int:
        """Makes a master, the next one unless told which, and returns its number. Two processes
        at once end with one file."""
        number = number or max(self.numbers(), default=0) + 1
        atomic_files.write_once(self.folder / f"master-{number}", secrets.token_bytes(32))
        return number

    def newest(self) -> int:
        """The highest number; the first master is made when there is none."""
        return max(self.numbers(), default=0) or self.make()

    def destroy_before(self, number: int) -> int:
        """Overwrites and removes the masters before that one, and says how many there were. What
        a disk keeps besides is for its encryption to cover."""
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
