"""The guards of what partner networks may show, and of what they have us show."""

from collections.abc import Iterator

from tests.faults.guard import Guard


def list_guards() -> Iterator[Guard]:
    document, networks = (
        "tests/joint/test_host_document.py::",
        "tests/joint/test_two_networks.py::",
    )
    hostile = "tests/joint/test_hostile_partner.py::"
    package, domain = "outreach/joint", "outreach/domain/joint"
    for file, words, instead, test in (
        *(
            (
                f"{domain}/shared_workshops.py",
                words, "",
                f"{document}test_discreet_unlisted_and_unpublished_workshops_are_never_in_the_document",
            )
            for words in (
                "    Workshop.way != Way.UNLISTED,\n",
                "    Kind.sensitivity.not_in(HIGH_SENSITIVITIES),\n",
                "    Workshop.is_discreet.is_(False),\n    Workshop.is_synthetic.is_(False),\n"
                "    Kind.is_discreet.is_(False),\n",
            )
        ),
        (
            f"{package}/joint_writer.py",
            "None if workshop.has_secret_address else venue", "venue",
            f"{document}test_hidden_address_is_not_in_the_document",
        ),
        (
            f"{package}/signed_documents.py",
            "if pinned_key and public_key != pinned_key:", "if False:",
            f"{hostile}test_changed_key_is_refused_and_says_what_to_do",
        ),
        (
            f"{package}/joint_reader.py",
            "    if not_before is not None and document.generated_at < not_before:", "    if False:",
            f"{hostile}test_older_document_is_not_played_again",
        ),
        (
            f"{package}/joint_reader.py",
            "    if document.generated_at <= now - MAX_AGE:", "    if False:",
            f"{hostile}test_date_of_the_document_is_checked",
        ),
        (
            f"{package}/joint_reader.py",
            "    if not all(get_origin(each) == site for each in entry.url.values()):", "    if False:",
            f"{hostile}test_wrong_field_has_the_whole_document_refused",
        ),
        (
            f"{package}/joint_reader.py",
            "    if not is_line(text):", "    if False:",
            f"{hostile}test_wrong_field_has_the_whole_document_refused",
        ),
        (
            f"{package}/network_puller.py",
            "        if contains_name(document.network, own):", "        if False:",
            f"{hostile}test_name_of_this_network_is_refused",
        ),
        (
            f"{package}/network_puller.py",
            "may_lead_to=lambda each: joint_reader.get_origin(each) == site,",
            "may_lead_to=lambda _each: True,",
            f"{hostile}test_redirect_to_another_host_is_not_followed",
        ),
        (
            f"{domain}/joint_listing.py",
            "now - SHOWN_FOR", "now - 365 * SHOWN_FOR",
            f"{networks}test_workshops_are_hidden_after_a_day_without_a_good_answer",
        ),
        (
            f"{domain}/joint_listing.py",
            "        sa.or_(Kind.id.is_(None), Kind.is_discreet.is_(False)),\n", "",
            f"{networks}test_kind_that_is_discreet_here_is_not_shown",
        ),
        (
            "outreach/web/public/workshop_pages.py",
            "    if not any(kind.is_discreet for kind in chosen):\n        joint", "    if True:\n        joint",
            f"{networks}test_kind_that_is_discreet_here_is_not_shown",
        ),
    ):  # fmt: skip
        yield Guard("S44", file, words, instead, test)
