"""Tours of the mobile consulate and their stops."""
