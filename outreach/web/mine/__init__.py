"""My place: the ticket, the offer, changing one's mind. The link is all one needs and all there is.

GET shows or asks; only POST acts: programs that look at mail open every link (safety.md S06).
"""

from outreach.web.mine import answering, changing, leaving, looking, lost
from outreach.web.mine.lost import answer_for
from outreach.web.mine.place import pages

__all__ = ["answer_for", "answering", "changing", "leaving", "looking", "lost", "pages"]
