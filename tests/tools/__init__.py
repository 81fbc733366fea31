"""Programs for those who change the product: measures, comparisons of two checkouts, recipes.

Each is run as `python -m tests.tools.<name>` in a checkout; none of them is a test.
"""
