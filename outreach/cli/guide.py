"""`outreach guide`: the operator's guide, in the terminal."""

import sys
from collections.abc import Iterator
from importlib import resources

import click
from markdown_it import MarkdownIt
from rich.console import Console
from rich.markdown import Markdown

PAGES = resources.files("outreach.docs")


def names() -> list[str]:
    """Every page's name: the one to begin with, then the others."""
    found = sorted(path.name[:-3] for path in PAGES.iterdir() if path.name.endswith(".md"))
    return ["start", *(name for name in found if name != "start")]


def text(name: str) -> str:
    return PAGES.joinpath(f"{name}.md").read_text(encoding="utf-8")


def files(page: str) -> Iterator[tuple[str, str]]:
    """The files that a page has: the path, as it stands behind the word for its kind where the
    block begins, and what is in it."""
    for token in MarkdownIt().parse(page):
        path = token.info.partition(" ")[2].strip()
        if token.type == "fence" and path.startswith("/"):
            yield path, token.content


class _Command(click.Command):
    """Its help names the pages there are."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Pages"):
            formatter.write_text(", ".join(names()))


@click.command(cls=_Command)
@click.argument("page", required=False)
@click.option("--file", "path", help="Print only the file of that path, out of the page.")
def command(page: str | None, path: str | None) -> None:
    """Print the operator's guide, or one PAGE of it.

    Into a file or another program it goes as plain Markdown.
    """
    if page is not None and page not in names():
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
