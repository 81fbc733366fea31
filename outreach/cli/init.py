"""`outreach init`: makes the installation of a network."""

import os
import re
from pathlib import Path
from typing import Final

import click
import platformdirs

from outreach import clock, examples, i18n, languages, logs, network_file
from outreach.cli import init_questions, init_steps
from outreach.cli.load import refusals
from outreach.i18n import gettext as _
from outreach.network_file import NetworkFile

_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAX_NAME_LENGTH: Final = 40


@click.command()
@click.option("--network", "name", metavar="NAME", required=True, help="A short name, as my-union.")
@click.option(
    "--from",
    "source",
    metavar="FILE",
    help="The network's file (TOML), or the name of an example: "
    "library, mexico-us-ca, union or worldwide.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of the installation; without it, the platform's data folder.",
)
@click.option("--admin", metavar="EMAIL", default="", help="Who gets the first account.")
@click.option("--yes", is_flag=True, help="Ask nothing: take what the file says.")
def command(name: str, source: str | None, data: Path | None, admin: str, yes: bool) -> None:
    """Make the installation of a network: its folder, settings, databases and first account.

    It asks for what it needs, or reads it from a file. Run again, it leaves what is there as it
    is and finishes what was interrupted; a changed file given with --from updates the network.

    \b
    outreach init --network my-union --from union --data /srv/union
    outreach init --network my-libraries
    """
    if len(name) > MAX_NAME_LENGTH or not _NAME.fullmatch(name):
        raise click.BadParameter(
            f"has to be 1 to {MAX_NAME_LENGTH} small letters, digits and hyphens.",
            param_hint="--network",
        )
    clock.require_rules()
    logs.set_up("text")
    folder = (data or Path(platformdirs.user_data_dir(f"outreach-{name}"))).expanduser().absolute()
    with i18n.use_language(_find_language()), refusals():
        network = _find_network(source, folder, may_ask=not yes)
        init_steps.check(network)
        email = admin or network.settings["OUTREACH_MAIL_FROM"]
        if not admin and not yes:
            email = init_questions.ask_admin(email)
        init_steps.require_address(email)
        _install(network, folder, email)


def _install(network: NetworkFile, folder: Path, email: str) -> None:
    *_done, last = (_say(words) for words in init_steps.install(network, folder, email))
    environment = folder / init_steps.ENVIRONMENT
    click.echo(_("Listo: %(name)s está en %(folder)s. Ahora:", name=network.name, folder=folder))
    click.echo(f"  set -a; . {environment}; set +a")
    click.echo("  outreach doctor")
    click.echo("  outreach serve")
    click.echo("  outreach worker")
    if last:
        click.echo(_("La primera cuenta, %(email)s, crea su contraseña aquí:", email=email))
        click.echo(f"  {last}")
        click.echo(_("El enlace sirve una vez, durante tres días, y no se vuelve a mostrar."))
        init_steps.note_shown_link(folder)
    else:
        click.echo(_("La primera cuenta ya estaba; otro enlace: outreach user reset CORREO"))


def _say(words: str) -> str:
    """Prints what a step has done, and returns it. A link, with which the last step ends, is not
    printed."""
    if words and not words.startswith(("http://", "https://")):
        click.echo(words)
    return words


def _find_network(source: str | None, folder: Path, *, may_ask: bool) -> NetworkFile:
    """The network of the file or example, of the installation that is there, or of answers."""
    if source is not None:
        example = None if Path(source).exists() else examples.find(source)
        return network_file.read((example or Path(source)).absolute())
    own = folder / init_steps.NETWORK_FOLDER / network_file.FILE_NAME
    if own.is_file():
        return network_file.read(own)
    if not may_ask:
        raise click.UsageError("Give --from with --yes: without a file there is much to ask.")
    answers = init_questions.ask()
    return network_file.read(init_questions.write(answers, own))


def _find_language() -> str:
    """The language of the terminal (POSIX), if the program has it; else English."""
    names = (os.environ.get(each) for each in ("LC_ALL", "LC_MESSAGES", "LANG"))
    code = next((each for each in names if each), "")[:2].lower()
    return code if code in languages.CODES else "en"
