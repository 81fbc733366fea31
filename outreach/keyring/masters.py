"""The files that open the keyring: `master-7`, `master-8`… The highest seals; all of them open."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Masters:
    """Files of 32 random bytes, mode 600, in the folder OUTREACH_KEYS."""

    folder: Path

    def all(self) -> dict[int, bytes]:
        return {_number(path): path.read_bytes() for path in self.folder.glob("master-*")}

    def make(self) -> int:
        """Makes the next master and returns its number. Two processes at once end with one file."""
        number = max(self.all(), default=0) + 1
        # Written whole under another name first, so that no other process reads half a key.
        draft = self.folder / f".new-{secrets.token_hex(8)}"
        new = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(new, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, self.folder / f"master-{number}")
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return number

    def newest(self) -> int:
        """The number of the one that seals; the first is made when there is none."""
        return max(map(_number, self.folder.glob("master-*")), default=0) or self.make()


def _number(path: Path) -> int:
    return int(path.name.removeprefix("master-"))
