"""Tests of outreach/accounts and of signing in."""
