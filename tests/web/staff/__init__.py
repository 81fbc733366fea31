"""Tests of outreach/web/staff."""
