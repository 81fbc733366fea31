"""Tests of outreach/domain/reporting."""
