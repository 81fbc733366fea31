"""Searching and listing public workshops. Imports workshops."""
