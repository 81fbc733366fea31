"""Tests of the project itself: layout, package, locks, guide."""
