"""The secret that signs form tokens and encrypts second factors: one for all hosts."""

from outreach.config import Config
from outreach.keystore.keystore import KeyStore


def secret(config: Config, key_store: KeyStore) -> str:
    """Returns OUTREACH_SECRET_KEY or, if it is not set, the secret in the file of the folder of
    keys.

    With a key store on PostgreSQL, which several hosts may share, it is stored there. The first
    host stores its own, so that what it signed before stays valid.
    """
    if config.secret_key or key_store.store.is_sqlite:
        return config.secret()
    return key_store.secret(lambda: config.secret().encode()).decode()
