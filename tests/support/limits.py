"""Rate limits that no test reaches."""

from typing import Final

from outreach.config import Limits

MANY: Final = 10**9
UNLIMITED: Final = Limits(posts=MANY, malformed_posts=MANY, look_ups=MANY, sign_ins=MANY)
