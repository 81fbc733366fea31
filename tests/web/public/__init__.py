"""Tests of outreach/web/public."""
