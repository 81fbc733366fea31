"""The guards of recordings and of the phone line."""

from typing import Final

from tests.faults.guard import Guard

# fmt: off
GUARDS: Final = (
    Guard(
        "S13", "outreach.domain.recordings.voice_notes:VoiceNote.is_playable",
        "self.kind is None or not self.kind.is_discreet", "True",
        "tests/web/public/test_listening.py::test_nothing_discreet_or_hidden_is_heard",
    ),
    Guard(
        "S02", "outreach.web.middleware.response_headers:_security_headers",
        "g.get('page_policy', PagePolicy.USUAL)", "PagePolicy.AUDIO",
        "tests/web/public/test_listening.py::test_only_pages_with_a_player_may_load_audio",
    ),
    Guard(
        "S13", "outreach.domain.recordings.voice_notes:VoiceNote.is_outdated",
        "self.facts != facts.compute_facts(self.workshop)", "False",
        "tests/web/public/test_listening.py::test_recording_of_before_a_move_is_not_played",
    ),
    Guard(
        "S29", "outreach.web.public.phone_line.line_views:_read_call",
        "is_ours", "",
        "tests/web/public/test_phone_line.py::test_only_the_gateway_is_answered",
    ),
    Guard(
        "S29", "outreach.web.middleware.rate_limits:count_once",
        "not limiter.hit(RateLimitItemPerDay(1), 'once', who)", "False",
        "tests/web/public/test_phone_line.py::test_replays_are_dropped",
    ),
    Guard(
        "S29", "outreach.web.public.phone_line.line_steps:_save",
        "call.networks", "()",
        "tests/web/public/test_phone_line.py::test_one_phone_takes_no_more_than_its_share_and_leaves_others_theirs",
    ),
    Guard(
        "S29", "outreach.web.public.phone_line.line_steps:_choose_people",
        "_digest(offer) != state.heard", "False",
        "tests/web/public/test_phone_line.py::test_workshop_that_moves_during_a_call_is_said_anew_and_not_saved",
    ),
    Guard(
        "S13", "outreach.web.public.phone_line.line_offers:find_offer",
        "not (workshop.is_discreet or workshop.kind.is_discreet)", "",
        "tests/web/public/test_phone_line.py::test_workshop_that_becomes_discreet_is_not_saved_by_phone",
    ),
    Guard(
        "S29", "outreach.web.public.phone_line.line_steps:_save",
        "workshop.is_sensitive", "False",
        "tests/web/public/test_phone_line.py::test_callers_of_a_sensitive_kind_all_hear_the_same",
    ),
    Guard(
        "S13", "outreach.domain.registrations.code_lookup:list_by_keys",
        "Workshop.is_discreet.is_(False)", "",
        "tests/web/public/test_phone_codes.py::test_code_of_a_discreet_or_past_workshop_is_unknown",
    ),
    Guard(
        "S29", "outreach.web.public.phone_line.line_words:status",
        "registration.is_unconfirmed", "False",
        "tests/web/public/test_phone_codes.py::test_code_says_not_yet_and_then_what_the_review_decided",
    ),
    Guard(
        "S29", "outreach.web.public.phone_line.line_words:_unconfirmed",
        "registration.is_released", "False",
        "tests/web/public/test_phone_codes.py::test_code_says_not_yet_and_then_what_the_review_decided",
    ),
    Guard(
        "S09", "outreach.web.public.phone_line.line_steps:_choose_code",
        "not is_within_tries", "False",
        "tests/web/public/test_phone_codes.py::test_code_is_tried_five_times_in_an_hour_whoever_calls",
    ),
    Guard(
        "S09", "outreach.web.public.phone_line.line_steps:_choose_code",
        "call.networks[0].name", "keys",
        "tests/web/public/test_phone_codes.py::test_caller_tries_sixty_codes_in_an_hour",
    ),
    Guard(
        "S29", "outreach.web.staff.call_centre.holding:hold",
        "spoken_code(CODE_LENGTH)", "''",
        "tests/web/staff/test_call_codes.py::test_code_of_a_call_is_keyed_in_at_the_phone_line",
    ),
    Guard(
        "S29", "outreach.web.staff.call_centre.code_page:_describe",
        "_say_unconfirmed(party) if party.is_unconfirmed else statuses[party.apparent_status]",
        "statuses[party.apparent_status]",
        "tests/web/staff/test_call_codes.py::test_code_page_says_until_when_a_place_is_confirmed_and_what_became_of_it",
    ),
)
# fmt: on
