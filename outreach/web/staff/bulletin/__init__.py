"""The editor of the monthly bulletin."""
