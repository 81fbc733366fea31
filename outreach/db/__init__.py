"""Databases: engine and sessions, base class and column types, retry, locks.

May import the modules at the root of `outreach`. It knows no table of the domain. Open `store`
first.
"""
