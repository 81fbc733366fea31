"""Tests of outreach/feeds."""
