"""Reports: counts of workshops, reports of months, their tables, and the text of the bulletin.

May import `domain`, `i18n` and below. Open `workshop_counts` first, then `count_columns` and
`month_report`.
"""
