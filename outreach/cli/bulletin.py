"""`outreach bulletin`: writes the bulletin of a month."""

import json
import sys
from pathlib import Path
from typing import Final, NoReturn

import click

from outreach import clock
from outreach.cli.context import open_store, settings
from outreach.clock import Month
from outreach.config import Config
from outreach.i18n import LANGUAGES, get_default_language
from outreach.pdf import bulletin as paper
from outreach.reports import bulletin_data, bulletin_text
from outreach.reports.bulletin_data import BulletinDocument

FORMATS: Final = ("text", "html", "pdf", "json")


@click.command()
@click.argument("month", metavar="YYYY-MM")
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    help="Its language, without it the network's first; json has all.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="text for messages, html without other files, pdf with tags for screen readers.",
)
@click.option(
    "-o",
    "--output",
    "path",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to a new file instead of the terminal.",
)
def command(month: str, lang: str | None, form: str, path: Path | None) -> None:
    """Write the bulletin of a month as published or, before it is published, made from the month's
    numbers. The bulletin of an open month is marked as provisional.

    \b
    outreach bulletin 2020-01
    outreach bulletin 2020-01 --lang fr --format pdf -o janvier.pdf
    """
    try:
        wanted = Month.parse(month)
    except ValueError:
        _refuse(f"“{month}” is no month. Write it like 2020-01.")
    if form == "pdf" and path is None:
        _refuse("a PDF needs a file to go to: add -o FILE.pdf")
    if path is not None and path.exists():
        _refuse(f"{path} is there already. Give another name, or take it away first.")
    config = settings()
    lang = lang or get_default_language()
    with open_store(config) as store, store.read() as session:
        document = bulletin_data.document(session, wanted, now=clock.now(), is_before_release=True)
    content = _render(document, lang, form, config)
    if path is None:
        sys.stdout.buffer.write(content)
        return
    try:
        with path.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}.") from None


def _render(document: BulletinDocument, lang: str, form: str, config: Config) -> bytes:
    if form == "json":
        return (
            json.dumps(bulletin_data.as_json(document), ensure_ascii=False, indent=1) + "\n"
        ).encode()
    if form == "text":
        return bulletin_text.as_text(document, lang, config.public_url).encode()
    if form == "pdf":
        return paper.pdf(document, lang, public_url=config.public_url, brand=config.brand)
    return paper.html(document, lang, public_url=config.public_url, brand=config.brand).encode()


def _refuse(sentence: str) -> NoReturn:
    click.echo(f"outreach: {sentence}", err=True)
    sys.exit(2)
