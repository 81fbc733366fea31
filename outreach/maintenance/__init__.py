"""Keeping an installation well: the worker's round, and what the doctor asks."""
