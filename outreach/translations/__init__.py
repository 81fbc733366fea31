"""Message catalogues of the site's languages, and how they are extracted and compiled.

Imports nothing of `outreach`. Open `build` first.
"""
