"""Sign-in, second factors and the staff member's own account.

May import `common` only. Start with `login`.
"""

from flask import Blueprint

blueprint = Blueprint("auth", __name__)
