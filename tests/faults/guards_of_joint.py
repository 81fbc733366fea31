"""The guards of what partner networks may show, and of what they have us show."""

from typing import Final

from tests.faults.guard import Guard

# fmt: off
GUARDS: Final = (
    Guard(
        "S44", "outreach.domain.joint.shared_workshops:_MAY_BE_SHOWN",
        "Workshop.way != Way.UNLISTED", "",
        "tests/joint/test_host_document.py::test_discreet_unlisted_and_unpublished_workshops_are_never_in_the_document",
    ),
    Guard(
        "S44", "outreach.domain.joint.shared_workshops:_MAY_BE_SHOWN",
        "Kind.sensitivity.not_in(HIGH_SENSITIVITIES)", "",
        "tests/joint/test_host_document.py::test_discreet_unlisted_and_unpublished_workshops_are_never_in_the_document",
    ),
    Guard(
        "S44", "outreach.domain.joint.shared_workshops:_MAY_BE_SHOWN",
        "(Workshop.is_shared.is_(True), Workshop.status.in_((WorkshopStatus.PUBLISHED, WorkshopStatus.CANCELLED)), Workshop.published_at.is_not(None), Workshop.way != Way.UNLISTED, Workshop.is_discreet.is_(False), Workshop.is_synthetic.is_(False), Kind.is_discreet.is_(False), Kind.sensitivity.not_in(HIGH_SENSITIVITIES))",
        "(Workshop.is_shared.is_(True), Workshop.status.in_((WorkshopStatus.PUBLISHED, WorkshopStatus.CANCELLED)), Workshop.published_at.is_not(None), Workshop.way != Way.UNLISTED, Kind.sensitivity.not_in(HIGH_SENSITIVITIES))",
        "tests/joint/test_host_document.py::test_discreet_unlisted_and_unpublished_workshops_are_never_in_the_document",
    ),
    Guard(
        "S44", "outreach.joint.joint_writer:_write_entry",
        "None if workshop.has_secret_address else venue", "venue",
        "tests/joint/test_host_document.py::test_hidden_address_is_not_in_the_document",
    ),
    Guard(
        "S44", "outreach.joint.signed_documents:verify",
        "pinned_key and public_key != pinned_key", "False",
        "tests/joint/test_hostile_partner.py::test_changed_key_is_refused_and_says_what_to_do",
    ),
    Guard(
        "S44", "outreach.joint.joint_reader:read",
        "not_before is not None and document.generated_at < not_before", "False",
        "tests/joint/test_hostile_partner.py::test_older_document_is_not_played_again",
    ),
    Guard(
        "S44", "outreach.joint.joint_reader:read",
        "document.generated_at <= now - MAX_AGE", "False",
        "tests/joint/test_hostile_partner.py::test_date_of_the_document_is_checked",
    ),
    Guard(
        "S44", "outreach.joint.joint_reader:_find_fault",
        "not all((get_origin(each) == site for each in entry.url.values()))", "False",
        "tests/joint/test_hostile_partner.py::test_wrong_field_has_the_whole_document_refused",
    ),
    Guard(
        "S44", "outreach.joint.joint_reader:_check_text",
        "not is_line(text)", "False",
        "tests/joint/test_hostile_partner.py::test_wrong_field_has_the_whole_document_refused",
    ),
    Guard(
        "S44", "outreach.joint.network_puller:_read",
        "contains_name(document.network, own)", "False",
        "tests/joint/test_hostile_partner.py::test_name_of_this_network_is_refused",
    ),
    Guard(
        "S44", "outreach.joint.network_puller:fetch",
        "lambda each: joint_reader.get_origin(each) == site", "lambda _each: True",
        "tests/joint/test_hostile_partner.py::test_redirect_to_another_host_is_not_followed",
    ),
    Guard(
        "S44", "outreach.domain.joint.joint_listing:_read",
        "SHOWN_FOR", "365 * SHOWN_FOR",
        "tests/joint/test_two_networks.py::test_workshops_are_hidden_after_a_day_without_a_good_answer",
    ),
    Guard(
        "S44", "outreach.domain.joint.joint_listing:_SHOWN",
        "sa.or_(Kind.id.is_(None), Kind.is_discreet.is_(False))", "",
        "tests/joint/test_two_networks.py::test_kind_that_is_discreet_here_is_not_shown",
    ),
    Guard(
        "S44", "outreach.web.public.workshop_pages:_search_around",
        "not any((kind.is_discreet for kind in chosen))", "True",
        "tests/joint/test_two_networks.py::test_kind_that_is_discreet_here_is_not_shown",
    ),
)
# fmt: on
