"""Takes any sheet of workshops: guesses its columns, reads values as people write them, loads.

Open `conversation` first: it calls the others in their order.

    message_rows, message_words         the lines and paragraphs of a messenger as a table
    source_table                        the heading row and the rows below it, with line numbers
    headings, columns                   which column is what, with examples
    dates, day_lists, hours, zones      cells to days and hours, with what is doubtful of them
    places, small_values                venues with their addresses; capacity, status and others
    kind_names                          a kind in somebody's own words
    parsed_rows                         the values of each row of a table
    calendar_rows, recurring_events     the events of an iCalendar file, with their dates
    venue_choice, proposals             what each row would do, and why not
    loading                             the good rows to the database, in bounded batches
    stored_source                       a source as JSON, without the columns that are not read
    mending                             a row with the values that somebody typed
    questions, shared_answers           what is asked, once however many rows it is about
    row_review                          the rows of a draft, with what staff answered about them

May import `feeds`, `domain` and below, and the modules of `imports` beside it.
"""
