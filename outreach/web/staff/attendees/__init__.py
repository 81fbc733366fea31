"""The people of one workshop: registering by phone, calls, messages, certificates, export.

May import `workshops` and the rooms below it. Start with `registration_actions`.

`queue_pages.py` is the page of the work queue, `queue_cards.py` says what a line says, and
`done_rows.py` what was done today. What the page of a workshop does already is sent there, with the
field `desde`, and leads back.
"""

from flask import Blueprint

blueprint = Blueprint("attendees", __name__)
