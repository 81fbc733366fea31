"""On, off, on again, removed."""

from tests.extensions.conftest import Life


def test_life(life: Life) -> None:
    life.check("embed")
