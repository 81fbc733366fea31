"""The guards of proposals: what may be proposed, how many, and who answers."""

from typing import Final

from tests.faults.guard import Guard

# fmt: off
GUARDS: Final = (
    Guard(
        "S47", "outreach.extensions.proposals.form:may_be_proposed",
        "not kind.is_discreet and kind.sensitivity not in HIGH_SENSITIVITIES", "True",
        "tests/extensions/proposals/test_proposals.py::test_no_kind_that_is_discreet_or_of_high_sensitivity_can_be_proposed",
    ),
    Guard(
        "S47", "outreach.extensions.proposals.proposals:make",
        "(count or 0) >= MAX_OPEN", "False",
        "tests/extensions/proposals/test_proposals.py::test_an_office_has_twenty_open_proposals_at_most",
    ),
    Guard(
        "S47", "outreach.extensions.proposals.staff_pages:_find",
        "require_permission(each, found.office)", "pass",
        "tests/extensions/proposals/test_staff_answers.py::test_only_the_staff_of_its_office_answer",
    ),
    Guard(
        "S47", "outreach.extensions.proposals.staff_pages:_find_or_add_venue",
        "is_unverified=True", "is_unverified=False",
        "tests/extensions/proposals/test_staff_answers.py::test_draft_is_made_at_a_venue_that_is_unverified",
    ),
    Guard(
        "S47", "outreach.extensions.proposals.pages:propose",
        "rate_limits.count_request('proposals', MAX_ASKED)", "pass",
        "tests/extensions/proposals/test_proposals.py::test_a_script_is_stopped",
    ),
    Guard(
        "S47", "outreach.extensions.proposals.erasure:erase",
        "mail_folder.delete_expired(store, key_store, config.mail_folder)", "pass",
        "tests/extensions/proposals/test_staff_answers.py::test_erased_proposal_leaves_no_letter_in_the_mail_folder",
    ),
)
# fmt: on
