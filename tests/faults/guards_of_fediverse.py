"""The guards of what is pushed to the fediverse, and of who may have us push."""

from collections.abc import Iterator

from tests.faults.guard import Guard


def list_guards() -> Iterator[Guard]:
    inbox, publisher = "tests/activitypub/test_inbox.py::", "tests/activitypub/test_publisher.py::"
    withdrawal, readers = (
        "tests/activitypub/test_withdrawal.py::",
        "tests/activitypub/test_readers.py::",
    )
    package, domain = "outreach/activitypub", "outreach/domain/activitypub"
    for file, words, instead, test in (
        (
            "outreach/web/public/fediverse_pages.py",
            "    if not settings.activitypub:\n        return\n", "",
            f"{readers}test_nothing_is_there_without_the_setting",
        ),
        (
            f"{package}/publisher.py",
            "published_until=now - PUSHED_AFTER", "published_until=now",
            f"{publisher}test_workshop_is_pushed_a_day_after_it_was_published",
        ),
        (
            f"{package}/event_objects.py",
            "is_coarse=True", "is_coarse=False",
            f"{readers}test_event_says_no_street_no_venue_and_no_free_text",
        ),
        (
            f"{package}/event_objects.py",
            "i18n.get_default_language(), get_coarse_texts(workshop))",
            "i18n.get_default_language())",
            f"{readers}test_picture_names_no_venue",
        ),
        (
            f"{domain}/pushed_events.py",
            "    Workshop.is_discreet.is_(False),\n    Kind.is_discreet.is_(False),\n", "",
            f"{publisher}test_kind_that_turned_discreet_is_neither_sent_nor_shown",
        ),
        (
            "outreach/domain/scheduling/workshop_service.py",
            "pushed_events.require_not_pushed(session, workshop)", "pass",
            f"{withdrawal}test_pushed_workshop_cannot_become_discreet",
        ),
        (
            "outreach/domain/scheduling/network_changes.py",
            "pushed_events.require_kind_not_pushed(session, kind)", "pass",
            f"{withdrawal}test_kind_of_a_pushed_workshop_cannot_become_discreet",
        ),
        (
            f"{package}/http_signatures.py",
            "    if abs(now - sent_at) > MAX_AGE:", "    if False:",
            f"{inbox}test_signature_older_than_an_hour_is_refused",
        ),
        (
            f"{package}/http_signatures.py",
            "    missing = REQUIRED - set(names)", "    missing = set[str]()",
            f"{inbox}test_signature_has_to_cover_target_host_date_and_digest",
        ),
        (
            f"{package}/http_signatures.py",
            '    if not hmac.compare_digest(headers.get("digest", "").encode(), digest(body).encode()):',
            "    if False:",
            f"{inbox}test_digest_that_does_not_fit_the_body_is_refused",
        ),
        (
            f"{package}/inbox.py",
            "        if not remote_actors.is_same_host(signature.key_id, activity.actor):", "        if False:",
            f"{inbox}test_actor_on_another_host_than_its_key_is_refused",
        ),
        (
            f"{package}/inbox.py",
            "        _check(request, signature, actor)\n        return actor", "        return actor",
            f"{inbox}test_follow_signed_with_another_key_is_refused",
        ),
        (
            f"{package}/inbox.py",
            "        if activity.type != _FOLLOW and not is_known:", "        if False:",
            f"{inbox}test_nothing_is_fetched_for_who_does_not_follow",
        ),
        (
            f"{package}/inbox.py",
            "        count(activity.actor)\n", "",
            f"{inbox}test_server_of_a_follower_is_asked_so_often_only",
        ),
        (
            f"{package}/remote_actors.py",
            "not self.is_valid(each) or not is_same_host(each, address)", "not self.is_valid(each)",
            f"{inbox}test_inbox_at_a_private_address_or_another_host_is_refused",
        ),
        (
            f"{domain}/followers.py",
            "of_host >= MAX_OF_HOST or ", "",
            f"{inbox}test_followers_of_one_host_are_bounded",
        ),
        (
            f"{domain}/followers.py",
            "inboxes >= MAX_INBOXES_OF_HOST or ", "",
            f"{inbox}test_followers_of_one_host_are_bounded",
        ),
    ):  # fmt: skip
        yield Guard("S42", file, words, instead, test)
