"""Signing in, second factors and one's own account. May import every other room."""
