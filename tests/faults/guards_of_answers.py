"""The guards of answers by text: whose place they are about, and what has to come back first."""

from typing import Final

from tests.faults.guard import Guard

# fmt: off
GUARDS: Final = (
    Guard(
        "S41", "outreach.domain.outbox.text_questions:list_texted",
        "Workshop.is_discreet.is_(False)", "",
        "tests/answers/test_conversation.py::test_phone_of_a_discreet_place_gets_what_an_unknown_one_gets",
    ),
    Guard(
        "S41", "outreach.domain.outbox.text_questions:list_texted",
        "Notification.done_at.is_not(None)", "",
        "tests/answers/test_conversation.py::test_question_that_was_not_sent_was_not_asked",
    ),
    Guard(
        "S41", "outreach.answers.conversation:_Request.find_place",
        "len(asked) == 1", "asked",
        "tests/answers/test_conversation.py::test_of_several_places_none_is_changed_unless_one_was_asked_about",
    ),
    Guard(
        "S41", "outreach.keystore.text_exchange:end_challenge",
        "row.key_id if is_right else None", "row.key_id",
        "tests/answers/test_conversation.py::test_place_ends_only_when_the_digits_come_back",
    ),
    Guard(
        "S41", "outreach.keystore.text_exchange:end_challenge",
        "row.tries >= MAX_TRIES", "",
        "tests/answers/test_conversation.py::test_digits_are_good_for_three_tries",
    ),
    Guard(
        "S41", "outreach.answers.text_limits:TextLimits.count_challenge",
        "self._count('digits to', number, CHALLENGES)", "True",
        "tests/answers/test_conversation.py::test_whoever_forges_a_number_cannot_guess_digits_all_day",
    ),
    Guard(
        "S41", "outreach.answers.text_limits:TextLimits.count_reply",
        "self._count('unasked replies to', number, limits)", "True",
        "tests/answers/test_conversation.py::test_forged_senders_do_not_make_us_write_to_somebody",
    ),
    Guard(
        "S41", "outreach.mail.delivery:paying_texts",
        "text_exchange.is_stopped(key_store, text.to)", "False",
        "tests/answers/test_conversation.py::test_stop_ends_all_texts_and_the_staff_call",
    ),
    Guard(
        "S41", "outreach.answers.adapters:_require_equal",
        """if not is_equal(shown, right):
    raise Forged""",
        "pass",
        "tests/answers/test_adapters.py::test_forged_request_is_refused",
    ),
    Guard(
        "S41", "outreach.web.public.text_answers:_take_once",
        "not is_new", "False",
        "tests/answers/test_adapters.py::test_request_is_taken_once",
    ),
    Guard(
        "S41", "outreach.domain.outbox.link_recovery:may_text_link",
        "not registration.workshop.is_discreet or registration.details.is_only_reader", "True",
        "tests/domain/outbox/test_link_recovery.py::test_discreet_workshop_gets_a_link_only_where_nobody_else_reads_that_phone",
    ),
    Guard(
        "S41", "outreach.domain.outbox.summaries:_select",
        "conditions += _is_alike(summary)", "pass",
        "tests/domain/outbox/test_link_recovery.py::test_texts_of_ordinary_places_do_not_show_that_there_is_a_discreet_one",
    ),
)
# fmt: on
