"""`python -m outreach.cli`: the command, where it is not on the path."""

from outreach.cli import run

run()
