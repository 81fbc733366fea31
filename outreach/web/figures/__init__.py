"""The figures: how many workshops, of which kind, where, as pages and as files; of a month, of a
year, of an office and of a kind. No page counts by itself: all are told by `reports/`."""

from outreach.web.figures import month, rows
from outreach.web.figures.asking import pages

__all__ = ["month", "pages", "rows"]
