"""Tests of outreach/keystore."""
