"""The guards of recordings and of the phone line."""

from collections.abc import Iterator

from tests.faults.guard import Guard


def list_guards() -> Iterator[Guard]:
    heard = "tests/web/public/test_listening.py::"
    yield Guard(
        "S13", "outreach/domain/recordings/voice_notes.py",
        "return self.kind is None or not self.kind.is_discreet", "return True",
        f"{heard}test_nothing_discreet_or_hidden_is_heard",
    )  # fmt: skip
    yield Guard(
        "S02", "outreach/web/middleware/response_headers.py",
        'g.get("page_policy", PagePolicy.USUAL)', "PagePolicy.AUDIO",
        f"{heard}test_only_pages_with_a_player_may_load_audio",
    )  # fmt: skip
    yield Guard(
        "S13", "outreach/domain/recordings/voice_notes.py",
        "self.facts != facts.compute_facts(self.workshop)", "False",
        f"{heard}test_recording_of_before_a_move_is_not_played",
    )  # fmt: skip
    called, line = "tests/web/public/test_phone_line.py::", "outreach/web/public/phone_line/"
    for promise, file, words, instead, test in (
        (
            "S29", f"{line}line_views.py",
            "if not (is_ours and call_id):", "if not call_id:",
            "test_only_the_gateway_is_answered",
        ),
        (
            "S29", "outreach/web/middleware/rate_limits.py",
            'if not limiter.hit(RateLimitItemPerDay(1), "once", who):', "if False:",
            "test_replays_are_dropped",
        ),
        (
            "S29", f"{line}line_steps.py", "from_phone_line(call.networks)", "from_phone_line(())",
            "test_one_phone_takes_no_more_than_its_share_and_leaves_others_theirs",
        ),
        (
            "S29", f"{line}line_steps.py", "if _digest(offer) != state.heard:", "if False:",
            "test_workshop_that_moves_during_a_call_is_said_anew_and_not_saved",
        ),
        (
            "S13", f"{line}line_offers.py",
            "and not (workshop.is_discreet or workshop.kind.is_discreet)\n", "\n",
            "test_workshop_that_becomes_discreet_is_not_saved_by_phone",
        ),
        (
            "S29", f"{line}line_steps.py", "    if workshop.is_sensitive:\n", "    if False:\n",
            "test_callers_of_a_sensitive_kind_all_hear_the_same",
        ),
    ):  # fmt: skip
        yield Guard(promise, file, words, instead, called + test)
    keyed = "tests/web/public/test_phone_codes.py::"
    for promise, file, words, instead, test in (
        (
            "S13", "outreach/domain/registrations/code_lookup.py",
            "Workshop.ends_at > now, Workshop.is_discreet.is_(False)", "Workshop.ends_at > now",
            f"{keyed}test_code_of_a_discreet_or_past_workshop_is_unknown",
        ),
        (
            "S29", f"{line}line_words.py", "    if registration.is_unconfirmed:\n", "    if False:\n",
            f"{keyed}test_code_says_not_yet_and_then_what_the_review_decided",
        ),
        (
            "S29", f"{line}line_words.py", "    if registration.is_released:\n", "    if False:\n",
            f"{keyed}test_code_says_not_yet_and_then_what_the_review_decided",
        ),
        (
            "S09", f"{line}line_steps.py", "or not is_within_tries:", "or False:",
            f"{keyed}test_code_is_tried_five_times_in_an_hour_whoever_calls",
        ),
        (
            "S09", f"{line}line_steps.py", "by=call.networks[0].name)", "by=keys)",
            f"{keyed}test_caller_tries_sixty_codes_in_an_hour",
        ),
        (
            "S29", "outreach/web/staff/call_centre/holding.py",
            "        code=spoken_code(CODE_LENGTH),", "        code=\"\",",
            "tests/web/staff/test_call_codes.py"
            "::test_code_of_a_call_is_keyed_in_at_the_phone_line",
        ),
        (
            "S29", "outreach/web/staff/call_centre/code_page.py",
            "_say_unconfirmed(party) if party.is_unconfirmed else statuses",
            "statuses", "tests/web/staff/test_call_codes.py"
            "::test_code_page_says_until_when_a_place_is_confirmed_and_what_became_of_it",
        ),
    ):  # fmt: skip
        yield Guard(promise, file, words, instead, test)
