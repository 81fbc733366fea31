"""Attacks, abuse, discretion: what safety.md promises."""
