"""Tests of outreach/domain/checkin."""
