"""`outreach doctor`: what is well with an installation, and what is not."""

import sys

import click
from rich.console import Console

from outreach.cli.context import settings
from outreach.upkeep import doctor


@click.command()
def command() -> None:
    """See whether this installation is well; exit 1 if something has to be done.

    Looks at settings, zone rules, folders, disk, databases, letters, accounts, keys and
    the journal. It changes nothing.
    """
    console = Console(highlight=False)
    all_well = True
    for found in doctor.examine(settings()):
        mark = "[green]well[/] " if found.is_well else "[red]to do[/]"
        console.print(f"{mark}  [bold]{found.about}[/]: {found.words}", soft_wrap=True)
        all_well = all_well and found.is_well
    if not all_well:
        sys.exit(1)
