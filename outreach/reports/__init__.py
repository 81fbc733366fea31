"""Reports: counts of workshops, reports of months, their tables, and the text of the bulletin.

May import `domain`, `i18n` and below. Open `workshop_counts` first, then `count_columns` and
`month_report`.

For statisticians (COUNT12 to COUNT14, COUNT16): `data_tables.py` describes the tables of a revision
for programs, and `csv_on_the_web.py`, `data_package.py`, `sdmx.py` and `data_catalogue.py` write
them (decision 0057). `quality.py` says how complete a revision is.
`outreach/domain/reporting/releases.py` says what the public may see yet; reports hide the rest
unless `is_before_release` is given (decision 0058). `quarter_people.py` draws the people of a
quarter by office when its last month is closed, with `people_ranges.py`, which finds what a reader
could compute from it (decision 0060).
"""
