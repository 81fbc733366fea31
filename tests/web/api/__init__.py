"""Tests of outreach/web/api."""
