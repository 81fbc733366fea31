"""Tests of the project itself: layout, names, citations, package, lock file, guide."""
