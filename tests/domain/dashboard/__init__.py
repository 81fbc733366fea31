"""Tests of outreach/domain/dashboard."""
