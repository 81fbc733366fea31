"""The network itself: offices, kinds, staff and their roles, installation settings."""
