"""`outreach guide`: prints the operator's guide in the terminal.

The folder of the guide also has the developers' pages. They are printed by name, are listed apart,
and are not part of the guide that `outreach guide` prints.
"""

import sys
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

import click
from markdown_it import MarkdownIt
from rich.console import Console
from rich.markdown import Markdown

from outreach.extension_points import find_folder, list_installed

PAGES: Final = resources.files("outreach.docs")
DEVELOPER_PAGES: Final = (
    "contributing", "architecture", "glossary", "requirements", "features", "performance",
    "fault-tests",
)  # fmt: skip


def names() -> list[str]:
    """The pages of the operator's guide: the overview, how to run the site, then the reference,
    without those of extensions."""
    stems = {path.name[:-3] for path in PAGES.iterdir() if path.name.endswith(".md")}
    first = ("start", "run")
    return [*first, *sorted(stems - {*first, *DEVELOPER_PAGES})]


def list_extension_pages() -> dict[str, Path]:
    """The pages of installed extensions, on or not, by the name of the extension."""
    folders = {name: find_folder(name) for name in list_installed()}
    pages = {name: folder / "guide.md" for name, folder in folders.items() if folder is not None}
    return {name: page for name, page in pages.items() if page.is_file()}


def text(name: str) -> str:
    """A page as Markdown."""
    page: Traversable = PAGES.joinpath(f"{name}.md")
    return (page if page.is_file() else list_extension_pages()[name]).read_text(encoding="utf-8")


def files(page: str) -> Iterator[tuple[str, str]]:
    """The files within a page, as path and content: fenced blocks whose info string has an absolute
    path after the language."""
    for token in MarkdownIt().parse(page):
        path = token.info.partition(" ")[2].strip()
        if token.type == "fence" and path.startswith("/"):
            yield path, token.content


class _GuideCommand(click.Command):
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Pages"):
            formatter.write_text(", ".join(names()))
        with formatter.section("Of extensions"):
            formatter.write_text(", ".join(list_extension_pages()) or "none")
        with formatter.section("For developers"):
            formatter.write_text(", ".join(DEVELOPER_PAGES))


@click.command(cls=_GuideCommand)
@click.argument("page", required=False)
@click.option("--file", "path", help="Print only the file with this path, which the page contains.")
def command(page: str | None, path: str | None) -> None:
    """Print the operator's guide, or one PAGE of it.

    Written to a file or another program, it is plain Markdown.
    """
    guide = [*names(), *list_extension_pages()]
    if page is not None and page not in {*guide, *DEVELOPER_PAGES}:
        raise click.UsageError(f"There is no page {page!r}. The pages are: {', '.join(guide)}.")
    whole = "\n".join(text(name) for name in ([page] if page else guide))
    if path is not None:
        found = dict(files(whole))
        if path not in found:
            raise click.UsageError(
                f"There is no file {path!r}. The files are: {', '.join(found) or 'none'}."
            )
        click.echo(found[path], nl=False)
    elif sys.stdout.isatty():
        Console().print(Markdown(whole))
    else:
        click.echo(whole)
