"""Forgetting people when their day has come, and leaving nothing half forgotten."""
