"""`outreach i18n`: the message catalogues of the interface's languages, in a checkout."""

from pathlib import Path

import click

from outreach import languages
from outreach.translations import catalogues

TRANSLATED = [code for code in languages.CODES if code != languages.SOURCE]


@click.group()
def command() -> None:
    """Extract, update and compile the translations of the interface.

    Source messages are Spanish. A new language is a line in outreach/languages.py and the
    catalogue that `outreach i18n update` then makes. Run these commands in a checkout.
    """
    if not (catalogues.ROOT / "templates" / "base.html").is_file():
        raise click.UsageError("these commands need a checkout with its templates")


@command.command()
@click.argument("path", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def extract(path: Path) -> None:
    """Write the messages of the source to PATH, a template for translators (.pot)."""
    template = catalogues.extract()
    catalogues.write(path, template)
    click.echo(f"{len(template)} messages written to {path}")


@command.command()
@click.argument("lang", nargs=-1, type=click.Choice(TRANSLATED))
def update(lang: tuple[str, ...]) -> None:
    """Bring the catalogues up to date with the source, then compile them.

    Without LANG, all of them. New messages come without a translation and are listed; messages
    that the source no longer has are removed.
    """
    for folder in catalogues.list_folders():
        template = catalogues.extract(folder)
        of_extension = "" if folder == catalogues.FOLDER else f"{folder.parent.name}, "
        for code in lang or TRANSLATED:
            missing = catalogues.update(code, template, folder)
            click.echo(
                f"{of_extension}{code}: {len(template)} messages, "
                f"{len(missing)} without a translation"
            )
            for message in missing:
                click.echo(f"  {message}")
    catalogues.compile_all()


@command.command("compile")
def compile_command() -> None:
    """Compile the catalogues, after their translations were edited."""
    catalogues.compile_all()


@command.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--lang", default="qps", show_default=True, help="The code of the pseudo-language.")
def pseudo(folder: Path, lang: str) -> None:
    """Write a complete catalogue of accented Spanish into FOLDER, to find texts that no catalogue
    has."""
    catalogues.write_pseudo(folder, lang)
    click.echo(f"{folder / lang / catalogues.PO} written")
