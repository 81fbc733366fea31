"""Several at once: processes, hosts, double posts."""
