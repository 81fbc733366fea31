"""Networks as examples, a folder each: `outreach init --from` makes an installation of one.

May import `countries` and the root modules. Open `library/network.toml` first.
"""

from importlib import resources
from pathlib import Path

from outreach.network_file import FILE_NAME


def list_names() -> list[str]:
    """The names of the examples, in alphabetical order."""
    folders = (Path(str(each)) for each in resources.files(__name__).iterdir())
    return sorted(each.name for each in folders if (each / FILE_NAME).is_file())


def find(name: str) -> Path | None:
    """The network's file of an example."""
    path = Path(str(resources.files(__name__))) / name / FILE_NAME
    return path if name in list_names() else None
