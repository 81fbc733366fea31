"""A change of the product as data: edits of files, and translations of the messages it brings."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CATALOGUE: Final = ".po"


class AnchorGone(Exception):
    """An edit does not fit the checkout. The text says which, and what to do."""


@dataclass(frozen=True)
class InsertAfter:
    """Lines that come after others, which the file has once."""

    file: str
    anchor: str
    text: str

    def apply(self, checkout: Path) -> None:
        _replace(checkout, self.file, self.anchor, self.anchor + self.text)


@dataclass(frozen=True)
class Replace:
    """Lines that take the place of others, which the file has once."""

    file: str
    anchor: str
    text: str

    def apply(self, checkout: Path) -> None:
        _replace(checkout, self.file, self.anchor, self.text)


@dataclass(frozen=True)
class NewFile:
    file: str
    text: str

    def apply(self, checkout: Path) -> None:
        path = checkout / self.file
        if path.exists():
            raise AnchorGone(f"{self.file} is there already: give the recipe's file another name")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.text)


Edit = InsertAfter | Replace | NewFile


@dataclass(frozen=True)
class Translation:
    """The words of one message in each language but that of the source: its only form, or the
    singular and the plural."""

    message: str
    words: Mapping[str, tuple[str, ...]]
    context: str | None = None


@dataclass(frozen=True)
class Recipe:
    name: str  # its module's
    section: str  # the heading of contributing.md which it follows
    max_files: int  # the goal: files touched, without catalogues and the change's own test
    edits: tuple[Edit, ...]
    own_tests: tuple[str, ...]  # files of the change's own test, which a recipe adds or edits
    translations: tuple[Translation, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()  # arguments of `outreach`, run after the edits

    @property
    def program(self) -> str:
        """The path that contributing.md names."""
        return f"tests/tools/recipes/{self.name}.py"

    def apply(self, checkout: Path) -> None:
        """Raises AnchorGone, with the file and the lines, where an edit does not fit."""
        for edit in self.edits:
            try:
                edit.apply(checkout)
            except AnchorGone as gone:
                raise AnchorGone(
                    f"{gone}\nThe recipe «{self.section}» no longer fits the code: correct "
                    f"{self.program}, and its section in outreach/docs/contributing.md."
                ) from gone

    def count_touched(self, files: list[str]) -> list[str]:
        """The files that the goal counts."""
        return [
            each for each in files if not each.endswith(CATALOGUE) and each not in self.own_tests
        ]


def _replace(checkout: Path, file: str, anchor: str, text: str) -> None:
    path = checkout / file
    if not path.is_file():
        raise AnchorGone(f"there is no file {file}")
    whole = path.read_text()
    count = whole.count(anchor)
    if count != 1:
        raise AnchorGone(f"{file} has these lines {count} times instead of once:\n{anchor}")
    path.write_text(whole.replace(anchor, text))
