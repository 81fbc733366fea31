"""Tests of outreach/answers."""
