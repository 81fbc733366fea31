"""vdirsyncer: copies a feed into a folder, one file an entry.

It gives every entry a UID made from its content, so that a changed entry is a new file and the old
one is deleted.
"""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.calendar_clients import Calendars, Shown
from tests.calendar_clients.network import program
from tests.calendar_readers import by_libical

PAIR: Final = """
[pair {name}]
a = "{name}_there"
b = "{name}_here"
collections = null
conflict_resolution = "a wins"

[storage {name}_there]
type = "http"
url = "{address}"

[storage {name}_here]
type = "filesystem"
path = "{path}"
fileext = ".ics"
"""


class Vdirsyncer:
    knows_zones = False  # its files are read with the zones inside

    def __init__(self, folder: Path, addresses: Mapping[str, str]) -> None:
        self.folders = {name: folder / name for name in addresses}
        self._settings = folder / "vdirsyncer.conf"
        text = f'[general]\nstatus_path = "{folder / "status"}"\n'
        for name, address in addresses.items():
            self.folders[name].mkdir()
            text += PAIR.format(name=name, address=address, path=self.folders[name])
        self._settings.write_text(text)
        self._run("discover")

    def fetch(self) -> None:
        # Without --force-delete it keeps the last entries of a feed that became empty.
        self._run("sync", "--force-delete")

    def follow(self, expected: Calendars) -> Calendars:
        self.fetch()
        return {name: _read(folder) for name, folder in self.folders.items()}

    def _run(self, *words: str) -> None:
        path = program("vdirsyncer", "tests/run --long installs it.")
        done = subprocess.run(
            [path, "-c", self._settings, *words], capture_output=True, text=True, input="y\n" * 9
        )
        assert done.returncode == 0, done.stdout + done.stderr


def _read(folder: Path) -> list[Shown]:
    seen = [each for path in folder.glob("*.ics") for each in by_libical.read(path.read_bytes())]
    return sorted(
        Shown(each.starts, each.ends, each.summary, each.location, each.status) for each in seen
    )
