"""The staff's first page, the menu, the staff member's own calendar.

May import `common`. Start with `today`.
"""

from flask import Blueprint

blueprint = Blueprint("dashboard", __name__)
