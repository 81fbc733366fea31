"""Making many workshops: duplicate, repeat, a month at once."""
