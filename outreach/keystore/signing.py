"""What signs forms and seals second factors: the same on every host of an installation."""

from outreach.config import Config
from outreach.keystore.keystore import KeyStore


def secret(config: Config, key_store: KeyStore) -> str:
    """OUTREACH_SECRET_KEY; without it the one in the folder of keys or, where the ring is on a
    server that several hosts may share, the one in the ring. The first host puts its own there:
    what it signed and sealed before stays good."""
    if config.secret_key or key_store.store.is_sqlite:
        return config.secret()
    return key_store.secret(lambda: config.secret().encode()).decode()
