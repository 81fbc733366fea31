"""Tests of outreach/domain/search."""
