"""Tests of outreach/db and of migrations."""
