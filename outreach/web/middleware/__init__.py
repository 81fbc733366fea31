"""Around every request: retry, headers, limits, errors, caches, metrics, health."""
