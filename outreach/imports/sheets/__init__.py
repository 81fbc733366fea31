"""Files of any format to the cells of their sheets, by one of two policies.

`sheet_policy` says what a file may have: `STRICT` for the template, `GUESS` for any sheet. Open
`sheet_reader` first: it chooses the reader of the format. Each format is checked before a library
opens it: sizes, the rectangle around all cells, macros, links and embedded files. May import the
modules of `imports` beside it, and `domain` and below.
"""
