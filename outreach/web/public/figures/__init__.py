"""Pages and files of the figures of a month, a year, an office and a kind; files for programs.

May import `web.forms` and below; all numbers come from `reports`. Open `month_page` first.
"""

from outreach.web.public.figures import (
    data_files,
    month_page,
    published_files,
    release_pages,
    timeline_pages,
)
from outreach.web.public.figures.month_params import pages

__all__ = [
    "data_files",
    "month_page",
    "pages",
    "published_files",
    "release_pages",
    "timeline_pages",
]
