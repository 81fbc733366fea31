"""The message catalogues, and how they are made."""
