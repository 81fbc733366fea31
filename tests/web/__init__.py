"""Tests of outreach/web."""
