"""The settings that a command of an installation made for a test is started with."""

from outreach.config import Config


def where(config: Config) -> dict[str, str]:
    """Where the installation keeps what it has."""
    return {
        "OUTREACH_DATA": str(config.data),
        "OUTREACH_KEYS": str(config.keys),
        "OUTREACH_DATABASE_URL": config.database_url,
        "OUTREACH_KEYRING_URL": config.keyring_url,
    }
