"""A year lived: one installation, 400 days, its staff and its people, through the pages."""
