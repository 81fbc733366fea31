"""Speeds, as ratios to a bare Flask view on the same server: `python -m tests.benchmarks`."""
