"""Tours of the mobile consulate and their stops.

May import `workshops` and the rooms below it. Start with `tour_pages`.
"""

from flask import Blueprint

blueprint = Blueprint("tours", __name__)
