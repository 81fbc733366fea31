"""Tests of outreach/imports."""
