"""Tests across packages of simultaneous requests: processes, hosts, double posts, shutdown."""
