"""Check-in at the door: on line, off line and on paper.

May import `common`. Start with `checkin_pages`.
"""

from flask import Blueprint

blueprint = Blueprint("checkin", __name__)
