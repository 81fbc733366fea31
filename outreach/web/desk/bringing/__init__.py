"""Bringing workshops in from a file: look first, then all or nothing. And taking them out again."""

from outreach.web.desk.bringing import files, pages

__all__ = ["files", "pages"]
