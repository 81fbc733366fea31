"""Tests of outreach/domain/roster."""
