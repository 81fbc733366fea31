"""Headquarters' month: who has reported, the typed figures, closing it and its revisions."""

from outreach.web.desk.month import closing, figures, matrix

__all__ = ["closing", "figures", "matrix"]
