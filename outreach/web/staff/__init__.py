"""The staff's pages: sign in, today, workshops, the people of one, its door. Always in Spanish."""

from outreach.web.staff import imports, months, network
from outreach.web.staff.attendees import (
    attendee_download,
    certificates,
    message_pages,
    phone_registration,
    registration_actions,
)
from outreach.web.staff.audit import audit_pages
from outreach.web.staff.auth import (
    account,
    invitation,
    login,
    oidc_login,
    passkey_pages,
    totp_setup,
)
from outreach.web.staff.bulletin import bulletin_editor
from outreach.web.staff.checkin import checkin_offline, checkin_pages, sheet_download
from outreach.web.staff.common import policy
from outreach.web.staff.common.guards import signed, staff_pages
from outreach.web.staff.dashboard import data_held, menu, my_calendar, today
from outreach.web.staff.network import partner_pages, venue_pages
from outreach.web.staff.scheduling import duplicate, month_planner, repeat
from outreach.web.staff.tours import tour_pages
from outreach.web.staff.workshop_form import autosave
from outreach.web.staff.workshops import (
    bulk_actions,
    cancel_workshop,
    flyers,
    series_edit,
    translations,
    workshop_detail,
    workshop_edit,
    workshop_list,
)

__all__ = [
    "account",
    "attendee_download",
    "audit_pages",
    "autosave",
    "bulk_actions",
    "bulletin_editor",
    "cancel_workshop",
    "certificates",
    "checkin_offline",
    "checkin_pages",
    "data_held",
    "duplicate",
    "flyers",
    "imports",
    "invitation",
    "login",
    "menu",
    "message_pages",
    "month_planner",
    "months",
    "my_calendar",
    "network",
    "oidc_login",
    "partner_pages",
    "passkey_pages",
    "phone_registration",
    "policy",
    "registration_actions",
    "repeat",
    "series_edit",
    "sheet_download",
    "signed",
    "staff_pages",
    "today",
    "totp_setup",
    "tour_pages",
    "translations",
    "venue_pages",
    "workshop_detail",
    "workshop_edit",
    "workshop_list",
]
