"""My place: the ticket, the offer, changing one's mind. The link is all one needs and all there is.

GET shows or asks; only POST acts: programs that look at mail open every link (S06).
"""

from outreach.web.public.my_registration import cancel, change, detail, recover_link, responses
from outreach.web.public.my_registration.recover_link import answer_for
from outreach.web.public.my_registration.registration_page import pages

__all__ = ["answer_for", "cancel", "change", "detail", "pages", "recover_link", "responses"]
