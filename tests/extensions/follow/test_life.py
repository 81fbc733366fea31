"""On, off, expired, on again, removed."""

from tests.extensions.conftest import Life
from tests.extensions.follow.follow_scene import FollowScene


def test_life(scene: FollowScene, life: Life) -> None:
    scene.follow()
    life.check("follow")
