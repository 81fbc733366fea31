"""Password hashes: argon2id, at a cost of 30 ms on a small machine."""

from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

MIN_LENGTH: Final = 12

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# The hash of a random password that nobody knows, of the same cost. It is verified for an unknown
# address, so that the answer takes as long.
UNKNOWN_ACCOUNT_HASH: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1"
    "$fpCjJa9qckukGopG952G3Q$DYQ3RfMBKbZaFyT0SoCj/hX4ZfUuTnOiSoRCuhJKVhQ"
)


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def verify(password: str, stored: str | None) -> bool:
    """Whether the password has this hash. Takes as long without one (`stored` is None)."""
    try:
        _hasher.verify(stored or UNKNOWN_ACCOUNT_HASH, password)
    except (Argon2Error, InvalidHashError):
        return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    return _hasher.check_needs_rehash(stored)
