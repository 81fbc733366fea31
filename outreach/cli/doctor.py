"""`outreach doctor`: what is well with an installation, and what is not."""

import json
import sys
from typing import Final

import click
from rich.console import Console
from rich.markup import escape

from outreach.cli.context import settings
from outreach.maintenance import doctor

MARKS: Final = {"well": "[green]well[/] ", "soon": "[yellow]soon[/] ", "to do": "[red]to do[/]"}


@click.command()
@click.option("--json", "is_json", is_flag=True, help="For a program: one JSON object.")
def command(is_json: bool) -> None:
    """See whether this installation is well; exit 1 if something has to be done.

    Looks at settings, zone rules, folders, disk, clock, databases, letters, the worker, accounts,
    keys and the journal. It changes nothing. What is to be seen to soon does not count yet.
    """
    all_found = []
    console = Console(highlight=False)
    for found in doctor.examine(settings()):
        all_found.append(found)
        if not is_json:
            line = f"{MARKS[found.state]}  [bold]{found.about}[/]: {escape(found.words)}"
            console.print(line, soft_wrap=True)
    all_well = all(found.is_well for found in all_found)
    if is_json:
        told = [{"about": x.about, "state": x.state, "words": x.words} for x in all_found]
        click.echo(json.dumps({"well": all_well, "findings": told}, ensure_ascii=False, indent=2))
    if not all_well:
        sys.exit(1)
