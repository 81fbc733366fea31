"""Headquarters' month: who has reported, the typed figures, closing it and its revisions."""

from outreach.web.staff.months import figures_entry, month_closing, report_matrix

__all__ = ["figures_entry", "month_closing", "report_matrix"]
