"""Workshops: list, detail, edit, publish, cancel. Imports workshop_form, scheduling."""
