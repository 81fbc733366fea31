"""Workshops: list, detail, edit, publish, cancel, flyers.

May import `workshop_form`, `scheduling` and `common`. Start with `workshop_detail`.
"""

from flask import Blueprint

blueprint = Blueprint("workshops", __name__)
