"""«Talleres»: the calendar by month, week, day and venue, the list beside it, and moving.

May import `workshops` and below. Start with `calendar_pages`.

`calendar_pages.py` is `/org/talleres` in its five views. `calendar_params.py` reads the address,
`calendar_grid.py` puts workshops into the cells of a month, the half hours of a week and the lanes
of venues, and `workshop_list.py` sorts the list. `move_workshop.py` is the page «Mover», to which
`scripts/calendar.js` also sends what was dragged: it refuses to move a version that somebody has
changed since.
"""

from flask import Blueprint

blueprint = Blueprint("calendar", __name__)
