"""Helpers of the tests: clients, builders, servers, readers."""
