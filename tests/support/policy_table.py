"""The access policy of the staff pages, stated independently of the decorators at the routes.

One line a page: endpoint below `staff.`, method, scope and permission. The scopes are those of
`outreach.web.staff.common.permissions.Scope`.
"""

from typing import Final

from outreach.domain.network.staff import Permission
from tests.support.extension_scenes import SCENES

_TABLE: Final = """
auth.sign_in_form               GET   public
auth.sign_in                    POST  public
auth.invitation                 GET   public
auth.accept_invitation          POST  public
dashboard.calendar_feed         GET   public
auth.passkey_challenge          POST  public
auth.sign_in_with_passkey       POST  public
auth.oidc_start                 GET   public
auth.oidc_callback              GET   public
auth.code_form                  GET   half-signed-in
auth.check_code                 POST  half-signed-in
auth.second_factor_challenge    POST  half-signed-in
auth.confirm_form               GET   signed-in
auth.confirm                    POST  signed-in
auth.account                    GET   signed-in
auth.end_session                POST  signed-in
auth.change_password            POST  signed-in
auth.choose_letters             POST  signed-in
auth.letters_link               GET   public
auth.switch_letters_off           POST  public
auth.print_recovery_codes       POST  signed-in
auth.totp_form                  GET   signed-in
auth.change_totp                POST  signed-in
auth.change_language            POST  signed-in
auth.change_name                POST  signed-in
auth.download_recovery_codes    POST  signed-in
auth.new_passkey                GET   signed-in
auth.new_passkey_challenge      POST  signed-in
auth.add_passkey                POST  signed-in
auth.rename_passkey             POST  signed-in
auth.remove_passkey             POST  signed-in
auth.sign_out                   POST  signed-in
dashboard.today                 GET   signed-in
dashboard.menu                  GET   signed-in
search.search                   GET   signed-in
search.search_posted            POST  signed-in
search.show_help                GET   signed-in
search.find_by_code             POST  chosen-office   people
search.find_by_contact          POST  chosen-office   contacts
dashboard.packaged_form         GET   network         network
dashboard.load_packaged         POST  network         network
dashboard.checkins              GET   signed-in
checkin.offline_form            GET   signed-in
checkin.phone_page              GET   public
checkin.service_worker          GET   public
checkin.upload_events           POST  public
calendar.list_workshops         GET   signed-in
calendar.move_form              GET   workshop        edit
calendar.move                   POST  workshop        edit
calendar.save_view              POST  signed-in
calendar.delete_view            POST  signed-in
dashboard.calendar              GET   signed-in
dashboard.create_calendar       POST  signed-in
dashboard.revoke_calendar       POST  signed-in
months.latest                   GET   signed-in
months.control_room_page        GET   network         network
months.control_room_file        GET   network         network
figures.figures_page            GET   signed-in
figures.figures_file            GET   signed-in
months.detail                   GET   signed-in
imports.upload_form             GET   chosen-office   edit
imports.upload                  POST  chosen-office   edit
imports.load                    POST  chosen-office   edit
imports.errors                  GET   chosen-office   edit
imports.template                GET   chosen-office   edit
imports.export                  GET   signed-in
imports.read_sheet              POST  chosen-office   edit
imports.columns_form            GET   office          edit
imports.choose_columns          POST  office          edit
imports.rows_page               GET   office          edit
imports.left_rows_file          GET   office          edit
imports.save_rows               POST  office          edit
imports.load_draft              POST  office          edit
imports.loaded_page             GET   office          edit
imports.undo_draft_load         POST  office          edit
imports.delete_draft            POST  office          edit
imports.calendar_page           GET   office          edit
imports.change_calendar         POST  office          edit
workshops.new                   GET   chosen-office   edit
workshops.create                POST  chosen-office   edit
scheduling.month_form           GET   chosen-office   edit
scheduling.create_month         POST  chosen-office   edit
workshops.bulk_form             GET   chosen-office   edit
workshops.bulk_apply            POST  chosen-office   edit
months.mark_complete            POST  chosen-office   edit
workshops.detail                GET   workshop        see
workshops.edit                  GET   workshop        edit
workshops.update                POST  workshop        edit
workshops.doubtful_form         GET   workshop        edit
workshops.decide_doubtful       POST  workshop        edit
workshops.publish               POST  workshop        edit
workshops.cancel_form           GET   workshop        edit
workshops.cancel                POST  workshop        edit
workshops.reinstate             POST  workshop        edit
workshops.decide                POST  workshop        edit
workshops.undo_batch            POST  chosen-office   edit
tours.list_tours                GET   signed-in
tours.new                       GET   chosen-office   edit
tours.create                    POST  chosen-office   edit
tours.detail                    GET   office          see
tours.publish                   POST  office          edit
tours.new_stop                  GET   office          edit
tours.create_stop               POST  office          edit
tours.edit_stop                 GET   office          edit
tours.update_stop               POST  office          edit
tours.publish_stop              POST  office          edit
tours.cancel_stop_form          GET   office          edit
tours.cancel_stop               POST  office          edit
tours.reinstate_stop            POST  office          edit
workshops.edit_texts            GET   workshop        edit
workshops.update_texts          POST  workshop        edit
workshop_form.save_draft        POST  chosen-office   edit
workshop_form.discard_draft     POST  chosen-office   edit
workshop_form.show_preview      POST  chosen-office   edit
workshop_form.delete_template   POST  chosen-office   edit
lists.list_lists                GET   signed-in
lists.show_list                 GET   signed-in
lists.download_list             GET   signed-in
network.list_venues             GET   chosen-office   edit
network.download_venues          GET   office          edit
network.new_venue               GET   office          edit
network.create_venue            POST  office          edit
network.edit_venue              GET   office          edit
network.update_venue            POST  office          edit
network.merge_form              GET   office          edit
network.merge_venues            POST  office          edit
network.undo_merge              POST  office          edit
network.place_names             GET   office          edit
network.update_place_names      POST  office          edit
network.list_partners           GET   chosen-office   edit
network.new_partner             GET   office          edit
network.create_partner          POST  office          edit
network.edit_partner            GET   office          edit
network.update_partner          POST  office          edit
network.new_speaker             GET   office          edit
network.create_speaker          POST  office          edit
network.edit_speaker            GET   office          edit
network.update_speaker          POST  office          edit
roster.list_members             GET   chosen-office   edit
roster.new_member               GET   chosen-office   edit
roster.create_member            POST  chosen-office   edit
roster.show_member              GET   member          edit
roster.update_member            POST  member          edit
roster.update_feed              POST  member          edit
roster.team                     GET   workshop        edit
roster.change_team              POST  workshop        edit
recordings.workshop_recordings  GET   workshop        edit
recordings.change_workshop_recordings POST workshop   edit
recordings.kind_recordings      GET   network         network
recordings.change_kind_recordings POST network        network
recordings.line_recordings      GET   network         network
recordings.change_line_recordings POST network        network
workshops.flyer                 GET   workshop        see
workshops.flyer_pdf             GET   workshop        see
workshops.flyer_png             GET   workshop        see
workshops.flyer_svg             GET   workshop        see
attendees.certificate_form      GET   workshop        edit
attendees.create_certificate    POST  workshop        edit
scheduling.repeat_form          GET   workshop        edit
scheduling.repeat               POST  workshop        edit
scheduling.duplicate_form       GET   workshop        edit
scheduling.duplicate            POST  workshop        edit
workshops.edit_series           GET   workshop        edit
workshops.update_series         POST  workshop        edit
call_centre.search              GET   network         calls
call_centre.hold                POST  network         calls
call_centre.show_call           GET   network         calls
call_centre.act_on_call         POST  network         calls
call_centre.code_form           GET   network         calls
call_centre.find_code           POST  network         calls
attendees.queue                 GET   chosen-office   edit
attendees.open_line             POST  workshop        contacts
attendees.record_outcome        POST  workshop        contacts
attendees.take_back_outcome     POST  workshop        contacts
attendees.report                POST  workshop        edit
attendees.show_contact          POST  workshop        contacts
attendees.record_call           POST  workshop        contacts
attendees.decide                POST  workshop        edit
attendees.decide_addresses      POST  workshop        edit
attendees.assisted_form         GET   workshop        contacts
attendees.make_assisted_link    POST  workshop        contacts
attendees.new                   GET   workshop        contacts
attendees.create                POST  workshop        contacts
workshops.open_seats            POST  workshop        edit
attendees.export                GET   workshop        export
attendees.resend                POST  workshop        edit
attendees.message_form          GET   workshop        edit
attendees.send_message          POST  workshop        edit
attendees.list_message_texts    GET   chosen-office   edit
attendees.rename_message_text   POST  chosen-office   edit
attendees.delete_message_text   POST  chosen-office   edit
checkin.check_in_form           GET   workshop        door
checkin.check_in                POST  workshop        door
checkin.danger_form             GET   workshop        door
checkin.act_on_danger           POST  workshop        door
checkin.sheet                   GET   workshop        door
checkin.manifest                POST  workshop        door
checkin.attendance_form         GET   workshop        edit
checkin.report_attendance       POST  workshop        edit
months.edit_figures             GET   network         network
months.update_figures           POST  network         network
months.close_form               GET   network         network
months.close                    POST  network         network
months.reopen                   POST  network         network
months.remind                   POST  network         network
months.undo_reminders           POST  network         network
bulletin.list_bulletins         GET   network         network
bulletin.edit                   GET   network         network
bulletin.update                 POST  network         network
bulletin.preview                GET   network         network
bulletin.decide_mail            POST  network         network
bulletin.undo                   POST  network         network
dashboard.data_held             GET   network         network
audit.workshop_log              GET   workshop        edit
audit.office_log                GET   office          edit
workshops.month_flyer           GET   office          see
workshops.month_flyer_pdf       GET   office          see
workshops.month_flyer_png       GET   office          see
audit.network_log               GET   network         network
network.settings                GET   network         network
network.show_advocate_review    GET   network         network
network.record_advocate_review  POST  network         network
months.release_calendar_form    GET   network         network
months.set_release_calendar     POST  network         network
network.show_help_lines         GET   network         network
network.record_help_line        POST  network         network
network.list_offices            GET   network         network
network.new_office              GET   network         network
network.create_office           POST  network         network
network.edit_office             GET   network         network
network.update_office           POST  network         network
network.list_kinds              GET   network         network
network.new_kind                GET   network         network
network.create_kind             POST  network         network
network.edit_kind               GET   network         network
network.update_kind             POST  network         network
network.list_staff              GET   chosen-office   colleagues
network.new_staff               GET   chosen-office   colleagues
network.invite_staff            POST  chosen-office   colleagues
network.invite_staff_again      POST  account         colleagues
network.withdraw_invitation     POST  account         colleagues
network.edit_staff              GET   account         colleagues
network.update_staff            POST  network         network
network.disable_staff           POST  account         colleagues
network.reset_staff             POST  network         network
"""

# Pages that need a second factor of the last ten minutes, for every role.
FRESH: Final = {
    "staff.attendees.export",
    "staff.auth.print_recovery_codes",
    "staff.auth.totp_form",
    "staff.auth.change_totp",
    "staff.auth.new_passkey",
    "staff.auth.new_passkey_challenge",
    "staff.auth.add_passkey",
    "staff.auth.remove_passkey",
    "staff.months.close",
    "staff.months.reopen",
    "staff.months.set_release_calendar",
    "staff.network.invite_staff",
    "staff.network.invite_staff_again",
    "staff.network.withdraw_invitation",
    "staff.network.update_staff",
    "staff.network.disable_staff",
    "staff.network.reset_staff",
}

Page = tuple[str, str]  # endpoint and method

_LINES: Final = [
    line.split()
    for table in (_TABLE, *(scene.policy for scene in SCENES))
    for line in table.split("\n")
    if line
]
SCOPES: Final[dict[Page, str]] = {(f"staff.{line[0]}", line[1]): line[2] for line in _LINES}
PERMISSIONS_NEEDED: Final[dict[Page, Permission]] = {
    (f"staff.{line[0]}", line[1]): Permission(line[3]) for line in _LINES if len(line) > 3
}


def pages_with(*scopes: str) -> list[Page]:
    """The pages of these scopes."""
    return [page for page, scope in SCOPES.items() if scope in scopes]
