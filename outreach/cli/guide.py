"""`outreach guide`: prints the operator's guide in the terminal.

The folder of the guide also has the developers' pages. They are printed by name, are listed apart,
and are not part of the guide that `outreach guide` prints.
"""

import sys
from collections.abc import Iterator
from importlib import resources
from typing import Final

import click
from markdown_it import MarkdownIt
from rich.console import Console
from rich.markdown import Markdown

PAGES: Final = resources.files("outreach.docs")
DEVELOPER_PAGES: Final = (
    "contributing", "architecture", "glossary", "requirements", "features", "performance",
    "fault-tests",
)  # fmt: skip


def names() -> list[str]:
    """The pages of the operator's guide: the overview, how to run the site, then the reference."""
    stems = {path.name[:-3] for path in PAGES.iterdir() if path.name.endswith(".md")}
    first = ("start", "run")
    return [*first, *sorted(stems - {*first, *DEVELOPER_PAGES})]


def text(name: str) -> str:
    """A page as Markdown."""
    return PAGES.joinpath(f"{name}.md").read_text(encoding="utf-8")


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
        with formatter.section("For developers"):
            formatter.write_text(", ".join(DEVELOPER_PAGES))


@click.command(cls=_GuideCommand)
@click.argument("page", required=False)
@click.option("--file", "path", help="Print only the file with this path, which the page contains.")
def command(page: str | None, path: str | None) -> None:
    """Print the operator's guide, or one PAGE of it.

    Written to a file or another program, it is plain Markdown.
    """
    if page is not None and page not in {*names(), *DEVELOPER_PAGES}:
        raise click.UsageError(f"There is no page {page!r}. The pages are: {', '.join(names())}.")
    whole = "\n".join(text(name) for name in ([page] if page else names()))
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
