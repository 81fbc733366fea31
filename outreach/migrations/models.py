"""The models that each database's schema is compared with."""

import sqlalchemy as sa

from outreach import accounts, domain
from outreach.keystore import KeyStoreBase

MAIN: sa.MetaData = domain.metadata
KEY_STORE: sa.MetaData = KeyStoreBase.metadata

_ = accounts  # its tables are on the same metadata once it is imported
