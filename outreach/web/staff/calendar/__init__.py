"""«Talleres»: the calendar by month, week, day and venue, the list beside it, and moving.

May import `workshops` and below. Start with `calendar_pages`.
"""

from flask import Blueprint

blueprint = Blueprint("calendar", __name__)
