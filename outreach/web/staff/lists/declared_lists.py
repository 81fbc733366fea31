"""All lists for staff, in the order of their page."""

from typing import Any, Final

from outreach.web.staff.lists.staff_list import StaffList
from outreach.web.staff.lists.venues_without_point import VENUES_WITHOUT_POINT
from outreach.web.staff.lists.workshops_without_speaker import WORKSHOPS_WITHOUT_SPEAKER

LISTS: Final[tuple[StaffList[Any], ...]] = (WORKSHOPS_WITHOUT_SPEAKER, VENUES_WITHOUT_POINT)
