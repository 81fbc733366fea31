"""The form of a workshop: fields, options, autosave.

May import `common`. Start with `workshop_form`.
"""

from flask import Blueprint

blueprint = Blueprint("workshop_form", __name__)
