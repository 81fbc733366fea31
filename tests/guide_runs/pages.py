"""The blocks of a page of the guide: commands, and files to write."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt

from outreach.cli import guide

PAGES: Final = Path(__file__).parents[2] / "outreach" / "docs"


@dataclass(frozen=True)
class Block:
    section: str
    kind: str  # the first word behind the fence: sh, ini, nginx; empty for an indented block
    name: str  # the rest: the path of a file, or the machines to type it on
    text: str

    @property
    def is_typed(self) -> bool:
        """Whether it is typed as it stands on the current machine."""
        return self.kind == "sh" and not self.name.startswith("/")

    @property
    def is_file(self) -> bool:
        return self.name.startswith("/")


def names() -> list[str]:
    return guide.names()


def blocks(page: str) -> Iterator[Block]:
    """The blocks of the page with that name, in order."""
    section, is_heading = "", False
    for token in MarkdownIt().parse((PAGES / f"{page}.md").read_text()):
        if token.type == "heading_open":
            is_heading = True
        elif is_heading and token.type == "inline":
            section, is_heading = token.content, False
        elif token.type in {"fence", "code_block"}:
            kind, _, name = token.info.partition(" ")
            yield Block(section, kind, name.strip(), token.content)


def typed(page: str, section: str) -> list[Block]:
    """The commands of a section for the current machine. Raises LookupError if there are none."""
    return _some(page, section, [each for each in of(page, section) if not each.name])


def everywhere(page: str, section: str) -> list[Block]:
    """The commands of a section for any machine. Raises LookupError if there are none."""
    return _some(page, section, of(page, section))


def of(page: str, section: str) -> list[Block]:
    return [each for each in blocks(page) if each.section == section and each.is_typed]


def _some(page: str, section: str, found: list[Block]) -> list[Block]:
    if not found:
        raise LookupError(f"the page {page} has nothing to type under {section!r}")
    return found
