"""Offices, kinds, venues, partners, staff accounts and settings of the installation.

May import `workshop_form` and `common`. Start with `office_pages`.
"""

from flask import Blueprint

blueprint = Blueprint("network", __name__)
