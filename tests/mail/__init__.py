"""Tests of outreach/mail."""
