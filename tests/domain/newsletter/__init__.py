"""Tests of outreach/domain/newsletter."""
