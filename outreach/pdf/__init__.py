"""Documents on paper: flyers, certificates, check-in sheets, the bulletin and the month, by typst.

May import `reports`, `domain` and below. Open `typesetting` first.
"""
