"""The addresses of the extension, for tests of all pages."""

from tests.support.extension_scenes import ExtensionScene

SCENE = ExtensionScene(
    program_posts={"/hub": 400},
    # Answers with its own sentences only; what is pushed is checked in test_hub.py.
    without_data=frozenset({"websub.subscribe"}),
    promises={
        "S45": (
            "extensions/websub/test_hub.py::test_off_no_feed_names_a_hub",
            "extensions/websub/test_hub.py"
            "::test_topic_that_is_no_public_feed_is_refused_with_one_sentence",
            "extensions/websub/test_hub.py"
            "::test_callback_that_does_not_echo_the_challenge_gets_nothing",
            "extensions/websub/test_hub.py"
            "::test_pushed_feed_has_no_street_no_venue_and_no_free_text",
            "extensions/websub/test_hub.py::test_workshop_is_pushed_a_day_after_it_was_published",
        ),
    },
)
