"""Staff pages, below /org: one package a subject, each a blueprint below the blueprint `staff`.

The permission of a page stands at its route (`common.permissions`). Pages are in the language of
the account. May import `web.forms` and below, and never `public`. Start with `common.guards`.
"""

from collections.abc import Iterable
from typing import Final

from flask import Flask

from outreach.web.presentation import extension_pages
from outreach.web.presentation.extension_pages import ExtensionPages
from outreach.web.staff import (
    attendees,
    audit,
    auth,
    bulletin,
    calendar,
    call_centre,
    checkin,
    dashboard,
    figures,
    imports,
    lists,
    months,
    network,
    recordings,
    roster,
    scheduling,
    search,
    tours,
    workshop_form,
    workshops,
)
from outreach.web.staff.attendees import (
    assisted_registration,
    attendee_download,
    certificates,
    message_pages,
    message_text_pages,
    phone_registration,
    queue_pages,
    registration_actions,
)
from outreach.web.staff.audit import audit_pages
from outreach.web.staff.auth import (
    account,
    invitation,
    letter_choices,
    login,
    oidc_login,
    passkey_pages,
    totp_setup,
)
from outreach.web.staff.bulletin import bulletin_editor, bulletin_mail
from outreach.web.staff.calendar import calendar_pages, move_workshop, saved_view_pages
from outreach.web.staff.call_centre import code_page, held_page, search_page
from outreach.web.staff.checkin import (
    checkin_offline,
    checkin_pages,
    sheet_download,
    venue_danger,
)
from outreach.web.staff.common import guards, refusals
from outreach.web.staff.dashboard import data_held, first_day, menu, my_calendar, today
from outreach.web.staff.figures import figures_page
from outreach.web.staff.imports import (
    calendar_link_pages,
    draft_columns,
    draft_load,
    draft_rows,
    draft_start,
    import_downloads,
    import_pages,
)
from outreach.web.staff.lists import list_pages
from outreach.web.staff.months import (
    control_room_page,
    figures_entry,
    month_closing,
    release_calendar_page,
    report_matrix,
    report_reminder_pages,
)
from outreach.web.staff.network import (
    advocate_review_page,
    help_line_page,
    invitation_pages,
    kind_pages,
    office_pages,
    partner_pages,
    place_pages,
    settings_page,
    staff_accounts,
    venue_merge_pages,
    venue_pages,
)
from outreach.web.staff.recordings import recording_pages
from outreach.web.staff.roster import roster_pages, team_pages
from outreach.web.staff.scheduling import duplicate, month_planner, repeat
from outreach.web.staff.search import help_page, person_search, search_pages
from outreach.web.staff.tours import tour_pages
from outreach.web.staff.workshop_form import autosave, form_preview, template_pages
from outreach.web.staff.workshops import (
    bulk_actions,
    cancel_workshop,
    doubtful_seats,
    flyers,
    month_flyers,
    series_edit,
    translations,
    undo_change,
    workshop_detail,
    workshop_edit,
)

# Importing these modules registers their routes.
VIEWS: Final = (
    account,
    advocate_review_page,
    assisted_registration,
    attendee_download,
    audit_pages,
    autosave,
    bulk_actions,
    bulletin_editor,
    bulletin_mail,
    calendar_link_pages,
    calendar_pages,
    cancel_workshop,
    certificates,
    checkin_offline,
    checkin_pages,
    code_page,
    control_room_page,
    data_held,
    doubtful_seats,
    draft_columns,
    draft_load,
    draft_rows,
    draft_start,
    duplicate,
    figures_entry,
    figures_page,
    first_day,
    flyers,
    month_flyers,
    form_preview,
    help_line_page,
    held_page,
    help_page,
    import_downloads,
    import_pages,
    invitation,
    invitation_pages,
    kind_pages,
    letter_choices,
    list_pages,
    login,
    menu,
    message_pages,
    message_text_pages,
    month_closing,
    month_planner,
    move_workshop,
    saved_view_pages,
    my_calendar,
    office_pages,
    oidc_login,
    partner_pages,
    place_pages,
    passkey_pages,
    person_search,
    phone_registration,
    queue_pages,
    recording_pages,
    registration_actions,
    release_calendar_page,
    repeat,
    report_matrix,
    report_reminder_pages,
    roster_pages,
    search_page,
    search_pages,
    series_edit,
    settings_page,
    sheet_download,
    staff_accounts,
    team_pages,
    template_pages,
    today,
    totp_setup,
    tour_pages,
    translations,
    venue_merge_pages,
    venue_pages,
    undo_change,
    venue_danger,
    workshop_detail,
    workshop_edit,
)

for _package in (
    attendees,
    audit,
    auth,
    bulletin,
    calendar,
    call_centre,
    checkin,
    dashboard,
    figures,
    imports,
    lists,
    months,
    network,
    recordings,
    roster,
    scheduling,
    search,
    tours,
    workshop_form,
    workshops,
):
    guards.staff_pages.register_blueprint(_package.blueprint)


def init_app(app: Flask, extensions: Iterable[ExtensionPages]) -> None:
    """Registers the staff pages, and those of extensions below them."""
    app.register_blueprint(guards.staff_pages)
    for each in extensions:
        for blueprint in each.staff_blueprints:
            path = f"{guards.staff_pages.url_prefix}{blueprint.url_prefix or ''}"
            extension_pages.register(
                app, blueprint, name_prefix=guards.staff_pages.name, url_prefix=path
            )
    refusals.init_app(app)
