"""Tests of outreach/cli."""
