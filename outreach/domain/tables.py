"""Every table of the domain: imports each module that defines one.

SQLAlchemy needs all of them to resolve foreign keys, and migrations to compare the schema.
"""

from outreach.db import job_locks
from outreach.db.base import Base
from outreach.domain import registrations, workshops
from outreach.domain.audit import audit_log, hash_chain
from outreach.domain.calendar import change_counters, event_cache, public_changes
from outreach.domain.call_centre import call_holds
from outreach.domain.checkin import checkin_events, checkin_tokens
from outreach.domain.dashboard import digests, saved_views, staff_alerts
from outreach.domain.joint import partner_networks
from outreach.domain.locations import office_places, venues
from outreach.domain.network import fraud_reports, installation_settings, kinds, offices, staff
from outreach.domain.newsletter import bulletins, mail_choices, mailings, subscribers
from outreach.domain.outbox import message_texts
from outreach.domain.recordings import voice_notes
from outreach.domain.registrations import (
    assisted,
    call_attempts,
    notifications,
    staff_messages,
    totals,
)
from outreach.domain.reporting import figures, months, releases, revision_log
from outreach.domain.roster import models as roster
from outreach.domain.scheduling import (
    calendar_links,
    form_drafts,
    import_batches,
    import_drafts,
    import_memory,
    kept_queue,
    network_changes,
    place_changes,
    tours,
    venue_merge,
    workshop_changes,
    workshop_templates,
)
from outreach.domain.search import unmet_searches
from outreach.domain.workshops import partners, series, time_slots

__all__ = [
    "assisted",
    "audit_log",
    "bulletins",
    "calendar_links",
    "call_attempts",
    "call_holds",
    "change_counters",
    "checkin_events",
    "checkin_tokens",
    "digests",
    "event_cache",
    "figures",
    "form_drafts",
    "fraud_reports",
    "hash_chain",
    "import_batches",
    "import_drafts",
    "import_memory",
    "installation_settings",
    "job_locks",
    "kept_queue",
    "kinds",
    "mail_choices",
    "mailings",
    "message_texts",
    "metadata",
    "months",
    "network_changes",
    "notifications",
    "office_places",
    "offices",
    "partner_networks",
    "partners",
    "place_changes",
    "public_changes",
    "registrations",
    "releases",
    "revision_log",
    "roster",
    "saved_views",
    "series",
    "staff",
    "staff_alerts",
    "staff_messages",
    "subscribers",
    "time_slots",
    "totals",
    "tours",
    "unmet_searches",
    "venue_merge",
    "venues",
    "voice_notes",
    "workshop_changes",
    "workshop_templates",
    "workshops",
]

metadata = Base.metadata
