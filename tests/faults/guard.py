"""One guard of the product: words in a file, and the test that fails without them."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Guard:
    promise: str
    file: str
    words: str  # in the file, exactly once
    instead: str
    test: str

    @property
    def id(self) -> str:
        return f"{self.promise}-{Path(self.file).name}-{self.test.rpartition('::')[2]}"

    @property
    def needs_a_browser(self) -> bool:
        return "/browser/" in self.test

    def without_guard(self, folder: Path) -> str:
        """The file's text without the guard. Raises Gone unless the guard occurs exactly once."""
        file = folder / self.file
        text = file.read_text() if file.is_file() else ""
        found = text.count(self.words)
        if found != 1:
            raise Gone(
                f"{self.promise}: {self.file} holds this {found} times instead of once: "
                f"{self.words!r}. Mend its row in tests/faults/guards_of_*.py."
            )
        return text.replace(self.words, self.instead)


class Gone(Exception):
    """A guard is not where the table says: correct the table, or put the guard back."""
