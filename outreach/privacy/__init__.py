"""Erasure, retention and reconciliation: forgetting people in full.

May import `domain`, `accounts` and below. Open `retention` first: the daily purge.
"""
