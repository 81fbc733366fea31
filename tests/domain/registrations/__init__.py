"""Tests of outreach/domain/registrations."""
