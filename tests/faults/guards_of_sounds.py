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
            "S29", f"{line}line_steps.py", "networks=call.networks,", "networks=(),",
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
    ):  # fmt: skip
        yield Guard(promise, file, words, instead, called + test)
