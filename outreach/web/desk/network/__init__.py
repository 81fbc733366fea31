"""What only headquarters sees to: offices, kinds, the accounts of the staff, the settings."""

from outreach.web.desk.network import kinds, offices, personnel, settings

__all__ = ["kinds", "offices", "personnel", "settings"]
