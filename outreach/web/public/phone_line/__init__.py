"""The automatic phone line: near, kind, hour and code by the keys of a telephone.

A telephone gateway sends what a caller pressed, signed, and says what this program answers as XML.
May import `web.forms` and below. Open `line_views.py` first; `line_steps.py` is the conversation,
`line_state.py` what it remembers from key to key, `line_offers.py` what can be had by phone.
"""

from outreach.web.public.phone_line.line_views import pages

__all__ = ["pages"]
