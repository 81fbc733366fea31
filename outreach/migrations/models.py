"""The metadata of each database."""

import sqlalchemy as sa

from outreach import accounts
from outreach.domain import tables
from outreach.keystore import KeyStoreBase

MAIN: sa.MetaData = tables.metadata
KEY_STORE: sa.MetaData = KeyStoreBase.metadata

_ = accounts  # importing it adds its tables to the metadata
