"""Tests of outreach/domain/scheduling."""
