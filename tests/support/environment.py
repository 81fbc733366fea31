"""Environment variables for commands that a test runs on its installation."""

from outreach.config import Config


def where(config: Config) -> dict[str, str]:
    """The settings that name the databases and folders of `config`."""
    return {
        "OUTREACH_DATA": str(config.data),
        "OUTREACH_KEYS": str(config.keys),
        "OUTREACH_DATABASE_URL": config.database_url,
        "OUTREACH_KEYRING_URL": config.keyring_url,
    }
