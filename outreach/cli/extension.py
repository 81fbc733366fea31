"""`outreach extension`: what the installation has beside the core."""

import click

from outreach import extension, extension_points
from outreach.cli.context import list_settings
from outreach.errors import Misconfigured


@click.group()
def command() -> None:
    """What this installation has beside the core: list the extensions."""


@command.command("list")
def list_command() -> None:
    """List the installed extensions: whether each is on, and what it gives.

    OUTREACH_EXTENSIONS, or `extensions` in a network's file, names those that are on.
    """
    configs = list_settings()
    installed = extension_points.list_installed()
    for name in installed:
        on_at = [each.name for each in configs if name in each.extensions]
        state = f"on at {', '.join(on_at)}" if any(on_at) else "on" if on_at else "off"
        click.echo(f"{name}: {state}. {_summarize(name)}")
    if not installed:
        click.echo("No extension is installed.")


def _summarize(name: str) -> str:
    """Returns what it gives, or why it cannot be used: one that is broken hides no other."""
    try:
        return extension.find(name).summary
    except Misconfigured as error:
        return str(error)
