"""The figures: how many workshops, of which kind, where, as pages and as files; of a month, of a
year, of an office and of a kind. No page counts by itself: all are told by `reports/`."""

from outreach.web.public.figures import month_page, timeline_pages
from outreach.web.public.figures.month_params import pages

__all__ = ["month_page", "pages", "timeline_pages"]
