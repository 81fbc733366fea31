"""What the staff's first page shows: the agenda, and alerts that want action.

Imports `reporting`, `outbox`, `roster` and below. Open `agenda.py` first.
"""
