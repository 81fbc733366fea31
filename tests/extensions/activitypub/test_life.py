"""On, off, expired, on again, removed."""

from tests.extensions.activitypub.fediverse_server import FediverseScene
from tests.extensions.activitypub.test_inbox import follow
from tests.extensions.conftest import Life
from tests.support.fixed_clock import fixed_clock

pytestmark = fixed_clock


def test_life(scene: FediverseScene, life: Life) -> None:
    follow(scene)
    scene.run()
    life.check("activitypub")
