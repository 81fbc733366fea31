"""The guards of warnings: nothing that strangers used up, and no gateway, hides who was not told."""

from typing import Final

from tests.faults.guard import Guard

# fmt: off
GUARDS: Final = (
    Guard(
        "S31", "outreach.mail.delivery:text_outlets",
        "TextPurse.WARNINGS", "TextPurse.OF_STAFF",
        "tests/faults/test_warnings.py::test_warning_passes_a_budget_that_is_used_up",
    ),
    Guard(
        "S31", "outreach.mail.delivery_round:_WarningWatch.__call__",
        "self._warnings.outbox.has_due(session, now=at)", "False",
        "tests/faults/test_warnings.py::test_warning_overtakes_what_waits_for_a_slow_gateway",
    ),
    Guard(
        "S31", "outreach.mail.text_budget:TextBudget.__init__",
        "config.texts.a_day // STRANGERS - kept", "config.texts.a_day",
        "tests/faults/test_warnings.py::test_two_hundred_texts_of_strangers_leave_the_warning_its_way",
    ),
    Guard(
        "S31", "outreach.domain.registrations.change_notifications:IS_WARNING",
        "Workshop.expected_at > sa.bindparam('a_day_ago', type_=Instant)", "",
        "tests/faults/test_warnings.py::test_changes_of_the_last_day_pass_the_budget_and_others_are_called_about",
    ),
    Guard(
        "S31", "outreach.domain.registrations.change_notifications:_UNINFORMED",
        "sa.case((Registration.status.in_(STATUSES_WITH_SEATS), 0), else_=1)", "",
        "tests/faults/test_warnings.py::test_whoever_has_a_seat_is_warned_before_the_waitlist",
    ),
    Guard(
        "S31", "outreach.domain.outbox.delivery_queue:WARNING_TEXTS",
        "max_retry_delay=FIRST_RETRY_DELAY", "",
        "tests/faults/test_warnings.py::test_warning_is_tried_again_soon_and_ends_the_call",
    ),
    Guard(
        "S31", "outreach.domain.outbox.manual_calls:_WAITS_IN_VAIN",
        "change_notifications.IS_WARNING", "",
        "tests/faults/test_warnings.py::test_who_was_not_handed_the_warning_stands_in_the_queue",
    ),
    Guard(
        "S31", "outreach.domain.outbox.manual_calls:_IS_LATE",
        "Notification.due_at < sa.bindparam('waiting_since', type_=Instant)", "sa.false()",
        "tests/faults/test_warnings.py::test_changes_of_the_last_day_pass_the_budget_and_others_are_called_about",
    ),
    Guard(
        "S31", "outreach.web.staff.checkin.venue_danger:_danger_page",
        "untold=untold", "untold=notify_sheet.change_notifications.NO_REACH",
        "tests/faults/test_warnings.py::test_who_was_not_handed_the_warning_stands_in_the_queue",
    ),
    Guard(
        "S31", "outreach.web.staff.workshops.detail_sections:load_notices",
        "untold=untold", "untold=NO_REACH",
        "tests/faults/test_warnings.py::test_who_was_not_handed_the_warning_stands_in_the_queue",
    ),
    Guard(
        "S31", "outreach.domain.outbox.manual_calls:_MAY_BE_CALLED",
        "call_attempts.MAY_BE_CALLED", "",
        "tests/faults/test_warnings.py::test_at_a_discreet_workshop_only_who_allowed_calls_is_called",
    ),
    Guard(
        "S31", "outreach.web.forms.registration_service:_may_text",
        "rate_limits.count_text(networks[0].name)", "True",
        "tests/web/public/test_texts_of_an_address.py::test_registrations_of_one_address_cause_a_fiftieth",
    ),
    Guard(
        "S31", "outreach.web.public.my_registration.recover_link:_request_link",
        "not rate_limits.count_text()", "False",
        "tests/web/public/test_texts_of_an_address.py::test_links_beyond_it_are_refused_in_true_words",
    ),
    Guard(
        "S31", "outreach.web.public.my_registration.change:_store_changes",
        "is_text and (not rate_limits.count_text())", "False",
        "tests/web/public/test_texts_of_an_address.py::test_move_and_change_of_contact_say_and_send_nothing_beyond_it",
    ),
    Guard(
        "S31", "outreach.web.public.my_registration.move:_may_write",
        "not _gets_text(registration) or rate_limits.count_text()", "True",
        "tests/web/public/test_texts_of_an_address.py::test_move_and_change_of_contact_say_and_send_nothing_beyond_it",
    ),
    Guard(
        "S31", "outreach.domain.outbox.link_recovery:enqueue_links",
        "if len(in_one_text) > 1:", "if False:",
        "tests/web/public/test_texts_of_an_address.py::test_request_for_several_links_is_one_text",
    ),
    Guard(
        "S18", "outreach.web.forms.registration_form:PersonForm.takes_calls",
        "self.by.data != BY_TEXT or self.must_leave_phone", "",
        "tests/web/public/test_texts_of_an_address.py::test_form_says_who_takes_calls",
    ),
)
# fmt: on
