"""The month of the network: who has reported, typed figures, closing and revisions.

May import `common`. Start with `report_matrix`.
"""

from flask import Blueprint

blueprint = Blueprint("months", __name__)
