"""The interpreters on this machine that the product has to run on."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

VERSIONS = ("3.11", "3.12", "3.13", "3.14")
# It can make an environment, and has the database.
_ASK = "import ensurepip, sqlite3, sys; print('%d.%d' % sys.version_info[:2])"


def read_version(python: str) -> str | None:
    """The version of an interpreter, as 3.13; None where it cannot make an environment."""
    try:
        done = subprocess.run([python, "-c", _ASK], capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() or None


def find(version: str) -> str | None:
    """The path of an interpreter of that version: Debian's, or one on the path."""
    name = f"python{version}"
    for each in (Path("/usr/bin") / name, shutil.which(name)):
        if each and read_version(str(each)) == version:
            return str(each)
    return None


def find_others(own: str) -> tuple[dict[str, str], Sequence[str]]:
    """The paths of the other versions by their names, and the versions that are not there."""
    found = {each: find(each) for each in VERSIONS if each != own}
    return (
        {version: path for version, path in found.items() if path},
        [version for version, path in found.items() if not path],
    )
