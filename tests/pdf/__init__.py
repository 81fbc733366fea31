"""Tests of outreach/pdf."""
