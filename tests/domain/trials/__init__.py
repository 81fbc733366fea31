"""Tests of outreach/domain/follows."""
