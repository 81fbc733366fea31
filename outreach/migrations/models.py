"""The models that each database's schema is compared with."""

import sqlalchemy as sa

from outreach import accounts
from outreach.domain import tables
from outreach.keystore import KeyStoreBase

MAIN: sa.MetaData = tables.metadata
KEY_STORE: sa.MetaData = KeyStoreBase.metadata

_ = accounts  # its tables are on the same metadata once it is imported
