"""What the doctor sees of the machine."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from outreach.config import Config
from outreach.db.store import Store
from outreach.upkeep import doctor

pytestmark = pytest.mark.any_database("it is about folders")


@pytest.fixture
def elsewhere(config: Config) -> Iterator[Path]:
    """A folder on another disk than that of the data."""
    for disk in ("/dev/shm", "/tmp", "/var/tmp"):
        if Path(disk).is_dir() and Path(disk).stat().st_dev != config.data.stat().st_dev:
            with tempfile.TemporaryDirectory(dir=disk) as name:
                yield Path(name)
            return
    pytest.skip("this machine has one disk")


def test_it_looks_at_the_disk_of_the_keys_too(
    config: Config, store: Store, elsewhere: Path
) -> None:
    keys = elsewhere / "keys"
    found = list(doctor.examine(replace(config, keys=keys)))
    disks = [each.words for each in found if each.about == "disk"]
    assert [words.rpartition(" in ")[2] for words in disks] == [str(keys), str(config.data)]


def test_one_disk_is_told_of_once(config: Config, store: Store) -> None:
    found = list(doctor.examine(config))
    assert len([each for each in found if each.about == "disk"]) == 1
