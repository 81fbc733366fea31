"""The settings of an extension: the variables `OUTREACH_NAME_…` of a network that has it on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from outreach.config import Config
from outreach.environment import PREFIX, Environment

Values = TypeVar("Values")


@dataclass(frozen=True)
class ExtensionSettings(Generic[Values]):
    """How the settings of an extension are read. The values are a frozen dataclass; its fields are
    called as the variables, and secret ones have `repr=False`."""

    name: str
    """The extension's."""
    read: Callable[[Environment], Values]
    """Reads them, named without the prefix; a variable that is not set has its default. A fault is
    left in the `Environment`."""

    @property
    def prefix(self) -> str:
        return f"{PREFIX}{self.name.upper()}_"

    def get(self, config: Config) -> Values:
        """Returns those of a network. Raises Misconfigured with one line a fault; an application
        with a fault does not start, so a page or step meets none."""
        reader = Environment(config.variables, self.prefix)
        values = self.read(reader)
        reader.finish()
        return values


AnySettings = ExtensionSettings[Any]
