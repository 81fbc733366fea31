"""Tests of outreach/reports."""
