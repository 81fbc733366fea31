"""Benchmarks: throughput as a ratio to a bare Flask view on the same server (`python -m
tests.benchmarks`)."""
