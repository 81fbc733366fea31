"""Tests of outreach/domain/outbox."""
