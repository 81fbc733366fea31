"""The automatic phone line: near, kind, hour and code by the keys of a telephone.

A telephone gateway sends what a caller pressed, signed, and says what this program answers as XML.
May import `web.forms` and below. Open `line_views.py` first; `line_steps.py` is the conversation,
`line_state.py` what it remembers from key to key, `line_offers.py` what can be had by phone.

The gateway asks `/voz`, and is answered if it has signed and not asked the same before. What a call
has chosen is in the next address, signed for this call and for ten minutes; nothing is stored. The
code is an HMAC of the call and the workshop, so that it is said before anything is saved: the last
key registers with it, as a form does (S29, decision 0053).
"""

from outreach.web.public.phone_line.line_views import pages

__all__ = ["pages"]
