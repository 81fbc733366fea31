"""What only headquarters sees to: offices, kinds, the accounts of the staff, the settings."""

from outreach.web.staff.network import kind_pages, office_pages, settings_page, staff_accounts

__all__ = ["kind_pages", "office_pages", "settings_page", "staff_accounts"]
