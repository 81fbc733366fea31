"""Monthly reporting: months and their revisions, typed figures, workshops without a report.

Imports `workshops` and below. Open `months.py` first.
"""
