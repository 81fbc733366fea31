"""`outreach doctor`: checks an installation."""

import json
import sys
from typing import Any, Final

import click
from rich.console import Console
from rich.markup import escape

from outreach.cli.context import list_settings
from outreach.config import Config
from outreach.maintenance import doctor
from outreach.network_profile import use_profile

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
    reports = []
    for config in list_settings():
        with use_profile(config.profile):
            reports.append(_examine(config, is_json))
    is_well = all(report["well"] for report in reports)
    if is_json:
        # Several networks have a list, whose items have their names.
        shown = {"well": is_well, "networks": reports} if "network" in reports[0] else reports[0]
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    if not is_well:
        sys.exit(1)


def _examine(config: Config, is_json: bool) -> dict[str, Any]:
    """Prints the findings of one network as they come, unless they are printed as JSON."""
    findings = []
    console = Console(highlight=False)
    if config.name and not is_json:
        console.print(f"[bold]{config.name}[/]")
    for finding in doctor.examine(config):
        findings.append(finding)
        if not is_json:
            line = (
                f"{STATE_LABELS[finding.state]}  [bold]{finding.about}[/]: {escape(finding.words)}"
            )
            console.print(line, soft_wrap=True)
    listed = [{"about": x.about, "state": x.state, "words": x.words} for x in findings]
    report = {"well": all(finding.is_well for finding in findings), "findings": listed}
    return {"network": config.name, **report} if config.name else report
