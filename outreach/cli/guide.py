"""`outreach guide`: the operator's guide, in the terminal."""

import sys
from importlib import resources

import click
from rich.console import Console
from rich.markdown import Markdown

PAGES = resources.files("outreach.guide")


@click.command()
@click.argument("page", required=False)
def command(page: str | None) -> None:
    """Print the operator's guide, or one PAGE of it: start, backups, feeds, journal, keys,
    people, proxy, settings, threats, watching.

    Into a file or another program it goes as plain Markdown.
    """
    names = sorted(path.name[:-3] for path in PAGES.iterdir() if path.name.endswith(".md"))
    if page is not None and page not in names:
        raise click.UsageError(f"There is no page {page!r}. The pages are: {', '.join(names)}.")
    wanted = [page] if page else ["start", *(name for name in names if name != "start")]
    text = "\n".join(PAGES.joinpath(f"{name}.md").read_text(encoding="utf-8") for name in wanted)
    if sys.stdout.isatty():
        Console().print(Markdown(text))
    else:
        click.echo(text)
