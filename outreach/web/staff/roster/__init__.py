"""The roster: its members, and the team of a workshop.

May import `common` and below. Open `roster_pages` first; `team_pages` assigns members to a
workshop.
"""

from flask import Blueprint

blueprint = Blueprint("roster", __name__)
