"""`outreach demo`: makes a sample network and serves it."""

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import click
import platformdirs

from outreach import clock, extension_points
from outreach.cli.context import open_key_store, open_store, settings
from outreach.cli.serve import run
from outreach.config import Config

if TYPE_CHECKING:
    from rich.table import Table

# A demo serves this machine only: `outreach call` calls it without being told.
VOICE_SECRET: Final = "phone-line-of-the-demo"  # noqa: S105 - a public one
# Given in the environment, these stay: who tries a gateway of texts wants to see texts arrive.
KEPT_SETTINGS: Final = ("OUTREACH_TEXTS_", "OUTREACH_ANSWERS_")


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=lambda: Path(platformdirs.user_data_dir("outreach-demo")),
    show_default="the platform's data folder",
    help="Where the demo keeps its database, keys and letters.",
)
def command(port: int, data: Path) -> None:
    """Make a sample network on first use, print its addresses and sign-ins, and serve it.

    59 offices, 21 kinds, January 2020 (a reconstruction: only the totals by kind are real) and
    some 150 workshops from today on. Everything is kept in the data folder and found there by a
    second start. Letters go to a folder and to a page; texts leave where OUTREACH_TEXTS_URL and its
    like say how. `outreach call` walks a call to its phone line. Stop with Ctrl-C.
    """
    use_settings(data, port)
    config = settings(serving=True)
    # In a process that ends: what made the demo is not kept in memory while it is served.
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as process:
        process.submit(_prepare, config, data, port).result()
    run([config], "127.0.0.1", port, 2, mail=True)


def _prepare(config: Config, data: Path, port: int) -> None:
    """Makes the demo, unless it is there, and prints what there is to see."""
    from rich.console import Console

    console = Console(highlight=False)
    with console.status("Making the demo: offices, January 2020, workshops to come…"):
        is_new, sign_ins = make(config)
    console.print(f"[bold]Outreach demo[/] {'made' if is_new else 'found'} in {data}\n")
    console.print(_addresses(config.public_url))
    console.print(_sign_ins(sign_ins))
    console.print(f"Call the phone line by keys: outreach call --port {port}")
    if config.texts.url:
        console.print(f"Texts leave by {urlsplit(config.texts.url).hostname}.")
    console.print(f"Letters land in {config.mail_folder}. Stop with Ctrl-C.")


def use_settings(data: Path, port: int) -> None:
    """Replaces every `OUTREACH_*` variable but KEPT_SETTINGS: a demo never touches the databases
    and keys of a real installation."""
    for name in [name for name in os.environ if name.startswith("OUTREACH_")]:
        if not name.startswith(KEPT_SETTINGS):
            del os.environ[name]
    os.environ |= {
        "OUTREACH_DATA": str(data),
        "OUTREACH_KEYS": str(data / "keys"),
        "OUTREACH_PUBLIC_URL": f"http://localhost:{port}",
        "OUTREACH_MAIL_FROM": "talleres@example.org",
        "OUTREACH_MAIL_FOLDER": str(data / "letters"),
        "OUTREACH_CONTROLLER": "Red de consulados (demostración)",
        "OUTREACH_PHONE": "312 555 0142",
        "OUTREACH_VOICE_SECRET": VOICE_SECRET,
        "OUTREACH_VOICE_NUMBER": "312 555 0100",
        "OUTREACH_EXTENSIONS": " ".join(extension_points.list_installed()),
        "OUTREACH_DEMO": "1",
    }


def make(config: Config) -> tuple[bool, list[tuple[str, str, str]]]:
    """Migrates the demo's databases and fills them if they are empty.

    Returns whether they were empty, and per account its e-mail, TOTP secret and current code."""
    from outreach.accounts.server_encryption import ServerEncryption
    from outreach.cli.db import bring_up_to_date
    from outreach.imports import demo

    bring_up_to_date(config)
    with open_store(config) as store, open_key_store(config) as key_store:
        is_new = demo.fill(store, key_store, now=clock.now())
        encryption = ServerEncryption(config.secret())
        return is_new, list(demo.sign_ins(store, encryption, now=clock.now()))


def _addresses(site: str) -> "Table":
    from rich.table import Table

    table = Table(box=None, show_header=False, padding=(0, 2))
    table.add_column(no_wrap=True, overflow="ignore")
    table.add_column()
    for path, description in (
        ("/es/", "find a workshop (also /en/ and /fr/)"),
        ("/es/cifras/2020-01", "January 2020: 57, 33, 37 and 37 workshops"),
        ("/es/red", "the network"),
        ("/es/calendario", "subscribe with a calendar"),
        ("/es/cal/red.ics", "the network's feed"),
        ("/org/entrar", "staff"),
        ("/es/por-telefono", "the phone line"),
        ("/demo/cartas", "the letters that were sent"),
    ):
        table.add_row(f"{site}{path}", description)
    return table


def _sign_ins(accounts: Sequence[tuple[str, str, str]]) -> str:
    """Two lines an account, so that a terminal of 80 columns does not wrap them."""
    from outreach.imports import demo

    lines = ["[bold]Sign in as[/]"]
    for email, secret, code in accounts:
        role, office = demo.ACCOUNTS[email]
        scope = "everywhere" if office == "*" else office
        lines.append(f"  {email:18}  {demo.PASSWORD}  ({role}, {scope})")
        lines.append(f"{'':20}  code now {code or '-':6}  secret {secret}")
    lines.append("The code changes every 30 seconds; the page that asks for it says it too.\n")
    return "\n".join(lines)
