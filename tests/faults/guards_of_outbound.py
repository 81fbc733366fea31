"""The guards towards others: which addresses are fetched, what is pushed, which venues are known."""

from typing import Final

from tests.faults.guard import Guard

# fmt: off
GUARDS: Final = (
    Guard(
        "S39", "outreach.outbound.guarded_client:resolve",
        "not all((rule.permits(ip_address(each)) for each in addresses))", "False",
        "tests/outbound/test_public_addresses.py::test_other_spelling_of_this_machine_is_refused_before_anything_is_sent",
    ),
    Guard(
        "S39", "outreach.outbound.guarded_client:FetchRule.allows",
        "literal is None or self.permits(literal)", "True",
        "tests/outbound/test_public_addresses.py::test_address_that_cannot_be_a_callback",
    ),
    Guard(
        "S39", "outreach.outbound.guarded_client:fetch",
        "answer.read(max_bytes)", "answer.read()",
        "tests/outbound/test_public_addresses.py::test_only_the_beginning_of_an_answer_is_read",
    ),
    Guard(
        "S39", "outreach.outbound.public_addresses:is_public",
        "is_public(embedded)", "True",
        "tests/outbound/test_public_addresses.py::test_address_that_only_this_server_can_reach_is_refused",
    ),
    Guard(
        "S39", "outreach.outbound.public_addresses:is_public",
        "address not in _UNICAST_V6", "",
        "tests/outbound/test_public_addresses.py::test_address_that_only_this_server_can_reach_is_refused",
    ),
    Guard(
        "S39", "outreach.domain.scheduling.workshop_service:_require_changeable",
        "pushed.require_not_pushed(session, workshop)", "pass",
        "tests/domain/scheduling/test_pushed_workshops.py::test_pushed_workshop_cannot_become_discreet",
    ),
    Guard(
        "S39", "outreach.domain.scheduling.network_changes:change_kind",
        "pushed.require_kind_not_pushed(session, kind)", "pass",
        "tests/domain/scheduling/test_pushed_workshops.py::test_kind_of_a_pushed_workshop_cannot_become_discreet",
    ),
    Guard(
        "S46", "outreach.domain.scheduling.workshop_data:_check_venue",
        "data.venue is not None and data.venue.is_unverified", "False",
        "tests/web/staff/test_unverified_venues.py::test_nothing_is_published_there_by_any_way",
    ),
    Guard(
        "S46", "outreach.web.staff.network.venue_pages:_verify",
        "request.form.get('called') != 'yes'", "False",
        "tests/web/staff/test_unverified_venues.py::test_staff_verify_it_by_a_call",
    ),
)
# fmt: on
