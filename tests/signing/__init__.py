"""Tests of outreach/signing."""
