"""The guards of answers by text: whose place they are about, and what has to come back first."""

from collections.abc import Iterator

from tests.faults.guard import Guard


def list_guards() -> Iterator[Guard]:
    talk, adapters = "tests/answers/test_conversation.py::", "tests/answers/test_adapters.py::"
    links = "tests/domain/outbox/test_link_recovery.py::"
    questions, said = "outreach/domain/outbox/text_questions.py", "outreach/answers/conversation.py"
    exchange, limits = "outreach/keystore/text_exchange.py", "outreach/answers/text_limits.py"
    for file, words, instead, test in (
        (
            questions, "Workshop.is_discreet.is_(False),", "",
            f"{talk}test_phone_of_a_discreet_place_gets_what_an_unknown_one_gets",
        ),
        (
            questions, "Notification.done_at.is_not(None),", "",
            f"{talk}test_question_that_was_not_sent_was_not_asked",
        ),
        (
            said, "return asked[0] if len(asked) == 1 else None", "return asked[0] if asked else None",
            f"{talk}test_of_several_places_none_is_changed_unless_one_was_asked_about",
        ),
        (
            exchange, "key_id = row.key_id if is_right else None", "key_id = row.key_id",
            f"{talk}test_place_ends_only_when_the_digits_come_back",
        ),
        (
            exchange, "if is_right or row.tries >= MAX_TRIES:", "if is_right:",
            f"{talk}test_digits_are_good_for_three_tries",
        ),
        (
            limits, 'return self._count("digits to", number, CHALLENGES)', "return True",
            f"{talk}test_whoever_forges_a_number_cannot_guess_digits_all_day",
        ),
        (
            limits, 'is_left = self._count("unasked replies to", number, limits)', "is_left = True",
            f"{talk}test_forged_senders_do_not_make_us_write_to_somebody",
        ),
        (
            "outreach/mail/delivery.py", "if text_exchange.is_stopped(key_store, text.to):", "if False:",
            f"{talk}test_stop_ends_all_texts_and_the_staff_call",
        ),
        (
            "outreach/answers/adapters.py", "    if not is_equal(shown, right):\n        raise Forged\n", "    pass\n",
            f"{adapters}test_forged_request_is_refused",
        ),
        (
            "outreach/web/public/text_answers.py", "if not is_new:", "if False:",
            f"{adapters}test_request_is_taken_once",
        ),
        (
            "outreach/domain/outbox/link_recovery.py",
            "return not registration.workshop.is_discreet or registration.details.is_only_reader", "return True",
            f"{links}test_discreet_workshop_gets_a_link_only_where_nobody_else_reads_that_phone",
        ),
        (
            "outreach/domain/outbox/summaries.py", "    conditions += _is_alike(summary)\n", "",
            f"{links}test_texts_of_ordinary_places_do_not_show_that_there_is_a_discreet_one",
        ),
    ):  # fmt: skip
        yield Guard("S41", file, words, instead, test)
