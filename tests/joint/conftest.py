"""Two installations, and a partner network that means harm."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from outreach.config import Config
from tests.support.joint_scene import HostilePartner, HostSite, host_site, hostile_partner


@pytest.fixture
def host(config: Config, empty_databases: Path, tmp_path: Path) -> Iterator[HostSite]:
    with host_site(config, empty_databases, tmp_path / "host") as made:
        yield made


@pytest.fixture
def hostile() -> Iterator[HostilePartner]:
    with hostile_partner() as made:
        yield made
