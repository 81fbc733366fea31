"""The people of one workshop: registering by phone, calls, messages, certificates, export.

May import `workshops` and the rooms below it. Start with `registration_actions`.
"""

from flask import Blueprint

blueprint = Blueprint("attendees", __name__)
