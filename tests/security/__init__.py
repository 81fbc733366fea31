"""Attacks, abuse, discretion: what requirements.md promises."""
