"""The extensions that come with the program, one package each.

The core imports none of them: `outreach/extension.py` finds them by their entry points, as it finds
those of other distributions. One that is taken away with its line in `pyproject.toml` is missed by
nothing else (decision 0078).
"""
