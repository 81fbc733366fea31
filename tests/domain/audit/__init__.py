"""Tests of outreach/domain/audit."""
