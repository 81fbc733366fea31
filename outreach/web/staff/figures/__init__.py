"""Figures for staff: a year of an office or of the network, as charts, tables and files.

May import `common`. Start with `figures_page`.
"""

from flask import Blueprint

blueprint = Blueprint("figures", __name__)
