"""PDFs by typst: flyers, certificates, check-in sheets, the bulletin and the report of a month.

May import `reports`, `domain` and below. Open `typesetting` first.
"""
