"""Creating several workshops: duplicate, repeat, plan a month.

May import `common`. Start with `duplicate`.
"""

from flask import Blueprint

blueprint = Blueprint("scheduling", __name__)
