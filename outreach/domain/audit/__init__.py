"""The audit log: who of the staff did what, in a chain of hashes.

Imports `workshops` and `network`. Open `audit_log.py` first, which writes and lists entries;
`hash_chain.py` makes and verifies the chain.
"""
