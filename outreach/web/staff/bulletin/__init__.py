"""The editor of the monthly bulletin.

May import `months` and `common`. Start with `bulletin_editor`.
"""

from flask import Blueprint

blueprint = Blueprint("bulletin", __name__)
