"""On, off, expired, on again, removed."""

from outreach.domain.network.offices import Office
from tests.extensions.conftest import Life
from tests.extensions.websub.hub_scene import HubScene
from tests.support.fixed_clock import fixed_clock

pytestmark = fixed_clock


def test_life(scene: HubScene, chicago: Office, life: Life) -> None:
    scene.subscribe("http://localhost:8000/es/cal/chicago.atom")
    life.check("websub")
