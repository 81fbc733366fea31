"""Tests of outreach/privacy."""
