"""The operator's guide, as Markdown. `outreach guide` prints it."""
