"""The network itself: offices, kinds of workshop, staff members with their roles, settings.

Everything else in the domain refers to these. Imports `domain.text` and `domain.fields` only. Open
`offices.py` first; `staff.py` has the roles and role assignments, `kinds.py` the types of workshop,
`office_fields.py` and `kind_fields.py` what is said of each.
"""
