"""Search of everything that a staff member may open, and the page of help.

May import all rooms of the staff's pages but those beside it. Start with `search_pages`.
"""

from flask import Blueprint

blueprint = Blueprint("search", __name__)
