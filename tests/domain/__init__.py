"""Tests of outreach/domain."""
