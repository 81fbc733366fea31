"""The addresses of the extension, for tests of all pages."""

from outreach import clock
from outreach.extensions.proposals import proposals
from outreach.extensions.proposals.proposals import PartOfDay, ProposalDetails, ProposedDay
from outreach.keystore import KeyStore
from tests.extensions.proposals.proposal_scene import DAY
from tests.support.extension_scenes import ExtensionScene


def make_token(key_store: KeyStore) -> str:
    """The token of somebody who proposed a workshop."""
    day = clock.network_day(clock.now()) + 14 * DAY
    details = ProposalDetails(
        lang="es", kind="derechos", organization="Parroquia", place="Salón", city="Chicago",
        address="1 Ejemplo St.", region="IL", people=40, name="Luz", phone="+13125550142",
        days=(ProposedDay(day, PartOfDay.EVENING),),
    )  # fmt: skip
    return proposals.make(key_store, "chicago", details)


def make_staff_parts(key_store: KeyStore) -> dict[str, str]:
    token = make_token(key_store)
    return {"proposal_id": proposals.find(key_store, token).id.hex()}


SCENE = ExtensionScene(
    queries={"proposals.form": ("", "?oficina=chicago", "?oficina=nada")},
    pages={
        "proposal": lambda world: "/es/proponer?oficina=chicago",
        "proposal erased": lambda world: "/es/proponer/borrada",
    },
    make_token=make_token,
    token_path="/proponer/",
    html_endpoints=("proposals",),
    paths=("/proponer",),
    staff_parts=make_staff_parts,
    staff_posts=frozenset(f"proposals.{name}" for name in ("make_draft", "decline", "erase")),
    policy="""
proposals.list_proposals        GET   chosen-office   contacts
proposals.make_draft            POST  chosen-office   contacts
proposals.decline               POST  chosen-office   contacts
proposals.erase                 POST  chosen-office   contacts
""",
    promises={
        "S47": (
            "extensions/proposals/test_proposals.py"
            "::test_no_kind_that_is_discreet_or_of_high_sensitivity_can_be_proposed",
            "extensions/proposals/test_proposals.py::test_nothing_of_it_is_readable_in_any_file",
            "extensions/proposals/test_proposals.py"
            "::test_proposal_is_received_and_its_page_says_no_more",
            "extensions/proposals/test_proposals.py"
            "::test_an_office_has_twenty_open_proposals_at_most",
            "extensions/proposals/test_proposals.py::test_it_is_gone_after_thirty_days",
            "extensions/proposals/test_proposals.py::test_author_erases_it",
            "extensions/proposals/test_staff_answers.py"
            "::test_draft_is_made_at_a_venue_that_is_unverified",
            "extensions/proposals/test_staff_answers.py::test_only_the_staff_of_its_office_answer",
        ),
    },
)
