"""Bringing workshops in from a file: look first, then all or nothing. And taking them out again."""

from outreach.web.staff.imports import import_downloads, import_pages

__all__ = ["import_downloads", "import_pages"]
