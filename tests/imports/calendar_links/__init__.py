"""Tests of `outreach.imports.calendar_links`."""
