"""The audit log as a page, each entry in words.

May import `common`. Start with `audit_pages`.
"""

from flask import Blueprint

blueprint = Blueprint("audit", __name__)
