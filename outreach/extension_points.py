"""Which extensions are installed: names and folders, without importing any of them."""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Final

GROUP: Final = "outreach.extensions"


def list_installed() -> tuple[str, ...]:
    """Returns the names of all installed extensions, on or not, in the order of the alphabet."""
    return tuple(sorted(find_entry_points()))


def find_folder(name: str) -> Path | None:
    """Returns the folder of an extension's package; None where it is not installed, or is no
    package."""
    found = find_entry_points().get(name)
    spec = None if found is None else find_spec(found.module)
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def list_commands() -> dict[str, str]:
    """Returns the commands of all installed extensions, each with the extension that has it."""
    found = dict[str, str]()
    for name in list_installed():
        folder = find_folder(name)
        for file in sorted(folder.glob("commands/[a-z]*.py")) if folder is not None else ():
            found.setdefault(file.stem.replace("_", "-"), name)
    return found


def find_command_file(name: str) -> Path:
    """Returns the module of one of `list_commands`."""
    folder = find_folder(list_commands()[name])
    assert folder is not None
    return folder / "commands" / f"{_name_module(name)}.py"


def name_command_module(name: str) -> str:
    """Returns the whole name of that module, to import it."""
    package = find_entry_points()[list_commands()[name]].module
    return f"{package}.commands.{_name_module(name)}"


def _name_module(command: str) -> str:
    return command.replace("-", "_")


@cache
def find_entry_points() -> dict[str, EntryPoint]:
    """Returns the entry points of the group by name. What is installed later is not seen."""
    return {each.name: each for each in entry_points(group=GROUP)}
