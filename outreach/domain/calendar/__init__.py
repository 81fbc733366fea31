"""Calendar feeds: what may be asked, and what is cached. Imports search."""
