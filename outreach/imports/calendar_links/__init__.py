"""Calendars by address: fetched, shown, ticked, and compared with the workshops that came of them.

    addresses    what somebody typed to an address, and an address to the events of a calendar
    event_list   the events as staff tick them, and those that were ticked as a source of an import
    comparison   what a calendar says anew of the workshops that came of it
    updates      one reading with all that follows from it: of a button, and of the worker

Of a calendar nothing is stored but events that were ticked. May import `guess` and the modules of
`imports` beside it, `outbound`, `accounts` and below. Open `updates` first.

`outreach/domain/scheduling/calendar_links.py` has the table, with the sealed address;
`outreach/web/staff/imports/calendar_link_pages.py` is the page (SHEET02, decision 0074).
"""
