"""Recorded speech: what staff say of a kind or a workshop, and the prompts of the phone line.

Imports `workshops` and below. `voice_notes.py` is the table, its rules and its queries.
"""
