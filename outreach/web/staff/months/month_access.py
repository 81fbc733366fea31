"""The month of an address, and the offices of the staff member."""

from typing import Final

from outreach.clock import Month
from outreach.domain.network.staff import ALL_OFFICES, Permission, get_office_slugs
from outreach.errors import NotFound
from outreach.web.staff.common.guards import current_staff, has_permission

FIRST: Final = Month(2015, 1)
LAST: Final = Month(2100, 1)


def month_of(text: str) -> Month:
    """The month of an address. Raises NotFound."""
    try:
        month = Month.parse(text)
    except ValueError:
        raise NotFound(f"month {text[:10]}") from None
    if not FIRST <= month < LAST:
        raise NotFound(f"month {month}")
    return month


def is_network_admin() -> bool:
    """Whether the staff member may close months."""
    return has_permission(Permission.NETWORK, ALL_OFFICES)


def own_offices() -> list[str]:
    """The slugs of the offices of the staff member; empty with a role for the whole network."""
    return sorted(get_office_slugs(current_staff().grants) or ())
