"""Workshops of a network of consulates, from announcement to monthly count."""
