"""Tests of outreach/web/middleware."""
