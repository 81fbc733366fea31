"""The pages of one registration, found by its manage token: ticket, offer, change, move,
cancel, erase, new link, reminders.

GET shows or asks; only POST acts, because mail scanners open links (S06). May import `web.forms`
and below. Open `registration_page` first, then `detail`.
"""

from outreach.web.public.my_registration import (
    cancel,
    change,
    detail,
    move,
    new_link,
    recover_link,
    reminders,
    responses,
)
from outreach.web.public.my_registration.registration_page import pages

__all__ = [
    "cancel",
    "change",
    "detail",
    "move",
    "new_link",
    "pages",
    "recover_link",
    "reminders",
    "responses",
]
