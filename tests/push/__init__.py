"""Tests of outreach/push."""
