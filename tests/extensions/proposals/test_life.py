"""On, off, expired, on again, removed."""

from tests.extensions.conftest import Life
from tests.extensions.proposals.proposal_scene import ProposalScene


def test_life(scene: ProposalScene, life: Life) -> None:
    scene.propose()
    life.check("proposals")
