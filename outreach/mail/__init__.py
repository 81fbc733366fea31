"""Turns notices into letters and sends them."""
