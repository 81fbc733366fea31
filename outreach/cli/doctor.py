"""`outreach doctor`: checks an installation."""

import json
import sys
from typing import Final

import click
from rich.console import Console
from rich.markup import escape

from outreach.cli.context import settings
from outreach.maintenance import doctor

STATE_LABELS: Final = {
    "well": "[green]well[/] ",
    "soon": "[yellow]soon[/] ",
    "to do": "[red]to do[/]",
}


@click.command()
@click.option("--json", "is_json", is_flag=True, help="Print one JSON object, for programs.")
def command(is_json: bool) -> None:
    """Check this installation; exit 1 if something has to be done.

    Checks settings, zone rules, folders, disk, clock, databases, letters, the worker, accounts,
    keys and the audit log. It changes nothing. A finding that is only due soon does not change the
    exit status.
    """
    findings = []
    console = Console(highlight=False)
    for finding in doctor.examine(settings()):
        findings.append(finding)
        if not is_json:
            line = (
                f"{STATE_LABELS[finding.state]}  [bold]{finding.about}[/]: {escape(finding.words)}"
            )
            console.print(line, soft_wrap=True)
    is_well = all(finding.is_well for finding in findings)
    if is_json:
        listed = [{"about": x.about, "state": x.state, "words": x.words} for x in findings]
        click.echo(json.dumps({"well": is_well, "findings": listed}, ensure_ascii=False, indent=2))
    if not is_well:
        sys.exit(1)
