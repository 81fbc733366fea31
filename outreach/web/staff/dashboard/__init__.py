"""The staff's first page, the menu, one's own calendar."""
