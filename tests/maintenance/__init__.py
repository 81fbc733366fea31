"""Tests of outreach/maintenance."""
